/**
 * What a leader knows of one learner, and how it brings that learner's log to its own (zab.md 1.5): one cursor runs
 * from where the logs part to the end of the log and on, so nothing can fall between synchronisation and broadcast.
 */
import { isVoter, disk, note, send, type PeerContext } from './context.js';
import { sameMark, type LogBatch, type LogMark } from './mark.js';
import type { Answer, ServerId, ToLeader, ToLearner } from './messages.js';
import type { DiskInput, LinkId, Token } from './ports.js';
import { slice } from './records.js';

/** Read from disk at a time. */
const READ_BYTES = 1024 * 1024;
/** Snapshot chunks under way. */
const CHUNKS_MAX = 4;
/** When two learners are being sent snapshots already. */
const SNAPSHOT_RETRY_MS = 250;

type FollowerInfo = Extract<ToLeader, { kind: 'followerInfo' }>;
type AckEpoch = Extract<ToLeader, { kind: 'ackEpoch' }>;

type Phase =
  | 'new'
  /** followerInfo came; waits for an epoch. */
  | 'known'
  /** leaderInfo is sent. */
  | 'asked'
  /** ackEpoch came; waits for its turn. */
  | 'promised'
  /** Looking for the last common record. */
  | 'locating'
  | 'snapshot'
  /** Records are sent; NEWLEADER follows T. */
  | 'forwarding'
  /** ackNewLeader came. */
  | 'synced';

/** What the leader decides and the handler asks. */
export interface LeaderView {
  readonly epoch: number;
  /** Where a learner's history has to reach: the end of the log, or for observers what is committed. */
  targetFor(observer: boolean): LogMark;
  drop(handler: LearnerHandler, why: string): void;
}

export class LearnerHandler {
  readonly link: LinkId;
  readonly peer: ServerId;
  phase: Phase = 'new';
  info: FollowerInfo | undefined;
  ackEpoch: AckEpoch | undefined;
  heardAt: number;
  /** Its disk holds the leader's records up to here; acknowledged on this link, in this epoch. */
  match = 0;
  /** The last ping that it answered: its word that it still follows. */
  lastBeat = 0;
  upToDate = false;
  /** What was sent of the commit watermark. */
  commitSent = 0;

  readonly #context: PeerContext;
  readonly #leader: LeaderView;
  /** Index of the last record sent. */
  #cursor = 0;
  #target: LogMark | undefined;
  #newLeaderSent = false;
  /** Sent and not acknowledged: last index of a group, its bytes, and when it left. */
  #inFlight: { readonly index: number; readonly bytes: number; readonly at: number }[] = [];
  #inFlightBytes = 0;
  #answers: Answer[] = [];
  #read: Token | undefined;
  #find: Token | undefined;
  #snapshot: Token | undefined;
  #snapshotBase: LogMark | undefined;
  #chunksOut = 0;
  #chunksEnd = false;
  #retryAt: number | undefined;
  #startedAt = 0;

  constructor(context: PeerContext, leader: LeaderView, link: LinkId, peer: ServerId) {
    this.#context = context;
    this.#leader = leader;
    this.link = link;
    this.peer = peer;
    this.heardAt = context.now;
  }

  get observer(): boolean {
    // One that a new configuration makes a voter is sent proposals at once.
    return (this.info?.observer ?? true) && !isVoter(this.#context, this.peer);
  }

  /** Counts in elections of epochs and in commits: a participant whose word is good (zab.md 7.4). */
  get votes(): boolean {
    // What a suspect server may have lost it has again, once it is synchronised.
    const isGood = this.info !== undefined && (!this.info.suspect || this.phase === 'synced');
    return isGood && isVoter(this.#context, this.peer);
  }

  get synced(): boolean {
    return this.phase === 'synced';
  }

  get cursor(): number {
    return this.#cursor;
  }

  /** When the oldest group left that is not acknowledged. */
  get oldestUnacked(): number | undefined {
    return this.#inFlight[0]?.at;
  }

  say(message: ToLearner): void {
    send(this.#context, this.link, message);
  }

  /** A record answers a request that came from here. */
  willAnswer(answer: Answer): void {
    this.#answers.push(answer);
  }

  // --- synchronisation -------------------------------------------------------------------------------------------

  /** The epoch is the leader's: its history may be handed over. */
  synchronise(): void {
    const tail = this.ackEpoch?.tail;
    if (this.phase !== 'promised' || tail === undefined) return;
    this.phase = 'locating';
    this.#startedAt = this.#context.now;
    const { history } = this.#context;
    const target = this.#leader.targetFor(this.observer);
    if (sameMark(tail, target)) return this.#startDiff(tail);
    // Not beyond what this learner will be sent: an observer gets nothing that is not committed.
    const found = tail.zxid > target.zxid ? target : history.find(tail.zxid);
    if (found !== undefined) return this.#located(found);
    this.#find = this.#context.newToken();
    disk(this.#context, { kind: 'find', token: this.#find, zxid: tail.zxid });
  }

  #located(common: LogMark | undefined): void {
    const tail = this.ackEpoch?.tail;
    if (tail === undefined) return;
    if (common === undefined) return this.startSnapshot();
    const { history, settings } = this.#context;
    if (common.zxid === tail.zxid && !sameMark(common, tail)) {
      note(this.#context, {
        kind: 'alarm',
        what: `server ${this.peer} has another record under zxid 0x${tail.zxid.toString(16)}: it gets a snapshot`,
      });
      return this.startSnapshot();
    }
    const missing = (this.#leader.targetFor(this.observer).index - common.index) * history.recordBytes;
    if (missing > settings.snapThresholdBytes) return this.startSnapshot(common);
    if (sameMark(common, tail)) return this.#startDiff(common);
    this.#start('TRUNC', common);
    this.say({ kind: 'trunc', to: common });
    this.#forward(common);
  }

  #startDiff(from: LogMark): void {
    this.#start('DIFF', from);
    this.say({ kind: 'diff', from });
    this.#forward(from);
  }

  #start(by: 'DIFF' | 'TRUNC' | 'SNAP', from: LogMark): void {
    note(this.#context, { kind: 'synchronising', learner: this.peer, by, from });
  }

  #forward(from: LogMark): void {
    this.phase = 'forwarding';
    this.#cursor = from.index;
    this.#target = this.#leader.targetFor(this.observer);
    this.pump();
  }

  #fallback: LogMark | undefined;

  /** It cannot use the records that it was offered. @returns false when it was offered none */
  wantSnapshot(): boolean {
    if (this.phase !== 'forwarding' || this.#snapshotBase !== undefined) return false;
    this.startSnapshot();
    return true;
  }

  /** @param common records after it would do as well: take them if the snapshot would be older than the learner */
  startSnapshot(common?: LogMark): void {
    if (this.phase !== 'locating' && this.phase !== 'forwarding') return;
    this.#fallback = common;
    this.phase = 'snapshot';
    this.#newLeaderSent = false;
    this.#target = this.#read = undefined;
    this.#inFlight = [];
    this.#inFlightBytes = 0;
    this.#retryAt = undefined;
    this.#snapshot = this.#context.newToken();
    disk(this.#context, { kind: 'snapshotOpen', token: this.#snapshot });
  }

  #snapshotOpened(base: LogMark | undefined): void {
    if (base === undefined) {
      this.#snapshot = undefined;
      this.#retryAt = this.#context.now + SNAPSHOT_RETRY_MS;
      return;
    }
    const tail = this.ackEpoch?.tail;
    if (this.#fallback !== undefined && tail !== undefined && base.index < tail.index) {
      this.#closeSnapshot();
      if (sameMark(this.#fallback, tail)) return this.#startDiff(this.#fallback);
      this.#start('TRUNC', this.#fallback);
      this.say({ kind: 'trunc', to: this.#fallback });
      return this.#forward(this.#fallback);
    }
    this.#snapshotBase = base;
    this.#start('SNAP', base);
    this.say({ kind: 'snap', base });
    this.#readChunks();
  }

  #readChunks(): void {
    while (this.#snapshot !== undefined && !this.#chunksEnd && this.#chunksOut < CHUNKS_MAX) {
      this.#chunksOut++;
      disk(this.#context, { kind: 'snapshotRead', token: this.#snapshot });
    }
  }

  #snapshotChunk(chunk: { readonly bytes: Buffer; readonly last: boolean } | undefined): void {
    if (this.#chunksEnd) return;
    if (chunk === undefined) return this.#leader.drop(this, 'its snapshot broke off');
    this.say({ kind: 'chunk', ...chunk });
    if (!chunk.last || this.#snapshotBase === undefined) return;
    this.#chunksEnd = true;
    // The records behind the base must not be purged before they are sent: the snapshot stays open until then.
    this.#forward(this.#snapshotBase);
  }

  /** @returns false when no chunk is under way */
  chunkStaged(): boolean {
    if (this.#chunksOut === 0) return false;
    this.#chunksOut--;
    if (this.phase === 'snapshot') this.#readChunks();
    return true;
  }

  #closeSnapshot(): void {
    if (this.#snapshot === undefined) return;
    disk(this.#context, { kind: 'snapshotClose', token: this.#snapshot });
    this.#snapshot = undefined;
  }

  // --- records ---------------------------------------------------------------------------------------------------

  /** Sends what the learner is to have and does not have yet, as far as its window reaches. */
  pump(): void {
    if (this.phase !== 'forwarding' && this.phase !== 'synced') return;
    const { history, settings } = this.#context;
    for (;;) {
      if (!this.#newLeaderSent && this.#cursor === this.#target?.index) this.#sendNewLeader(this.#target);
      const goal = this.#newLeaderSent
        ? this.#leader.targetFor(this.observer).index
        : (this.#target?.index ?? 0);
      if (this.#cursor >= goal || this.#read !== undefined) return;
      if (this.#newLeaderSent && this.#inFlightBytes > settings.windowBytes) return;
      const batch = history.after(this.#cursor, goal);
      if (batch === undefined) {
        this.#read = this.#context.newToken();
        disk(this.#context, { kind: 'read', token: this.#read, after: this.#cursor, bytes: READ_BYTES });
        return;
      }
      this.#sendRecords(batch);
    }
  }

  #sendRecords(batch: LogBatch): void {
    let count = 0;
    while (count < this.#answers.length && (this.#answers[count]?.index ?? Infinity) <= batch.last.index)
      count++;
    this.say({ kind: 'records', batch, answers: this.#answers.splice(0, count) });
    this.#cursor = batch.last.index;
    this.#inFlight.push({ index: batch.last.index, bytes: batch.bytes.byteLength, at: this.#context.now });
    this.#inFlightBytes += batch.bytes.byteLength;
  }

  #sendNewLeader(tail: LogMark): void {
    this.#newLeaderSent = true;
    this.#closeSnapshot();
    this.say({ kind: 'newLeader', epoch: this.#leader.epoch, tail, secret: this.#context.secret });
  }

  #readDone(batch: LogBatch | undefined): void {
    this.#read = undefined;
    if (batch === undefined) {
      // They were purged meanwhile. Once proposals flow there is no way back but to join anew.
      if (this.#newLeaderSent || this.#snapshotBase !== undefined)
        return this.#leader.drop(this, 'the records it lacks are not in the log any more');
      return this.startSnapshot();
    }
    const goal = this.#newLeaderSent
      ? this.#leader.targetFor(this.observer).index
      : (this.#target?.index ?? 0);
    // Read for a voter that a reconfig has made an observer meanwhile: it has more already than it is to have.
    if (goal <= this.#cursor) return;
    if (batch.last.index > goal) {
      const part = this.#context.history.after(this.#cursor, goal);
      if (part !== undefined) this.#sendRecords(part);
      else this.#sendRecords(slice(batch, this.#cursor, goal));
    } else this.#sendRecords(batch);
    this.pump();
  }

  // --- acknowledgements ------------------------------------------------------------------------------------------

  /** @returns false for an ack(e',0) that cannot be */
  acknowledgeNewLeader(): boolean {
    if (this.phase !== 'forwarding' || !this.#newLeaderSent || this.#target === undefined) return false;
    this.phase = 'synced';
    note(this.#context, {
      kind: 'learnerSynced',
      learner: this.peer,
      tookMs: this.#context.now - this.#startedAt,
    });
    this.#acknowledge(this.#target.index);
    return true;
  }

  /** @returns false for an ack of what was not sent */
  acknowledge(index: number): boolean {
    if (this.phase !== 'synced' || index > this.#cursor) return false;
    this.#acknowledge(index);
    this.pump();
    return true;
  }

  #acknowledge(index: number): void {
    if (index > this.match) this.match = index;
    let done = 0;
    for (const sent of this.#inFlight) {
      if (sent.index > this.match) break;
      this.#inFlightBytes -= sent.bytes;
      done++;
    }
    if (done > 0) this.#inFlight.splice(0, done);
  }

  // --- the rest --------------------------------------------------------------------------------------------------

  tick(now: number): void {
    if (this.#retryAt !== undefined && now >= this.#retryAt) {
      this.phase = 'locating';
      this.startSnapshot(this.#fallback);
    }
  }

  done(input: DiskInput): void {
    if (input.kind === 'found' && input.token === this.#find) {
      this.#find = undefined;
      this.#located(input.mark);
    } else if (input.kind === 'read' && input.token === this.#read) this.#readDone(input.batch);
    else if (input.kind === 'snapshotOpened' && input.token === this.#snapshot)
      this.#snapshotOpened(input.base);
    else if (input.kind === 'snapshotChunk' && input.token === this.#snapshot)
      this.#snapshotChunk(input.chunk);
  }

  /** The link is given up. */
  close(): void {
    this.#closeSnapshot();
    this.phase = 'new';
  }
}
