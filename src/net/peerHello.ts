/** Who may have a link with this server: what both sides hold a Hello against before anything else is said. */
import type { ServerId } from '../zab/index.js';
import type { Hello, PeerChannel } from './electionCodec.js';

/** What this server knows when a Hello comes in. */
export interface HelloContext {
  readonly self: ServerId;
  /** The port it came to, or was sent to. */
  readonly channel: PeerChannel;
  /** Whom this server dialled; undefined if it was called. */
  readonly dialled: ServerId | undefined;
  readonly isMember: (id: ServerId) => boolean;
  /** Undefined until this server has joined an ensemble. */
  readonly ensembleId: string | undefined;
}

/** Why a Hello is refused. */
export interface HelloRefusal {
  /** A clause for the log. */
  readonly why: string;
  /** The operator has to do something: two servers have the same `myid`. */
  readonly alarm: boolean;
}

/** @returns undefined if there is nothing against it */
export function judgeHello(hello: Hello, context: HelloContext): HelloRefusal | undefined {
  const { from, to, channel, ensembleId } = hello;
  const { self, dialled } = context;
  if (from === self) {
    return {
      why: `it says to be server ${self}, as this one is: two servers have the same myid`,
      alarm: true,
    };
  }
  if (dialled !== undefined && from !== dialled) {
    return refusal(`it is server ${from} and not server ${dialled}: the server lines are mixed up`);
  }
  if (!context.isMember(from)) return refusal(`there is no server.${from} line for it`);
  if (to !== self) return refusal(`it means to reach server ${to}, but this is server ${self}`);
  if (channel !== context.channel) {
    return refusal(`it means the ${channel} port, but this is the ${context.channel} port`);
  }
  if (ensembleId !== undefined && context.ensembleId !== undefined && ensembleId !== context.ensembleId) {
    return refusal(`it belongs to another ensemble, ${ensembleId}, and not to ${context.ensembleId}`);
  }
  return undefined;
}

function refusal(why: string): HelloRefusal {
  return { why, alarm: false };
}
