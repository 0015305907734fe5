/** What the tests of storage share: directories, records with a valid chain, a handler that can be waited for. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  Reader,
  readZnodeRow,
  writeLogRecord,
  writeTreeFlush,
  Writer,
  type LogRecord,
  type ZnodeRow,
} from '../../../src/codec/index.js';
import { LOG_START, type Epochs, type LogBatch, type LogMark } from '../../../src/engine/ports.js';
import {
  StorageError,
  type SnapshotPart,
  type Storage,
  type StorageHandler,
  type StorageOptions,
} from '../../../src/storage/index.js';
import { makeZxid } from '../../../src/types/index.js';
import { chainOf } from '../../../src/zab/chain.js';

/** A directory of its own, removed at the end of the scope. */
export class Directory implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'zabkeeper-'));

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Options for a server in one directory. */
export function optionsFor(directory: string, changes: Partial<StorageOptions> = {}): StorageOptions {
  return {
    dataDir: directory,
    dataLogDir: directory,
    serverId: 1,
    logRetentionRecords: 100_000,
    logRetentionBytes: 64 << 20,
    acceptDataLoss: false,
    autocreate: true,
    forceSync: true,
    ...changes,
  };
}

/** The payload that record `index` has in every test. */
export function payloadOf(index: number, bytes = 40): Buffer {
  const payload = Buffer.alloc(bytes, index & 0xff);
  payload.writeUInt32BE(index);
  return payload;
}

/** `count` records behind `previous`, as the engine would hand them over. */
export function batchAfter(previous: LogMark, count: number, payloadBytes = 40): LogBatch {
  const writer = new Writer(count * (payloadBytes + 32) || 1);
  let last = previous;
  for (let i = 0; i < count; i++) last = writeRecord(writer, last, payloadOf(last.index + 1, payloadBytes));
  return { bytes: writer.take(), count, last };
}

/** The mark that the log of every test has at `index`. */
export function markOfIndex(index: number, payloadBytes = 40): LogMark {
  return index === 0 ? LOG_START : batchAfter(LOG_START, index, payloadBytes).last;
}

/** Appends one record to `writer`. */
export function writeRecord(writer: Writer, previous: LogMark, payload: Buffer): LogMark {
  const index = previous.index + 1;
  const zxid = makeZxid(1, index);
  const start = writer.length;
  writeLogRecord(writer, { chain: 0n, index: BigInt(index), zxid, type: 5, payload });
  const record = writer.bytes().subarray(start);
  const chain = chainOf(previous.chain, record.subarray(8));
  record.writeBigInt64BE(chain);
  return { index, zxid, chain };
}

/** A znode whose data tell at which record it was written. */
export function znode(path: string, index: number, data: Buffer | null = payloadOf(index)): ZnodeRow {
  const zxid = makeZxid(1, index);
  return {
    path,
    data,
    acl: index % 3 === 0 ? '[{"perms":31}]' : null,
    stat: {
      czxid: zxid,
      mzxid: zxid,
      ctime: 1_700_000_000_000n,
      mtime: 1_700_000_000_000n + BigInt(index),
      version: index,
      cversion: 0,
      aversion: -1,
      ephemeralOwner: -(1n << 62n),
      pzxid: zxid,
    },
  };
}

/** A jute TreeFlush as of `mark`. */
export function flushAt(
  mark: LogMark,
  znodes: readonly ZnodeRow[],
  deletedPaths: readonly string[] = [],
  sessions: readonly { sessionId: bigint; timeOut: number }[] = [],
  endedSessions: readonly bigint[] = [],
): Buffer {
  const writer = new Writer();
  writeTreeFlush(writer, {
    ...mark,
    index: BigInt(mark.index),
    znodes,
    deletedPaths,
    sessions,
    endedSessions,
  });
  return writer.take();
}

/** Everything that a start gives to the host. */
export interface Restored {
  znodes: Map<string, ZnodeRow>;
  sessions: Map<bigint, number>;
  records: LogRecord[];
}

/** Puts rows that a storage gives to a sink into a map, by path. */
export function keepRows(into: Map<string, ZnodeRow>, bytes: Buffer, count: number): void {
  const reader = Reader.over(bytes);
  for (let i = 0; i < count; i++) {
    const row = readZnodeRow(reader);
    into.set(row.path, { ...row, data: row.data && Buffer.from(row.data) });
  }
  if (reader.remaining > 0) throw new Error('A chunk has more than its rows.');
}

/** Goes through the start of a server. */
export async function restore(storage: Storage): Promise<Restored> {
  const restored: Restored = { znodes: new Map(), sessions: new Map(), records: [] };
  await storage.loadTree({
    znodes: (bytes, count) => keepRows(restored.znodes, bytes, count),
    session: (row) => restored.sessions.set(row.sessionId, row.timeOut),
    reset: () => {
      restored.znodes.clear();
      restored.sessions.clear();
    },
  });
  await storage.replay((record) => {
    restored.records.push(record);
  });
  return restored;
}

/** A state machine for tests: what record `index` does to the tree depends on `index` alone. */
export class Model {
  index = 0;
  readonly znodes = new Map<string, ZnodeRow>();
  readonly sessions = new Map<bigint, number>();
  readonly #dataBytes: number;

  /** @param dataBytes of each znode, for a large tree */
  constructor(dataBytes = 40) {
    this.#dataBytes = dataBytes;
  }

  /** The state after so many records. */
  static at(index: number): Model {
    const model = new Model();
    while (model.index < index) model.apply();
    return model;
  }

  /** Applies the next record. */
  apply(): void {
    const index = ++this.index;
    this.#put(`/n${index % 23}`, index);
    if (index % 7 === 0) this.znodes.delete(`/n${(index * 3) % 23}`);
    if (index % 5 === 0) this.sessions.set(BigInt(index % 40), index);
    if (index % 11 === 0) this.sessions.delete(BigInt(index % 40));
  }

  /** Moves on to `mark` and returns what changed, as a jute TreeFlush. */
  flushTo(mark: LogMark): Buffer {
    const before = { znodes: new Map(this.znodes), sessions: new Map(this.sessions) };
    while (this.index < mark.index) this.apply();
    return flushAt(
      mark,
      [...this.znodes].filter(([path, row]) => before.znodes.get(path) !== row).map(([, row]) => row),
      [...before.znodes.keys()].filter((path) => !this.znodes.has(path)),
      [...this.sessions].map(([sessionId, timeOut]) => ({ sessionId, timeOut })),
      [...before.sessions.keys()].filter((sessionId) => !this.sessions.has(sessionId)),
    );
  }

  /** For comparisons. */
  get contents(): unknown {
    const byName = (a: [unknown, unknown], b: [unknown, unknown]): number =>
      String(a[0]) < String(b[0]) ? -1 : 1;
    return { znodes: [...this.znodes].sort(byName), sessions: [...this.sessions].sort(byName) };
  }

  #put(path: string, index: number): void {
    this.znodes.set(path, znode(path, index, payloadOf(index, this.#dataBytes)));
  }
}

/** Restores a storage whose records are all made by `batchAfter`, and holds the outcome against the model. */
export async function expectModel(storage: Storage): Promise<void> {
  const { znodes, sessions, records } = await restore(storage);
  const model = new Model();
  model.index = storage.treeMark.index;
  for (const [path, row] of znodes) model.znodes.set(path, row);
  for (const [sessionId, timeOut] of sessions) model.sessions.set(sessionId, timeOut);
  expect(model.contents, 'the tree').to.deep.equal(Model.at(model.index).contents);
  for (const { index, payload } of records) {
    model.apply();
    expect(Number(index)).to.equal(model.index);
    expect(payload.equals(payloadOf(model.index)), `payload of record ${model.index}`).to.be.true;
  }
  expect(model.index, 'the end of the log').to.equal(storage.tail.index);
  expect(model.contents, 'tree and replay').to.deep.equal(Model.at(model.index).contents);
}

/** @returns the error that must come */
export async function rejection(promise: Promise<unknown>): Promise<StorageError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof StorageError) return error;
    throw error;
  }
  throw new Error('This must be rejected.');
}

/** Reads a whole snapshot. */
export async function snapshotOf(storage: Storage): Promise<{ base: LogMark; parts: SnapshotPart[] }> {
  const reader = await storage.openSnapshot();
  if (reader === undefined) throw new Error('There is no snapshot.');
  const parts: SnapshotPart[] = [];
  for (;;) {
    const part = await reader.next();
    if (part === undefined) throw new Error('The snapshot broke off.');
    parts.push(part);
    if (part.last) break;
  }
  reader.close();
  return { base: reader.base, parts };
}

/** Stages all pieces, or all up to one that is refused. */
export async function stageAll(
  storage: Storage,
  base: LogMark,
  parts: readonly SnapshotPart[],
): Promise<boolean> {
  for (const [at, { bytes, last }] of parts.entries()) {
    if (!(await storage.stage({ base, bytes, first: at === 0, last }))) return false;
  }
  return true;
}

/** A handler whose calls can be awaited. */
export class Recorder implements StorageHandler {
  readonly marks: LogMark[] = [];
  readonly epochs: Epochs[] = [];
  readonly errors: StorageError[] = [];
  #waiting: { done(): boolean; resolve(): void }[] = [];

  durable(mark: LogMark): void {
    this.marks.push(mark);
    this.#wake();
  }

  epochsDurable(epochs: Epochs): void {
    this.epochs.push(epochs);
    this.#wake();
  }

  failed(error: StorageError): void {
    this.errors.push(error);
    this.#wake();
  }

  get durableIndex(): number {
    return this.marks.at(-1)?.index ?? 0;
  }

  /** Resolves when `done` holds; looked at after every call. */
  until(done: () => boolean): Promise<void> {
    if (done()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ done, resolve }));
  }

  untilDurable(index: number): Promise<void> {
    return this.until(() => this.durableIndex >= index);
  }

  #wake(): void {
    this.#waiting = this.#waiting.filter((waiter) => {
      if (!waiter.done()) return true;
      waiter.resolve();
      return false;
    });
  }
}
