/** What the log makes of it: tree and sessions as of the last applied record. The same on every server. */
import type { TxnHeader } from '../codec/index.js';
import { Sessions } from '../session/index.js';
import { CONFIG, Tree, applyTxn, type Change, type OpResult } from '../tree/index.js';
import { OpCode, ZXID_ZERO, makeZxid, sessionIdOf, zxidOf, type Txn, type Zxid } from '../types/index.js';
import { assert } from '../util/index.js';
import { DigestLog } from './digestLog.js';
import { LOG_START, type LogMark } from './ports.js';

export class State {
  readonly digests = new DigestLog();
  readonly #tickMs: number;
  readonly #configText: Buffer | undefined;
  readonly #hashSeed: number;
  #tree: Tree;
  #sessions: Sessions;
  #applied: LogMark = LOG_START;
  #lastZxid: Zxid = LOG_START.zxid;

  /**
   * @param tickMs how coarse session expiry is
   * @param configText what /zookeeper/config holds until a reconfig
   * @param hashSeed see `Tree`
   */
  constructor(tickMs: number, configText?: string, hashSeed = 0) {
    this.#tickMs = tickMs;
    this.#hashSeed = hashSeed;
    this.#configText = configText === undefined ? undefined : Buffer.from(configText);
    this.#tree = this.#emptyTree();
    this.#sessions = new Sessions(tickMs);
  }

  /** Replaced as a whole when a snapshot comes in: do not keep it. */
  get tree(): Tree {
    return this.#tree;
  }

  /** As `tree`. Its deadlines count on the leader only. */
  get sessions(): Sessions {
    return this.#sessions;
  }

  /** Where the log stood after the last applied txn. */
  get applied(): LogMark {
    return this.#applied;
  }

  /** Zxid of the last applied txn; epoch and 0 before the first one of an epoch. */
  get lastZxid(): Zxid {
    return this.#lastZxid;
  }

  /** Forgets everything: rows come, then `restored`. */
  clear(): void {
    this.#tree = this.#emptyTree();
    this.#sessions = new Sessions(this.#tickMs);
    this.#applied = LOG_START;
  }

  /** All rows of a tree were put back: the log goes on behind `mark`. */
  restored(mark: LogMark): void {
    this.#tree.restored();
    // A configuration that came by a record stands above the one in the files.
    if (this.#configText !== undefined && this.#tree.get(CONFIG)?.mzxid === ZXID_ZERO)
      this.#tree.configure(this.#configText);
    this.#sessions.takeChanges();
    this.#applied = mark;
    this.#lastZxid = mark.zxid;
  }

  #emptyTree(): Tree {
    const tree = new Tree(this.#hashSeed);
    if (this.#configText !== undefined) tree.configure(this.#configText);
    return tree;
  }

  /** @param clock by which sessions expire */
  apply(
    mark: LogMark,
    header: TxnHeader,
    txn: Txn,
    clock: number,
    changes: Change[],
    results?: OpResult[],
  ): void {
    assert(mark.index === this.#applied.index + 1, `record ${mark.index} follows ${this.#applied.index}`);
    applyTxn(this.#tree, header, txn, changes, results);
    const session = sessionIdOf(header.clientId);
    if (txn.type === OpCode.createSession) this.#sessions.open(session, txn.record.timeOut, clock);
    else if (txn.type === OpCode.closeSession) this.#sessions.end(session);
    this.#applied = mark;
    this.#lastZxid = zxidOf(header.zxid);
    this.digests.note(mark.zxid, this.#tree);
  }

  /** An epoch was established: zxids begin there. */
  epochBegan(epoch: number): void {
    const start = makeZxid(epoch, 0);
    if (start > this.#lastZxid) this.#lastZxid = start;
  }
}
