/** Brings the state of stored data into memory: the rows of the tree, and the records of the log behind them. */
import { Reader, type LogRecord, type SessionRow } from '../codec/index.js';
import { State, type LogMark } from '../engine/index.js';
import { StorageError, describeMark, type StateRows, type StoredData } from '../storage/index.js';
import { CONFIG } from '../tree/index.js';
import { ZXID_ZERO, readTxn, sessionIdOf, type Zxid } from '../types/index.js';
import { hex } from '../util/index.js';
import { markOf } from '../zab/index.js';
import { PIECE_BYTES, type Progress } from './progress.js';

/** Expiry is no matter here. */
const TICK_MS = 1000;

/** A state and how it came about. */
export interface LoadedState {
  readonly state: State;
  /** Records of the log that were applied on the rows. */
  readonly records: number;
  /** When the last of them was made, ms since 1970; undefined without any. */
  readonly lastTime: bigint | undefined;
  /** Why the log could not be read to its end, in words. */
  readonly damage: string | undefined;
}

/** How to load. */
export interface LoadStateOptions {
  /** Records with greater zxids are left out. */
  readonly upTo?: Zxid | undefined;
  /** Go on with what is before a damage of the log. */
  readonly acceptDamage?: boolean;
  /** Another log, which goes on where the one of the data ends. */
  readonly more?: StoredData | undefined;
  readonly progress?: Progress | undefined;
}

/** @throws StorageError when the data are damaged, or do not reach to `upTo` */
export async function loadState(stored: StoredData, options: LoadStateOptions = {}): Promise<LoadedState> {
  const { upTo, progress } = options;
  const { facts } = stored;
  if (upTo !== undefined && upTo < facts.applied.zxid) {
    throw new StorageError(
      'config',
      `There is no way back to zxid ${hex(upTo)}: the state begins at ${describeMark(facts.applied)}. Take an earlier backup.`,
    );
  }
  const loading = new Loading(upTo);
  stored.readRows(
    {
      znodes: (bytes, count) => loading.state.tree.restoreRows(bytes, count),
      session: ({ sessionId, timeOut }) => loading.session(sessionId, timeOut),
    },
    (znodes) => progress?.('Reading znodes', znodes, facts.rows),
  );
  loading.state.restored(facts.applied);
  let damage: string | undefined;
  for (const source of options.more === undefined ? [stored] : [stored, options.more]) {
    if (loading.isFull) break;
    if (source !== stored) requireReach(source, loading.state.applied);
    const scan = await source.readLog(
      loading.last,
      (record) => loading.take(record),
      (index) => progress?.('Reading the log', index, source.facts.tail.index),
    );
    damage = scan.damage;
    if (damage !== undefined) break;
  }
  if (damage !== undefined && options.acceptDamage !== true && !loading.isFull) {
    throw new StorageError('corrupt', `${facts.logFile ?? 'The log'}: ${damage}.`);
  }
  const { state } = loading;
  if (upTo !== undefined && state.applied.zxid < upTo && !loading.isFull) {
    throw new StorageError(
      'config',
      `The log reaches to ${describeMark(state.applied)} only, not to zxid ${hex(upTo)}. Name a smaller zxid, or with --log a log that goes further.`,
    );
  }
  return { state, records: loading.records, lastTime: loading.lastTime, damage };
}

/**
 * Makes a state what a new ensemble begins with: who its members are is said by the zoo.cfg of each server, until the
 * first reconfig.
 */
export function forgetConfiguration({ tree }: State): void {
  tree.setData(CONFIG, Buffer.alloc(0), 0, ZXID_ZERO, 0n);
}

/** The rows of a state, for a new tree. */
export function rowsOf({ tree, sessions, applied }: State): StateRows {
  return {
    mark: applied,
    znodes: () => tree.rows(PIECE_BYTES),
    *sessions(): Generator<SessionRow> {
      for (const { id, timeoutMs } of sessions) yield { sessionId: id, timeOut: timeoutMs };
    },
  };
}

/** A log goes on behind another one only where it has the end of that one, too. */
function requireReach({ facts }: StoredData, from: LogMark): void {
  if (facts.logStart.index <= from.index && facts.tail.index >= from.index) return;
  throw new StorageError(
    'config',
    `${facts.logFile ?? 'The log'} does not go on where the backup ends, at ${describeMark(from)}: it begins after ${describeMark(facts.logStart)} and ends at ${describeMark(facts.tail)}.`,
  );
}

class Loading {
  readonly state = new State(TICK_MS);
  records = 0;
  lastTime: bigint | undefined;
  /** A record beyond the end that was asked for came. */
  isFull = false;
  readonly #upTo: Zxid | undefined;

  constructor(upTo: Zxid | undefined) {
    this.#upTo = upTo;
  }

  /** Where the log is read from. */
  get last(): LogMark {
    return this.state.applied;
  }

  session(id: bigint, timeOut: number): void {
    this.state.sessions.open(sessionIdOf(id), timeOut, 0);
  }

  take(record: LogRecord): void {
    const mark = markOf(record);
    if (this.isFull || (this.#upTo !== undefined && mark.zxid > this.#upTo)) {
      this.isFull = true;
      return;
    }
    const { header, txn } = readTxn(Reader.over(record.payload));
    this.state.apply(mark, header, txn, 0, []);
    this.records += 1;
    this.lastTime = header.time;
  }
}
