/**
 * Tells the operator of requests that took long, and where their time went: that is what one wants to know of a slow
 * service, and what its averages hide. At most one line a second, which says how many it stands for.
 */
import type { Logger } from 'pino';
import { OpCode, type SessionId } from '../types/index.js';
import { hex } from '../util/index.js';
import type { WriteTimes } from './writeStages.js';

/** A request at the moment of its reply; times in ms on the host's clock. */
export interface AnsweredRequest {
  readonly op: number;
  readonly session: SessionId;
  readonly address: string;
  readonly arrivedAt: number;
  readonly takenAt: number;
  readonly now: number;
  /** Its way through the log, for a write that is answered as soon as it is applied. */
  readonly write: WriteTimes | undefined;
  /** Its reply had to wait for the client to take earlier ones. */
  readonly waitedForClient: boolean;
}

/** Between two lines. */
const LINE_MS = 1000;

const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(OpCode).map(([name, op]) => [op, name]));

export class SlowRequests {
  /** Requests above the threshold. */
  count = 0;
  readonly #log: Logger;
  #toldAt = -Infinity;
  #untold = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  note(request: AnsweredRequest): void {
    this.count++;
    const { now } = request;
    if (now - this.#toldAt < LINE_MS) {
      this.#untold++;
      return;
    }
    this.#toldAt = now;
    const others = this.#untold;
    this.#untold = 0;
    const ms = Math.round((request.write?.appliedAt ?? now) - request.arrivedAt);
    const op = NAMES.get(request.op) ?? `op ${request.op}`;
    const parts = partsOf(request).filter(([, took]) => took >= 0.5);
    const fields = Object.fromEntries(parts.map(([name, took]) => [name, Math.round(took)]));
    const told = parts.map(([, took, text]) => `${Math.round(took)} ms ${text}`).join(', ');
    const more = others === 0 ? '' : ` So did ${others} more since the last such line.`;
    this.#log.warn(
      { op, ms, session: hex(request.session), address: request.address, others, ...fields },
      `A ${op} of session ${hex(request.session)} (${request.address}) took ${ms} ms: ${told}.${more}`,
    );
  }
}

type Part = readonly [name: string, ms: number, text: string];

/** Adjacent, from arrival to reply. */
function partsOf(request: AnsweredRequest): readonly Part[] {
  const { arrivedAt, takenAt, now, write, waitedForClient } = request;
  const queue: Part = ['queueMs', takenAt - arrivedAt, 'before it was taken up'];
  if (waitedForClient)
    return [queue, ['replyMs', now - takenAt, 'in progress and until its client took earlier replies']];
  if (write === undefined)
    return [queue, ['waitMs', now - takenAt, 'behind earlier requests of its connection, or for the leader']];
  return [
    queue,
    ['forwardMs', write.begunAt - takenAt, 'until its record came from the leader'],
    ['prepareMs', write.handedAt - write.begunAt, 'in preparation'],
    ['fsyncMs', write.durableAt - write.handedAt, 'until it was on this disk'],
    ['quorumMs', write.committedAt - write.durableAt, 'until it was on the disks of a quorum'],
    ['applyMs', write.appliedAt - write.committedAt, 'to apply it'],
  ];
}
