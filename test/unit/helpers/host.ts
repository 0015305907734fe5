/**
 * Plays the host of an engine: takes its batches, keeps them back as long as a test likes, and hands out what the
 * engine has for each client. What holds for every effect of every test is checked here, in `#deliver`.
 */
import {
  Reader,
  Writer,
  readLogRecord,
  readTreeFlush,
  writeLogRecord,
  type LogRecord,
  type TxnHeader,
  type ZnodeRow,
} from '../../../src/codec/index.js';
import {
  Engine,
  LOG_START,
  newOutput,
  type ClientEffect,
  type EngineSettings,
  type Epochs,
  type Input,
  type LogBatch,
  type LogMark,
  type Note,
} from '../../../src/engine/index.js';
import { NO_SESSION, readTxn, zxidOf, type Txn } from '../../../src/types/index.js';
import { Client, type ConnectOptions } from './client.js';
import { defaultSettings } from './world.js';

export const TICK_MS = 2000;
const TIME_START = 1_700_000_000_000n;

const settings: EngineSettings = {
  prepare: defaultSettings,
  serverId: 1,
  tickMs: TICK_MS,
  sessionTimeoutMsMin: 2 * TICK_MS,
  sessionTimeoutMsMax: 20 * TICK_MS,
  containerNeverUsedMsMax: 0,
};

/** A record of the log with its txn. */
export interface Logged {
  /** As it is on disk. */
  readonly bytes: Buffer;
  readonly mark: LogMark;
  readonly header: TxnHeader;
  readonly txn: Txn;
}

export class Host {
  readonly engine: Engine;
  /** What is on disk, in order. */
  readonly disk: Logged[] = [];
  /** Every client there was. */
  readonly clients: Client[] = [];
  readonly notes: Note[] = [];
  /** Milliseconds since the start, on both clocks. */
  now = 0;
  readonly #settings: EngineSettings;
  readonly #out = newOutput();
  #epochs: Epochs = { acceptedEpoch: 0, currentEpoch: 0 };
  #epochsToSave: { readonly token: number; readonly epochs: Epochs } | undefined;
  #failed = false;
  /** Written by the engine and not on disk yet. */
  #inFlight: Logged[] = [];
  #holdingEpochs = false;

  /** @param disk what an earlier host left behind @param epochs the last epochs that it saved */
  constructor(overrides: Partial<EngineSettings> = {}, disk: readonly Logged[] = [], epochs?: Epochs) {
    this.#settings = { ...settings, ...overrides };
    this.engine = new Engine(this.#settings);
    if (epochs !== undefined) this.#epochs = epochs;
    for (const logged of disk) this.engine.replay(batchOf(logged));
    this.disk.push(...disk);
  }

  /** An engine that serves. */
  static serving(overrides: Partial<EngineSettings> = {}): Host {
    const host = new Host(overrides);
    host.lead();
    return host;
  }

  get epochs(): Epochs {
    return this.#epochs;
  }

  get time(): bigint {
    return TIME_START + BigInt(this.now);
  }

  /** Names, entries and watches that reads went through so far. */
  get effort(): number {
    return this.#out.effort;
  }

  /** Records that the engine has written and the disk has not. */
  get inFlight(): readonly Logged[] {
    return this.#inFlight;
  }

  get tail(): LogMark {
    return this.disk.at(-1)?.mark ?? LOG_START;
  }

  step(input: Input): void {
    this.engine.step(input, this.#out);
    this.#endTurn();
  }

  // --- the disk ----------------------------------------------------------------------------------------------------

  /** The oldest `count` records reach the disk, and the engine hears of it. */
  persist(count = Infinity): void {
    const done = this.#inFlight.slice(0, count);
    this.#inFlight = this.#inFlight.slice(done.length);
    this.disk.push(...done);
    if (done.length > 0) this.step({ kind: 'persisted', mark: this.tail });
  }

  /** Epochs are not saved until `saveEpochs`. */
  holdEpochs(): void {
    this.#holdingEpochs = true;
  }

  /** The epochs that the engine asked for reach the disk. */
  saveEpochs(): void {
    this.#holdingEpochs = false;
    const saving = this.#epochsToSave;
    if (saving === undefined) return;
    this.#epochs = saving.epochs;
    this.#epochsToSave = undefined;
    this.step({ ...saving, kind: 'epochsDurable' });
  }

  /** The log fails; of what is in flight `kept` records are on disk all the same. */
  failLog(kept = 0): void {
    this.disk.push(...this.#inFlight.slice(0, kept));
    this.#inFlight = [];
    this.#epochsToSave = undefined;
    this.#failed = true;
    this.step({ kind: 'logFailed' });
  }

  /** Takes part, and being alone, leads; after a failure of the log, with what that has kept. */
  lead(): void {
    if (this.#failed) {
      this.#failed = false;
      this.engine.rejoin();
      for (const logged of this.disk.slice(this.engine.applied.index)) this.engine.replay(batchOf(logged));
    }
    this.step({
      kind: 'start',
      epochs: this.#epochs,
      logStart: LOG_START,
      tail: this.tail,
      suspect: false,
      trustBlank: false,
      secret: Buffer.alloc(32),
      now: this.now,
      time: this.time,
    });
  }

  #endTurn(): void {
    this.engine.endTurn(this.#out);
    const ops = this.#out.disk.splice(0);
    for (const op of ops) if (op.kind === 'append') this.#inFlight.push(...decode(op.batch));
    this.notes.push(...this.#out.notes.splice(0));
    this.#out.peerNotes.length = 0;
    for (const effect of this.#out.clients.splice(0)) this.#deliver(effect);
    for (const op of ops) {
      if (op.kind === 'fence') this.step({ kind: 'fenced', token: op.token, tail: this.tail });
      else if (op.kind === 'epochs') {
        this.#epochsToSave = op;
        if (!this.#holdingEpochs) this.saveEpochs();
      } else if (op.kind !== 'append') throw new Error(`A server alone asks its disk for ${op.kind}.`);
    }
  }

  #deliver(effect: ClientEffect): void {
    const client = this.clients[effect.connection];
    if (client === undefined) throw new Error(`Nobody is connection ${effect.connection}.`);
    if (effect.kind === 'reply' && effect.zxid > 0n && effect.zxid > this.engine.lastZxid)
      throw new Error('A reply is ahead of the tree.');
    if (this.engine.applied.index > this.tail.index)
      throw new Error('Something is applied that the disk does not have.');
    client.receive(effect);
  }

  // --- clients -----------------------------------------------------------------------------------------------------

  /** Sends a ConnectRequest; the answer may need the disk. */
  connecting(options: ConnectOptions = {}): Client {
    const client = new Client(this, this.clients.length, options);
    this.clients.push(client);
    this.step({
      kind: 'connect',
      connection: client.id,
      sessionId: options.session ?? NO_SESSION,
      passwordValid: options.passwordValid ?? true,
      timeOut: options.timeOut ?? 10_000,
      lastZxidSeen: zxidOf(options.lastZxidSeen ?? 0n),
      identities: client.identities,
      time: this.time,
    });
    return client;
  }

  /** A client with a session. Everything in flight reaches the disk on the way. */
  connect(options: ConnectOptions = {}): Client {
    const client = this.connecting(options);
    this.persist();
    if (client.session === NO_SESSION) throw new Error(`Not connected: ${client.take().join(', ')}.`);
    client.take();
    return client;
  }

  // --- time --------------------------------------------------------------------------------------------------------

  /** Time goes by, in ticks of at most `stepMs`. */
  wait(ms: number, stepMs = 500): void {
    const end = this.now + ms;
    while (this.now < end) {
      this.now = Math.min(end, this.now + stepMs);
      this.step({ kind: 'tick', now: this.now, time: this.time });
    }
  }

  reap(most = 100): void {
    this.step({ kind: 'reap', time: this.time, most });
  }

  // --- starting again ----------------------------------------------------------------------------------------------

  /** Another host that starts from what is on this one's disk. */
  restarted(): Host {
    return new Host(this.#settings, this.disk, this.#epochs);
  }

  /** Another host that starts from what the flushes left in tree.db, and from the log behind the last of them. */
  restartedFrom(flushes: readonly (Buffer | undefined)[]): Host {
    const host = new Host(this.#settings, [], this.#epochs);
    const mark = loadTree(host.engine, flushes);
    host.engine.restored(mark);
    host.disk.push(...this.disk.slice(0, mark.index));
    for (const record of this.disk.slice(mark.index)) {
      host.engine.replay(batchOf(record));
      host.disk.push(record);
    }
    return host;
  }

  /** Sessions with their timeouts. */
  get sessions(): { id: bigint; timeoutMs: number }[] {
    return [...this.engine.sessions].sort((a, b) => (a.id < b.id ? -1 : 1));
  }
}

/** Does to an engine what storage does with its tables. @returns where the last flush stood */
function loadTree(engine: Engine, flushes: readonly (Buffer | undefined)[]): LogMark {
  const znodes = new Map<string, ZnodeRow>();
  const sessions = new Map<bigint, number>();
  let mark = LOG_START;
  for (const bytes of flushes) {
    if (bytes === undefined) continue;
    const flush = readTreeFlush(Reader.over(bytes));
    for (const path of flush.deletedPaths) znodes.delete(path);
    for (const row of flush.znodes) znodes.set(row.path, row);
    for (const id of flush.endedSessions) sessions.delete(id);
    for (const { sessionId, timeOut } of flush.sessions) sessions.set(sessionId, timeOut);
    mark = { index: Number(flush.index), zxid: zxidOf(flush.zxid), chain: flush.chain };
  }
  for (const row of znodes.values()) engine.tree.restore(row);
  for (const [id, timeOut] of sessions) engine.restoreSession(id, timeOut);
  return mark;
}

function batchOf({ bytes, mark }: Logged): LogBatch {
  return { bytes, count: 1, last: mark };
}

function decode(batch: LogBatch): Logged[] {
  const records: Logged[] = [];
  const reader = Reader.over(batch.bytes);
  while (reader.remaining > 0) records.push(decodeRecord(readLogRecord(reader)));
  if (records.length !== batch.count || records.at(-1)?.mark.index !== batch.last.index)
    throw new Error('A batch does not hold what it says.');
  return records;
}

function decodeRecord(record: LogRecord): Logged {
  const { index, zxid, chain, payload } = record;
  const { header, txn } = readTxn(Reader.over(payload));
  if (header.zxid !== zxid) throw new Error('A record and its txn disagree about the zxid.');
  const w = new Writer(128);
  writeLogRecord(w, record);
  return { bytes: w.take(), mark: { index: Number(index), zxid: zxidOf(zxid), chain }, header, txn };
}
