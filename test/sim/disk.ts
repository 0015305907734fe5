/**
 * The simulated disk of one server. Operations take effect in their order, some time later; a crash keeps a prefix
 * of those under way, each whole or absent. Checkers look at this, not at what the engine says of it.
 */
import type { DiskInput, DiskOp, Epochs, LogMark } from '../../src/zab/index.js';
import { LOG_START } from '../../src/zab/index.js';
import { batchOf, markOf, recordsOf, type SimRecord } from './records.js';
import type { SimRandom } from './random.js';
import type { Planned, Scheduler } from './scheduler.js';
import { SnapshotReader, TreeFile, TreeRows, rowsOf } from './treeFile.js';

/** Told what reaches the disk, when it does. */
export interface DiskWatcher {
  recordsDurable(records: readonly SimRecord[]): void;
  epochsDurable(before: Epochs, after: Epochs): void;
  truncated(to: LogMark, removed: readonly SimRecord[]): void;
  installed(base: LogMark, before: LogMark): void;
}

export interface DiskSettings {
  readonly fsyncMs: { readonly min: number; readonly mean: number; readonly tail: number };
  readonly retention: number;
  readonly chunkBytes: number;
  readonly checkpointMs: number;
  readonly snapshotBreaks: number;
}

type Append = { readonly kind: 'append'; readonly records: readonly SimRecord[] };
type Synchronise = Extract<DiskOp, { kind: 'synchronise' }>;
type WriteOp =
  | Append
  | Extract<DiskOp, { kind: 'epochs' | 'fence' | 'stage' | 'unstage' }>
  | {
      readonly kind: 'synchronise';
      readonly op: Synchronise;
      readonly records: readonly SimRecord[];
    };

/** Most operations that one fsync covers. */
const GROUP_MAX = 50;

export class SimDisk {
  secret: Buffer;
  epochs: Epochs = { acceptedEpoch: 0, currentEpoch: 0 };
  logStart: LogMark = LOG_START;
  tail: LogMark = LOG_START;
  /** What `mark` says was acknowledged. */
  acked: LogMark = LOG_START;
  suspect = false;
  tree = new TreeFile();
  /** Each fsync takes this many times longer, while the disk is slow. */
  slowness = 1;
  /** How readily snapshots break off, or cannot be staged. */
  snapshotBreaks: number;
  /** There is no space left. */
  full = false;
  /** Snapshots that were installed. */
  installs = 0;
  readonly #settings: DiskSettings;
  readonly #scheduler: Scheduler;
  readonly #random: SimRandom;
  readonly #watcher: DiskWatcher;
  #records: SimRecord[] = [];
  #pending: WriteOp[] = [];
  #busy: Planned | undefined;
  #failed = false;
  #answer: (input: DiskInput, install?: TreeRows) => void = () => undefined;
  #staged: { rows: TreeRows; complete: boolean } | undefined;
  readonly #snapshots = new Map<number, SnapshotReader>();
  #flushes: Buffer[] = [];
  #flushing: Planned | undefined;
  #lastCheckpoint = 0;
  /** Counts the processes that used this disk: what was begun for one is not answered to the next. */
  #use = 0;

  constructor(settings: DiskSettings, scheduler: Scheduler, random: SimRandom, watcher: DiskWatcher) {
    this.#settings = settings;
    this.#scheduler = scheduler;
    this.#random = random;
    this.#watcher = watcher;
    this.secret = random.bytes(32);
    this.snapshotBreaks = settings.snapshotBreaks;
  }

  // --- looking at it -----------------------------------------------------------------------------------------------

  /** The durable record with this index. */
  at(index: number): SimRecord | undefined {
    return this.#records[index - this.logStart.index - 1];
  }

  /** The same with what is only on its way there. */
  volatileAt(index: number): SimRecord | undefined {
    for (let i = this.#pending.length - 1; i >= 0; i--) {
      const op = this.#pending[i];
      if (op?.kind !== 'append' && op?.kind !== 'synchronise') continue;
      const first = op.records[0];
      if (first !== undefined && index >= first.index) {
        const found = op.records[index - first.index];
        if (found !== undefined) return found;
      }
    }
    return this.at(index);
  }

  get records(): readonly SimRecord[] {
    return this.#records;
  }

  /** Operations that are under way. */
  get unsynced(): number {
    return this.#pending.length;
  }

  /** Their kinds, each once. */
  get underWay(): ReadonlySet<string> {
    return new Set(this.#pending.map(({ kind }) => kind));
  }

  /** A snapshot is on its way to take the place of log and tree. */
  get isInstalling(): boolean {
    return this.#pending.some((op) => op.kind === 'synchronise' && op.op.install !== undefined);
  }

  /** A snapshot that is not installed: whether a part of it is here, or all. */
  get staging(): 'none' | 'part' | 'all' {
    if (this.#staged === undefined) return 'none';
    return this.#staged.complete ? 'all' : 'part';
  }

  get failed(): boolean {
    return this.#failed;
  }

  /** It never had the history of an epoch. */
  get blank(): boolean {
    return this.tail.index === 0 && this.epochs.currentEpoch === 0;
  }

  /** The log does not reach back to what is left of the tree: there is no state until a snapshot is installed. */
  get needsSnapshot(): boolean {
    return this.tree.rows.mark.index < this.logStart.index;
  }

  /** Records behind this one. */
  recordsAfter(index: number): readonly SimRecord[] {
    return this.#records.slice(index - this.logStart.index);
  }

  // --- using it ----------------------------------------------------------------------------------------------------

  /** A process opens the disk. @param answer takes completions; with `install` the state is to be put back first */
  open(answer: (input: DiskInput, install?: TreeRows) => void): void {
    this.#use++;
    this.#answer = answer;
    this.#failed = false;
  }

  /** There is room again: the log goes on behind its durable end. */
  reopenLog(): void {
    this.#failed = false;
  }

  perform(op: DiskOp): void {
    switch (op.kind) {
      case 'append':
        return this.#write({ kind: 'append', records: recordsOf(op.batch) });
      case 'synchronise':
        return this.#write({ kind: 'synchronise', op, records: op.batches.flatMap(recordsOf) });
      case 'stage':
        return this.#write({ ...op, bytes: Buffer.from(op.bytes) });
      case 'epochs':
      case 'fence':
      case 'unstage':
        return this.#write(op);
      default:
        return this.#soon(this.#random.range(0.05, 2) * this.slowness, () => this.#look(op));
    }
  }

  /** Takes a `TreeFlush` to be written behind. */
  flush(bytes: Buffer): void {
    this.#flushes.push(Buffer.from(bytes));
    this.#pumpFlushes();
  }

  // --- what goes wrong ---------------------------------------------------------------------------------------------

  /** The process dies: a prefix of what was under way stays. @param power takes the page cache along */
  crash(power: boolean): void {
    const kept = this.#random.chance(0.4)
      ? this.#random.pick([0, this.#pending.length])
      : this.#random.int(this.#pending.length + 1);
    this.#stop();
    for (const op of this.#pending.splice(0).slice(0, kept)) if (!this.full) this.#takeEffect(op);
    this.#writeMark();
    if (power) this.tree.losePower(this.#random.int(this.tree.exposed + 1));
    else {
      const flushed = this.#random.int(this.#flushes.length + 1);
      for (const bytes of this.#flushes.slice(0, flushed)) this.tree.write(rowsOf(bytes));
    }
    this.#flushes = [];
    this.#staged = undefined;
    this.#snapshots.clear();
  }

  /** SQLite forgets the last `count` records; `mark` remembers that there were more. */
  damage(count: number): void {
    const keep = Math.max(0, this.#records.length - count);
    // What tree.db holds is never behind what the log holds: the log would not open otherwise.
    const least = Math.max(0, this.tree.rows.mark.index - this.logStart.index);
    if (keep < least) return;
    this.#records = this.#records.slice(0, keep);
    const last = this.#records.at(-1);
    this.tail = last === undefined ? this.logStart : markOf(last);
    if (this.tail.index < this.acked.index) this.suspect = true;
  }

  /** `tree.db` is gone, or cannot be read, and a new one is made at the next start. */
  loseTree(): void {
    this.tree = new TreeFile();
  }

  /** Somebody emptied the directory: a new one is made at the next start. */
  wipe(): void {
    this.secret = this.#random.bytes(32);
    this.epochs = { acceptedEpoch: 0, currentEpoch: 0 };
    this.logStart = LOG_START;
    this.tail = LOG_START;
    this.acked = LOG_START;
    this.suspect = false;
    this.tree = new TreeFile();
    this.#records = [];
  }

  // --- inside ------------------------------------------------------------------------------------------------------

  #write(op: WriteOp): void {
    if (this.#failed) return;
    this.#pending.push(op);
    this.#pump();
  }

  #pump(): void {
    if (this.#busy !== undefined || this.#pending.length === 0) return;
    const group = this.#groupLength();
    const first = this.#pending[0];
    const light = first?.kind === 'fence' || first?.kind === 'unstage';
    // Of a snapshot only the end is synced.
    const written = first?.kind === 'stage' && !first.last ? this.#random.range(0.1, 2) : this.#fsyncMs();
    this.#busy = this.#scheduler.after(light ? 0.02 : written, () => {
      this.#busy = undefined;
      if (this.full && !light) return this.#fail();
      this.#complete(this.#pending.splice(0, group));
      this.#pump();
    });
  }

  /** Appends and epochs share an fsync; everything else has one of its own. */
  #groupLength(): number {
    let length = 0;
    for (const { kind } of this.#pending) {
      if ((kind !== 'append' && kind !== 'epochs') || length >= GROUP_MAX) break;
      length++;
    }
    return Math.max(1, length);
  }

  #fsyncMs(): number {
    const { min, mean, tail } = this.#settings.fsyncMs;
    const ms = min + this.#random.exponential(mean) + (this.#random.chance(0.01) ? tail : 0);
    return ms * this.slowness;
  }

  #complete(ops: readonly WriteOp[]): void {
    const before = this.tail.index;
    for (const op of ops) this.#takeEffect(op);
    this.#writeMark();
    const appended = ops.some(({ kind }) => kind === 'append');
    if (appended && this.tail.index > before) this.#answer({ kind: 'persisted', mark: this.tail });
    for (const op of ops) this.#confirm(op);
  }

  #confirm(op: WriteOp): void {
    switch (op.kind) {
      case 'append':
      case 'unstage':
        return;
      case 'epochs':
        return this.#answer({ kind: 'epochsDurable', token: op.token, epochs: op.epochs });
      case 'fence':
        return this.#answer({ kind: 'fenced', token: op.token, tail: this.tail });
      case 'stage': {
        const ok = this.#staged !== undefined && !this.#random.chance(this.snapshotBreaks / 20);
        if (!ok) this.#staged = undefined;
        return this.#answer({ kind: 'staged', token: op.token, ok });
      }
      case 'synchronise': {
        const rows = op.op.install === undefined ? undefined : this.tree.rows.copy();
        return this.#answer({ kind: 'synchronised', token: op.op.token }, rows);
      }
    }
  }

  #takeEffect(op: WriteOp): void {
    switch (op.kind) {
      case 'append':
        return this.#append(op.records);
      case 'epochs':
        return this.#saveEpochs(op.epochs);
      case 'stage':
        if (op.first) this.#staged = { rows: new TreeRows(), complete: false };
        if (this.#staged === undefined) return;
        this.#staged.rows.add(rowsOf(op.bytes));
        this.#staged.rows.mark = op.base;
        this.#staged.complete = op.last;
        return;
      case 'unstage':
        this.#staged = undefined;
        return;
      case 'fence':
        return;
      case 'synchronise':
        return this.#synchronise(op.op, op.records);
    }
  }

  #append(records: readonly SimRecord[]): void {
    if (records.length === 0) return;
    for (const record of records) {
      this.#records.push(record);
      this.tail = markOf(record);
    }
    this.#watcher.recordsDurable(records);
  }

  #saveEpochs(epochs: Epochs): void {
    const before = this.epochs;
    this.epochs = epochs;
    this.#watcher.epochsDurable(before, epochs);
  }

  #synchronise(op: Synchronise, records: readonly SimRecord[]): void {
    if (op.truncate !== undefined) this.#truncate(op.truncate);
    if (op.install !== undefined) this.#install(op.install);
    this.#append(records);
    if (op.epochs !== undefined) {
      this.suspect = false;
      this.#saveEpochs(op.epochs);
    }
    if (op.secret !== undefined) this.secret = Buffer.from(op.secret);
  }

  #truncate(to: LogMark): void {
    this.acked = this.acked.index > to.index ? to : this.acked;
    const removed = this.#records.splice(Math.max(0, to.index - this.logStart.index));
    const last = this.#records.at(-1);
    this.tail = last === undefined ? this.logStart : markOf(last);
    this.#watcher.truncated(to, removed);
  }

  #install(base: LogMark): void {
    const staged = this.#staged;
    if (staged?.complete !== true || staged.rows.mark.index !== base.index)
      throw new Error(`A snapshot with base ${base.index} is installed that is not staged.`);
    const before = this.tail;
    this.installs++;
    this.#staged = undefined;
    this.tree = new TreeFile(staged.rows);
    this.#flushes = [];
    this.#records = [];
    this.logStart = base;
    this.tail = base;
    this.acked = base;
    this.#watcher.installed(base, before);
  }

  /** After each group commit; a process that dies does not lose it. */
  #writeMark(): void {
    this.acked = this.tail;
  }

  #fail(): void {
    this.#failed = true;
    this.#pending = [];
    this.#staged = undefined;
    this.#answer({ kind: 'logFailed' });
  }

  #look(
    op: Extract<DiskOp, { kind: 'find' | 'read' | 'snapshotOpen' | 'snapshotRead' | 'snapshotClose' }>,
  ): void {
    switch (op.kind) {
      case 'find':
        return this.#answer({ kind: 'found', token: op.token, mark: this.#find(op.zxid) });
      case 'read':
        return this.#answer({ kind: 'read', token: op.token, batch: this.#read(op.after, op.bytes) });
      case 'snapshotOpen': {
        if (this.#random.chance(this.snapshotBreaks / 10))
          return this.#answer({ kind: 'snapshotOpened', token: op.token, base: undefined });
        const snapshot = new SnapshotReader(this.tree.rows, this.#settings.chunkBytes);
        this.#snapshots.set(op.token, snapshot);
        return this.#answer({ kind: 'snapshotOpened', token: op.token, base: snapshot.base });
      }
      case 'snapshotRead': {
        const broken = this.#random.chance(this.snapshotBreaks / 10);
        const chunk = broken ? undefined : this.#snapshots.get(op.token)?.next();
        if (chunk === undefined) this.#snapshots.delete(op.token);
        return this.#answer({ kind: 'snapshotChunk', token: op.token, chunk });
      }
      case 'snapshotClose':
        this.#snapshots.delete(op.token);
        return;
    }
  }

  #find(zxid: bigint): LogMark | undefined {
    let [low, high] = [0, this.#records.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const record = this.#records[middle];
      if (record !== undefined && record.zxid <= zxid) low = middle + 1;
      else high = middle;
    }
    const record = this.#records[low - 1];
    if (record !== undefined) return markOf(record);
    return this.logStart.zxid <= zxid ? this.logStart : undefined;
  }

  #read(after: number, bytes: number): ReturnType<typeof batchOf> | undefined {
    if (after < this.logStart.index) return undefined;
    const taken: SimRecord[] = [];
    let size = 0;
    for (let i = after - this.logStart.index; size < bytes || taken.length === 0; i++) {
      const record = this.#records[i];
      if (record === undefined) break;
      taken.push(record);
      size += record.bytes.byteLength;
    }
    const before = this.at(after);
    return batchOf(taken, before === undefined ? this.logStart : markOf(before));
  }

  #pumpFlushes(): void {
    if (this.#flushing !== undefined || this.#flushes.length === 0) return;
    this.#flushing = this.#scheduler.after(this.#random.range(0.2, 10) * this.slowness, () => {
      this.#flushing = undefined;
      // Without space they wait: each one builds on those before.
      const bytes = this.full ? undefined : this.#flushes.shift();
      if (bytes !== undefined) this.tree.write(rowsOf(bytes));
      if (this.#scheduler.now - this.#lastCheckpoint >= this.#settings.checkpointMs) this.#checkpoint();
      this.#pumpFlushes();
    });
  }

  #checkpoint(): void {
    this.#lastCheckpoint = this.#scheduler.now;
    this.tree.checkpoint();
    const bases = [...this.#snapshots.values()].map(({ base }) => base.index);
    const upTo = Math.min(this.tree.checkpointed.index, this.tail.index - this.#settings.retention, ...bases);
    const record = this.at(upTo);
    if (record === undefined) return;
    this.#records = this.#records.slice(upTo - this.logStart.index);
    this.logStart = markOf(record);
  }

  #soon(ms: number, run: () => void): void {
    const use = this.#use;
    this.#scheduler.after(ms, () => {
      if (this.#use === use) run();
    });
  }

  #stop(): void {
    this.#use++;
    this.#answer = () => undefined;
    this.#scheduler.cancel(this.#busy);
    this.#scheduler.cancel(this.#flushing);
    this.#busy = undefined;
    this.#flushing = undefined;
  }
}
