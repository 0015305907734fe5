/**
 * Drives one `QuorumPeer` message by message, in the manner of ZooKeeper's Zab1_0Test: a test says what the others say,
 * when the disk is done and how time goes by, and looks at what came of it, one line per effect. The engine above is a
 * list of what it was told; the disk is a model that answers when it is asked to.
 */
import type { LogRecord } from '../../../src/codec/index.js';
import {
  Configuration,
  LOG_START,
  QuorumPeer,
  type Asker,
  type DiskInput,
  type DiskOp,
  type Epochs,
  type FromLeader,
  type FromLearner,
  type LinkId,
  type LogMark,
  type Notification,
  type PeerMessage,
  type PeerOutput,
  type PeerSettings,
  type ServerId,
  type StateMachine,
} from '../../../src/zab/index.js';
import { ZXID_ZERO, type SessionId } from '../../../src/types/index.js';
import { SECRET, batchOf, markLine, messageLine, recordsOf, type Rec } from './peerLines.js';

export interface PeerOptions {
  /** `myid`. @default 1 */
  readonly id?: ServerId;
  /** Participants. @default 1, 2 and 3 */
  readonly voters?: readonly ServerId[];
  readonly observers?: readonly ServerId[];
  readonly configuration?: Configuration;
  readonly epochs?: readonly [accepted: number, current: number];
  readonly log?: readonly Rec[];
  /** So many records of the log were purged. They are applied. */
  readonly purged?: number;
  /** So many records are applied. */
  readonly applied?: number;
  readonly suspect?: boolean;
  readonly trustBlank?: boolean;
  readonly needsSnapshot?: boolean;
  readonly settings?: Partial<PeerSettings>;
  /** What every record brings that brings a configuration. */
  readonly next?: Configuration;
  /** What every text of a configuration in a vote says. */
  readonly told?: Configuration;
  /** The configuration in every snapshot. */
  readonly inSnapshots?: Configuration;
}

/** The times of zab.md 1.11, with room for everything. */
export const peerTimes: Omit<PeerSettings, 'id' | 'configuration'> = {
  heartbeatMs: 150,
  leaseMs: 1200,
  peerTimeoutMs: 1500,
  discoveryTimeoutMs: 2000,
  finalizeWaitMs: 50,
  syncStallMs: 5000,
  windowBytes: 4 * 1024 * 1024,
  cacheBytes: 1024 * 1024,
  snapThresholdBytes: 16 * 1024 * 1024,
};

/** A vote as others say it; of the first round unless told otherwise. */
export function vote(leader: ServerId, of: Partial<Notification> = {}): Notification {
  return {
    state: 'looking',
    leader,
    zxid: ZXID_ZERO,
    peerEpoch: 0,
    round: 1,
    configVersion: ZXID_ZERO,
    blank: false,
    leaderBlank: false,
    ...of,
  };
}

export function ensembleOf(
  voters: readonly ServerId[] = [1, 2, 3],
  observers: readonly ServerId[] = [],
): Configuration {
  return new Configuration([
    ...voters.map((id) => ({ id, role: 'participant' as const })),
    ...observers.map((id) => ({ id, role: 'observer' as const })),
  ]);
}

export class PeerHost implements StateMachine {
  readonly peer: QuorumPeer;
  now = 1000;
  /** What is on disk. */
  log: Rec[];
  logStart: LogMark = LOG_START;
  epochs: Epochs;
  /** Where an opened snapshot stands; undefined: none can be had now. */
  snapshotBase: LogMark | undefined;
  snapshotChunks = 1;
  openSnapshots = 0;
  /** Staged chunks turn out damaged. */
  damaged = false;
  /** How often a snapshot was about to take the place of the state. */
  replacements = 0;
  appliedIndex: number;
  sessionsTouched: SessionId[] = [];
  /** Sessions that learners touched. */
  readonly heard: SessionId[] = [];
  readonly forwardedTo: { asker: Asker; message: FromLearner }[] = [];
  readonly #options: PeerOptions;
  readonly #out: PeerOutput = { disk: [], packets: [], notifications: [], links: [], peerNotes: [] };
  #pending: DiskOp[] = [];
  #lines: string[] = [];
  #chunksRead = 0;

  constructor(options: PeerOptions = {}) {
    this.#options = options;
    this.log = [...(options.log ?? [])];
    const [acceptedEpoch, currentEpoch] = options.epochs ?? [0, 0];
    this.epochs = { acceptedEpoch, currentEpoch };
    this.appliedIndex = options.applied ?? options.purged ?? 0;
    const id = options.id ?? 1;
    const configuration = options.configuration ?? ensembleOf(options.voters, options.observers);
    this.peer = new QuorumPeer(
      { ...peerTimes, id, configuration, ...options.settings },
      this,
      () => this.#out,
    );
    const applied = this.log[this.appliedIndex - 1]?.mark ?? LOG_START;
    this.logStart = this.log[(options.purged ?? 0) - 1]?.mark ?? LOG_START;
    this.snapshotBase = applied;
    // A server without its tree has no state that the log could be replayed to.
    if (options.needsSnapshot === true) {
      this.appliedIndex = 0;
      this.peer.restored(LOG_START);
      return;
    }
    this.peer.restored(applied);
    if (this.log.length > this.appliedIndex) this.peer.known(batchOf(this.log.slice(this.appliedIndex)));
  }

  get tail(): LogMark {
    return this.log.at(-1)?.mark ?? this.logStart;
  }

  // --- what happens to it ------------------------------------------------------------------------------------------

  start(): this {
    const { suspect = false, trustBlank = false, needsSnapshot = false } = this.#options;
    const { epochs, logStart, tail, now } = this;
    const flags = { suspect, trustBlank, needsSnapshot };
    this.peer.start({ kind: 'start', epochs, logStart, tail, ...flags, secret: SECRET, now, time: 0n });
    this.#turn();
    return this;
  }

  /** Everyone has an election link, and everyone wants this server to lead: it does. Nothing of it is shown. */
  elected(): this {
    return this.start().again();
  }

  /** As `elected`, for a server that looks once more. */
  again(): this {
    for (const from of this.#others()) {
      this.peer.network({ kind: 'electionLink', peer: from, up: true });
      const { round } = this.#lastVote ?? vote(0);
      const own = { zxid: this.tail.zxid, peerEpoch: this.epochs.currentEpoch, round };
      this.notified(from, vote(this.peer.settings.id, { ...own, leaderBlank: this.#isBlank }));
    }
    if (this.peer.role !== 'leading') throw new Error('It was not elected.');
    this.take();
    return this;
  }

  /** Those of the others that are voters lead and follow already: it joins them. Nothing of it is shown. */
  joining(leader: ServerId): this {
    this.start();
    for (const from of this.#others()) {
      this.peer.network({ kind: 'electionLink', peer: from, up: true });
      const state = from === leader ? 'leading' : 'following';
      this.notified(from, vote(leader, { state, peerEpoch: 1, round: 7 }));
    }
    const lines = this.take();
    if (!lines.includes(`dial ${leader}`)) throw new Error(`It does not join: ${lines.join('; ')}.`);
    return this;
  }

  #others(): ServerId[] {
    const { configuration, id } = this.peer.settings;
    return configuration.voters.filter((voter) => voter !== id);
  }

  #lastVote: Notification | undefined;

  get #isBlank(): boolean {
    return this.epochs.currentEpoch === 0 && this.tail.index === 0 && this.#options.trustBlank !== true;
  }

  notified(from: ServerId, notification: Notification): this {
    this.peer.network({ kind: 'notification', from, notification });
    return this.#turn();
  }

  electionLink(peer: ServerId, up: boolean): this {
    this.peer.network({ kind: 'electionLink', peer, up });
    return this.#turn();
  }

  /** A learner opens a link, which has the number `link`. */
  linked(link: LinkId, peer: ServerId): this {
    this.peer.network({ kind: 'linkUp', link, peer, dialled: false });
    return this.#turn();
  }

  /** The dial of this server comes through. */
  connected(link: LinkId, peer: ServerId): this {
    this.peer.network({ kind: 'linkUp', link, peer, dialled: true });
    return this.#turn();
  }

  dialFailed(peer: ServerId): this {
    this.peer.network({ kind: 'dialFailed', peer });
    return this.#turn();
  }

  linkDown(link: LinkId): this {
    this.peer.network({ kind: 'linkDown', link });
    return this.#turn();
  }

  /** Messages come over a link, each in a turn of its own. */
  hears(link: LinkId, ...messages: readonly PeerMessage[]): this {
    for (const message of messages) {
      this.peer.network({ kind: 'packet', link, message });
      this.#turn();
    }
    return this;
  }

  /** Time goes by, in ticks of 10 ms. */
  wait(ms: number): this {
    const end = this.now + ms;
    while (this.now < end) {
      this.now = Math.min(end, this.now + 10);
      this.peer.tick(this.now);
      this.#turn();
    }
    return this;
  }

  /** SIGTERM. */
  terminate(): this {
    this.peer.stop();
    return this.#turn();
  }

  /** As leader: numbers so many txns, in one turn. */
  propose(count = 1, asker?: Asker): this {
    for (let i = 0; i < count; i++)
      this.peer.propose(5, (w) => w.raw(Buffer.from(String(this.peer.nextZxid))), asker);
    return this.#turn();
  }

  sync(token: number): this {
    this.peer.sync(token);
    return this.#turn();
  }

  logFails(): this {
    this.#pending = [];
    this.peer.disk({ kind: 'logFailed' });
    return this.#turn();
  }

  // --- the disk ----------------------------------------------------------------------------------------------------

  /** The disk does all it was asked to, and all that follows from that; or, told so, only the first `most` of it. */
  disk(most = Infinity): this {
    for (let done = 0; done < most; done++) {
      const op = this.#pending.shift();
      if (op === undefined) break;
      const answer = this.#perform(op);
      if (answer !== undefined) this.peer.disk(answer);
      this.#turn();
    }
    return this;
  }

  /** What the disk was asked and has not done, by kind. */
  get pending(): string[] {
    return this.#pending.map(({ kind }) => kind);
  }

  #perform(op: DiskOp): DiskInput | undefined {
    switch (op.kind) {
      case 'append':
        this.#append(recordsOf(op.batch));
        return { kind: 'persisted', mark: this.tail };
      case 'epochs':
        this.epochs = op.epochs;
        return { kind: 'epochsDurable', token: op.token, epochs: op.epochs };
      case 'synchronise':
        if (op.install !== undefined) {
          this.log = [];
          this.logStart = op.install;
          this.appliedIndex = op.install.index;
          if (this.#options.inSnapshots !== undefined)
            this.peer.configurationRestored(this.#options.inSnapshots);
        }
        if (op.truncate !== undefined) this.#truncate(op.truncate);
        for (const batch of op.batches) this.#append(recordsOf(batch));
        this.epochs = op.epochs ?? this.epochs;
        return { kind: 'synchronised', token: op.token };
      case 'fence':
        return { kind: 'fenced', token: op.token, tail: this.tail };
      case 'find': {
        const marks = [this.logStart, ...this.log.map(({ mark }) => mark)];
        const before = marks.filter((mark) => mark.zxid <= op.zxid && mark.index >= this.logStart.index);
        return { kind: 'found', token: op.token, mark: before.at(-1) };
      }
      case 'read': {
        const found = this.log.filter(({ mark }) => mark.index > op.after);
        const has = op.after >= this.logStart.index && found.length > 0;
        return { kind: 'read', token: op.token, batch: has ? batchOf(found) : undefined };
      }
      case 'snapshotOpen':
        this.#chunksRead = 0;
        if (this.snapshotBase !== undefined) this.openSnapshots++;
        return { kind: 'snapshotOpened', token: op.token, base: this.snapshotBase };
      case 'snapshotRead': {
        this.#chunksRead++;
        if (this.#chunksRead > this.snapshotChunks) return undefined;
        const last = this.#chunksRead === this.snapshotChunks;
        return { kind: 'snapshotChunk', token: op.token, chunk: { bytes: Buffer.from('chunk'), last } };
      }
      case 'snapshotClose':
        this.openSnapshots--;
        return undefined;
      case 'stage':
        return { kind: 'staged', token: op.token, ok: !this.damaged };
      case 'unstage':
        return undefined;
    }
  }

  #append(records: readonly Rec[]): void {
    for (const record of records) {
      if (record.mark.index !== this.tail.index + 1) throw new Error('A record does not follow on disk.');
      this.log.push(record);
    }
  }

  #truncate({ index }: LogMark): void {
    if (index < this.appliedIndex) throw new Error('What is applied is cut off.');
    this.log = this.log.filter(({ mark }) => mark.index <= index);
  }

  // --- what came of it ---------------------------------------------------------------------------------------------

  /** Effects since the last call, one line each, in the order in which the host performs them. */
  take(): string[] {
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }

  /** As `take`, without votes and what is only told to the operator; alarms stay. */
  said(): string[] {
    return this.take().filter((line) => !/^(vote|note (?!alarm))/.test(line));
  }

  #turn(): this {
    this.peer.endTurn();
    const { disk, packets, notifications, links, peerNotes } = this.#out;
    for (const op of disk) {
      this.#pending.push(op);
      this.#lines.push(diskLine(op));
    }
    for (const { link, message } of packets) this.#lines.push(`${link} < ${messageLine(message)}`);
    for (const { to, notification } of notifications) {
      this.#lastVote = notification;
      this.#lines.push(voteLine(to, notification));
    }
    for (const op of links) this.#lines.push(op.kind === 'dial' ? `dial ${op.peer}` : `close ${op.link}`);
    for (const note of peerNotes)
      this.#lines.push(`note ${note.kind}${'why' in note ? `: ${note.why}` : ''}`);
    for (const list of [disk, packets, notifications, links, peerNotes]) list.length = 0;
    // Nobody waits for the fence but the election: it is through at once.
    if (this.#pending.length === 1 && this.#pending[0]?.kind === 'fence') this.disk();
    return this;
  }

  // --- as state machine --------------------------------------------------------------------------------------------

  configurationIn(): Configuration | undefined {
    return this.#options.told;
  }

  replaced(): void {
    this.replacements++;
  }

  isReadable({ payload }: LogRecord): boolean {
    return !payload.includes('?');
  }

  configurationOf(): Configuration | undefined {
    return this.#options.next;
  }

  commit(index: number): void {
    if (index > this.appliedIndex) this.#lines.push(`apply ${index}`);
    this.peer.configurationApplied(index);
    this.appliedIndex = Math.max(index, this.appliedIndex);
  }

  serve(role: string, epoch: number): void {
    this.#lines.push(`serve ${role} ${epoch}`);
  }

  stop(goesOn: boolean): void {
    this.#lines.push(goesOn ? 'stop' : 'stop for good');
  }

  forwarded(asker: Asker, message: FromLearner): void {
    this.forwardedTo.push({ asker, message });
    this.#lines.push(`forwarded ${message.kind} of ${asker.learner}`);
  }

  touched(sessions: readonly SessionId[]): void {
    this.heard.push(...sessions);
  }

  confirmed(token: number, index: number): void {
    this.#lines.push(`confirmed ${token} at ${index}`);
  }

  answers(): void {
    this.#lines.push('answers');
  }

  answered(message: FromLeader): void {
    this.#lines.push(`answered ${message.kind}`);
  }

  takeTouched(): SessionId[] {
    return this.sessionsTouched.splice(0);
  }
}

function diskLine(op: DiskOp): string {
  switch (op.kind) {
    case 'append':
      return `disk append ${rangeOf(op.batch)}`;
    case 'epochs':
      return `disk epochs ${epochsLine(op.epochs)}`;
    case 'synchronise': {
      const parts = ['disk synchronise'];
      if (op.truncate !== undefined) parts.push(`cut ${markLine(op.truncate)}`);
      if (op.install !== undefined) parts.push(`install ${markLine(op.install)}`);
      for (const batch of op.batches) parts.push(rangeOf(batch));
      if (op.epochs !== undefined) parts.push(`epochs ${epochsLine(op.epochs)}`);
      return parts.join(' ');
    }
    case 'find':
      return 'disk find';
    case 'read':
      return `disk read ${op.after + 1}..`;
    case 'stage':
      return `disk stage${op.first ? ' first' : ''}${op.last ? ' last' : ''}`;
    default:
      return `disk ${op.kind}`;
  }
}

function epochsLine({ acceptedEpoch, currentEpoch }: Epochs): string {
  return `${acceptedEpoch}/${currentEpoch}`;
}

function rangeOf({ count, last }: { readonly count: number; readonly last: LogMark }): string {
  return `${last.index - count + 1}..${last.index}`;
}

function voteLine(to: ServerId, { state, leader, round, peerEpoch }: Notification): string {
  return `vote to ${to}: ${state} ${leader} epoch ${peerEpoch} round ${round}`;
}
