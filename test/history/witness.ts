/**
 * Checker A: the committed log is the witness. It is replayed in a model, the clients' events are told in their order
 * beside it, and the simulator's checkers of C1 to C9 (and of S1, S2 and S4, as far as clients and the log show them)
 * judge: each answer must be what the model says at the answer's zxid. Linear in the length of both.
 *
 * It is fed in pieces: after a piece everything in it has been checked.
 */
import { ZXID_ZERO, isWrite } from '../../src/types/index.js';
import { LOG_START } from '../../src/zab/index.js';
import { Canon } from '../sim/canon.js';
import { Violation, type Checker, type CheckedWorld, type ServerView } from '../sim/checkers/checker.js';
import {
  ExactReads,
  ExactlyOnce,
  FreshAfterSync,
  LinearizableWrites,
  MonotonicSession,
  Multi,
  SequenceSuffixes,
  SessionFifo,
} from '../sim/checkers/client.js';
import { ExpiredOnce, NoOrphan, NoRevival } from '../sim/checkers/state.js';
import { WatchBeforeRead } from '../sim/checkers/watches.js';
import type { Electorate } from '../sim/electorate.js';
import { History, type Link, type Op } from '../sim/history.js';
import { Model } from '../sim/model.js';
import type { SimRecord } from '../sim/records.js';
import type { Event, Problem } from './history.js';
import { Problems } from './problems.js';
import { replyOf, requestOf, zxid } from './words.js';

const NO_ONE: Electorate = { version: 0n, weights: new Map(), observers: new Set(), groups: [] };

/** Who agreed does not matter here: the log is what a quorum has. */
const NOBODY: ServerView = {
  id: 0,
  incarnation: 0,
  stateDigest: 0n,
  configVersion: ZXID_ZERO,
  disk: {
    logStart: LOG_START,
    tail: LOG_START,
    epochs: { acceptedEpoch: 0, currentEpoch: 0 },
    suspect: false,
    at: () => undefined,
    volatileAt: () => undefined,
  },
};

export interface WitnessOptions {
  /** Events carry the zxid of their change; Apache's before 3.9 do not, and C4 cannot be told. @default true */
  readonly eventZxids?: boolean;
}

export class Witness {
  readonly model = new Model();
  readonly #canon = new Canon();
  readonly #history = new History();
  readonly #checkers: readonly Checker[];
  readonly #problems = new Problems();
  readonly #links = new Map<number, Link>();
  readonly #ops = new Map<number, Map<number, Op>>();
  /** The newest write of each connection. */
  readonly #lastWrites = new Map<number, Op>();
  #broken = false;

  constructor({ eventZxids = true }: WitnessOptions = {}) {
    const world: CheckedWorld = {
      canon: this.#canon,
      model: this.model,
      history: this.#history,
      servers: [],
      counterStart: 0,
      now: () => 0,
      governing: () => [],
      activeAt: () => NO_ONE,
      effective: () => [],
      destroyed: () => 0,
      peerOf: () => undefined,
      isWhole: () => true,
    };
    this.#checkers = [
      LinearizableWrites,
      MonotonicSession,
      FreshAfterSync,
      ...(eventZxids ? [WatchBeforeRead] : []),
      SequenceSuffixes,
      Multi,
      SessionFifo,
      ExactReads,
      ExactlyOnce,
      NoOrphan,
      ExpiredOnce,
      NoRevival,
    ].map((Each) => new Each(world));
  }

  /** Records replayed so far. */
  get records(): number {
    return this.#canon.length;
  }

  get problems(): readonly Problem[] {
    return this.#problems.list;
  }

  /**
   * Judges a piece of the run.
   * @param log what was committed since the last piece, all of it
   * @param events what clients saw since then
   */
  feed(log: readonly SimRecord[], events: readonly Event[]): void {
    this.#register(events);
    let next = 0;
    const upTo = (shown: bigint): void => {
      for (let record = log[next]; record !== undefined && record.zxid <= shown; record = log[++next])
        this.#agree(record);
    };
    for (const event of events) {
      if (event.kind === 'answer') upTo(event.answer.zxid);
      if (event.kind === 'watch') upTo(event.zxid);
      this.#event(event);
    }
    for (let record = log[next]; record !== undefined; record = log[++next]) this.#agree(record);
  }

  /** Records of writes are met before their answers, so whose they are must be known from the beginning. */
  #register(events: readonly Event[]): void {
    let returned = this.#history.returnedZxid;
    for (const event of events) {
      switch (event.kind) {
        case 'connect': {
          const { link: id, client, server, session, lastZxidSeen } = event;
          this.#links.set(id, { id, client, server, session, lastZxidSeen, left: false, superseded: false });
          this.#ops.set(id, new Map());
          break;
        }
        case 'connected': {
          const link = this.#links.get(event.link);
          if (link !== undefined && event.timeoutMs > 0) link.session = event.session;
          break;
        }
        case 'call': {
          const link = this.#links.get(event.link);
          if (link === undefined) break;
          const request = requestOf(event.call);
          const write = isWrite(request);
          const op: Op = {
            link,
            xid: event.xid,
            request,
            invokedAt: event.at,
            floor: returned,
            superseded: false,
            previousWrite: write ? this.#lastWrites.get(event.link) : undefined,
            answered: false,
          };
          if (write) {
            this.#lastWrites.set(event.link, op);
            this.#history.add(op);
          }
          this.#ops.get(event.link)?.set(event.xid, op);
          break;
        }
        case 'answer': {
          const op = this.#ops.get(event.link)?.get(event.xid);
          if (op === undefined || !isWrite(op.request)) break;
          if (event.answer.zxid > returned) returned = event.answer.zxid;
          break;
        }
        case 'watch':
        case 'disconnect':
          break;
      }
    }
    this.#history.returnedZxid = returned;
  }

  #agree(record: SimRecord): void {
    const entry = this.#canon.append(record);
    try {
      this.model.apply(entry);
    } catch (error) {
      // From here on the model stands for nothing, and neither would anything said with it.
      if (!this.#broken) this.#problems.add('log', `record ${entry.index}: ${String(error)}`);
      this.#broken = true;
    }
    this.#tell((checker) => checker.agreed(entry, NOBODY));
  }

  #event(event: Event): void {
    const link = this.#links.get(event.link);
    if (link === undefined) return;
    switch (event.kind) {
      case 'connect':
        return;
      case 'connected': {
        const { session, timeoutMs: timeOut } = event;
        const effect = { kind: 'connected', connection: link.id, timeOut, readOnly: false } as const;
        // What the server had seen then it does not say; its first answer will.
        const told = { ...effect, sessionId: session as never, zxid: zxid(link.lastZxidSeen) };
        return this.#tell((checker) => checker.connected(link, told));
      }
      case 'call': {
        const op = this.#ops.get(event.link)?.get(event.xid);
        if (op !== undefined) this.#tell((checker) => checker.invoked(op));
        return;
      }
      case 'answer': {
        const op = this.#ops.get(event.link)?.get(event.xid);
        if (op === undefined) return;
        op.answered = true;
        this.#ops.get(event.link)?.delete(event.xid);
        const reply = replyOf(link.id, event.xid, op.request, event.answer);
        return this.#tell((checker) => checker.replied(op, reply));
      }
      case 'watch': {
        const { type, path } = event;
        const told = { kind: 'event', connection: link.id, type: type as 1, path, zxid: event.zxid } as const;
        return this.#tell((checker) => checker.watchEvent(link, told));
      }
      case 'disconnect':
        return this.#tell((checker) => checker.disconnected(link));
    }
  }

  #tell(act: (checker: Checker) => void): void {
    if (this.#broken) return;
    for (const checker of this.#checkers) {
      try {
        act(checker);
      } catch (error) {
        if (!(error instanceof Violation)) throw error;
        this.#problems.add(error.property, error.message.slice(error.property.length + 2));
      }
    }
  }
}
