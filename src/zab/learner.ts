/**
 * A follower or observer: finds its leader, takes over its history, then logs and acknowledges what it proposes
 * (zab.md 1.4 to 1.6). Nothing it says to the leader runs ahead of its disk:
 *   ackEpoch      behind acceptedEpoch
 *   ackNewLeader  behind truncation or snapshot, the records up to T, and currentEpoch, in that order
 *   ack           behind the records
 */
import { epochOf } from '../types/index.js';
import { checkedRecords } from './batchCheck.js';
import { disk, EPOCH_STEP_MAX, isVoter, note, send, trace, type PeerContext } from './context.js';
import { sameMark, type LogBatch, type LogMark } from './mark.js';
import type { ServerId, ToLeader, ToLearner } from './messages.js';
import type { DiskInput, LinkId, Token } from './ports.js';
import { ownCopy, recordsIn } from './records.js';

const REDIAL_MS_MIN = 20;
/** Records of a synchronisation that are written in one transaction. */
const SYNC_BYTES_MAX = 16 * 1024 * 1024;

type Phase =
  | 'dialling'
  /** followerInfo is sent. */
  | 'info'
  /** acceptedEpoch is on its way to disk. */
  | 'promising'
  /** Taking over the leader's history. */
  | 'synchronising'
  /** It is on its way to disk. */
  | 'saving'
  /** ackNewLeader is sent. */
  | 'saved'
  | 'serving';

export class Learner {
  readonly leader: ServerId;
  readonly #context: PeerContext;
  readonly #observer: boolean;
  readonly #startedAt: number;
  #phase: Phase = 'dialling';
  #link: LinkId | undefined;
  #redialAt: number | undefined;
  #redialMs = REDIAL_MS_MIN;
  #heardAt: number;
  #epoch = 0;
  #token: Token | undefined;
  #stageToken: Token | undefined;
  #epochsToken: Token | undefined;

  // Synchronisation: what was taken and is not handed to the disk yet.
  #mode: 'diff' | 'trunc' | 'snap' | 'refused' | undefined;
  #truncate: LogMark | undefined;
  #base: LogMark | undefined;
  #baseStaged = false;
  #chunks = 0;
  /** Chunks on their way to the stage. */
  #staging = 0;
  /** What came behind a snapshot that is not staged yet, NEWLEADER first. */
  #deferred: ToLearner[] | undefined;
  #taken: LogBatch[] = [];
  #takenBytes = 0;
  #end: LogMark;
  #newLeader: Extract<ToLearner, { kind: 'newLeader' }> | undefined;

  #commit = 0;
  #acked = 0;

  constructor(context: PeerContext, leader: ServerId) {
    this.#context = context;
    this.leader = leader;
    this.#observer = !isVoter(context, context.settings.id);
    this.#startedAt = this.#heardAt = context.now;
    this.#end = context.history.tail;
    this.#dial();
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** To the leader, for the engine. @returns false when there is no way to it */
  send(message: ToLeader): boolean {
    if (this.#link === undefined || this.#phase !== 'serving') return false;
    send(this.#context, this.#link, message);
    return true;
  }

  // --- links -----------------------------------------------------------------------------------------------------

  linkUp(link: LinkId): void {
    if (this.#phase !== 'dialling') {
      this.#context.out.links.push({ kind: 'close', link });
      return;
    }
    const { epochs, configurations, blank, suspect } = this.#context;
    this.#link = link;
    // The failure of an earlier dial may have been told in between: this link is the one.
    this.#redialAt = undefined;
    this.#phase = 'info';
    this.#heardAt = this.#context.now;
    this.#say({
      kind: 'followerInfo',
      acceptedEpoch: epochs.acceptedEpoch,
      observer: this.#observer,
      configVersion: configurations[0]?.version ?? this.#end.zxid,
      blank,
      suspect,
    });
  }

  linkDown(link: LinkId): void {
    if (link !== this.#link) return;
    this.#link = undefined;
    if (this.#phase === 'info') return this.#redial();
    this.#context.leave('the leader closed the link');
  }

  dialFailed(): void {
    if (this.#phase === 'dialling') this.#redial();
  }

  #dial(): void {
    this.#redialAt = undefined;
    this.#phase = 'dialling';
    this.#context.out.links.push({ kind: 'dial', peer: this.leader });
  }

  /** It may still be deciding; but if its election port is closed as well, it is gone. */
  #redial(): void {
    if (!this.#context.election.isUp(this.leader))
      return this.#context.leave('the elected leader is not there');
    this.#phase = 'dialling';
    this.#redialAt = this.#context.now + this.#redialMs;
    this.#redialMs *= 2;
  }

  close(): void {
    if (this.#link !== undefined) this.#context.out.links.push({ kind: 'close', link: this.#link });
    this.#link = undefined;
    if (this.#mode === 'snap') disk(this.#context, { kind: 'unstage' });
  }

  // --- time ------------------------------------------------------------------------------------------------------

  tick(): void {
    const { now, settings } = this.#context;
    if (this.#redialAt !== undefined && now >= this.#redialAt) this.#dial();
    const silent = now - this.#heardAt;
    switch (this.#phase) {
      case 'dialling':
      case 'info':
      case 'promising':
        if (now - this.#startedAt > settings.discoveryTimeoutMs)
          this.#context.leave('the elected leader does not lead');
        return;
      case 'synchronising':
      case 'saving':
      case 'saved':
        if (silent > settings.syncStallMs) this.#context.leave('synchronisation stands still');
        return;
      case 'serving':
        if (silent > settings.peerTimeoutMs) this.#context.leave('the leader is silent');
        return;
    }
  }

  // --- messages --------------------------------------------------------------------------------------------------

  receive(link: LinkId, message: ToLearner): void {
    if (link !== this.#link) return;
    this.#heardAt = this.#context.now;
    if (this.#deferred !== undefined) this.#deferred.push(message);
    else this.#take(message);
  }

  #take(message: ToLearner): void {
    switch (message.kind) {
      case 'leaderInfo':
        return this.#leaderInfo(message.epoch);
      case 'diff':
      case 'trunc':
      case 'snap':
        return this.#begin(message);
      case 'chunk':
        return this.#chunk(message);
      case 'records':
        return this.#records(message);
      case 'newLeader':
        return this.#takeNewLeader(message);
      case 'upToDate':
        if (this.#phase !== 'saved') return this.#outOfPhase(message);
        return this.#upToDate(message.commit);
      case 'commit':
        if (this.#phase !== 'serving') return this.#outOfPhase(message);
        return this.#committed(message.index);
      case 'ping':
        if (this.#phase !== 'serving') return this.#outOfPhase(message);
        this.#committed(message.commit);
        this.#say({
          kind: 'pong',
          beat: message.beat,
          touched: this.#context.state.takeTouched(),
          applied: this.#context.state.appliedIndex,
        });
        return;
      case 'handOver':
        return this.#context.leave('the leader hands over');
      case 'revalidated':
      case 'synced':
        return this.#context.state.answered(message);
    }
  }

  #leaderInfo(epoch: number): void {
    if (this.#phase !== 'info') return this.#outOfPhase({ kind: 'leaderInfo' });
    const { acceptedEpoch, currentEpoch } = this.#context.epochs;
    if (epoch > acceptedEpoch + EPOCH_STEP_MAX) {
      this.#alarm(`the leader wants epoch ${epoch} promised`);
      return this.#context.leave('its epoch is absurd');
    }
    this.#epoch = epoch;
    if (epoch < acceptedEpoch)
      return this.#context.leave(`epoch ${epoch} is over, ${acceptedEpoch} was promised`);
    if (epoch === acceptedEpoch) return this.#ackEpoch(false);
    this.#phase = 'promising';
    this.#epochsToken = this.#context.newToken();
    disk(this.#context, {
      kind: 'epochs',
      token: this.#epochsToken,
      epochs: { acceptedEpoch: epoch, currentEpoch },
    });
  }

  epochsDurable(token: Token): void {
    if (token === this.#epochsToken) this.#ackEpoch(true);
  }

  #ackEpoch(counts: boolean): void {
    this.#phase = 'synchronising';
    const { epochs, history } = this.#context;
    this.#end = history.durable;
    this.#say({ kind: 'ackEpoch', currentEpoch: epochs.currentEpoch, tail: history.durable, counts });
  }

  // --- synchronisation -------------------------------------------------------------------------------------------

  #begin(message: Extract<ToLearner, { kind: 'diff' | 'trunc' | 'snap' }>): void {
    if (this.#phase !== 'synchronising' || this.#mode === 'snap') return this.#outOfPhase(message);
    const { history, state } = this.#context;
    if (message.kind === 'snap') {
      this.#mode = 'snap';
      this.#base = message.base;
      this.#end = message.base;
      this.#truncate = undefined;
      return;
    }
    if (this.#mode !== undefined) return this.#outOfPhase(message);
    if (this.#context.needsSnapshot) return this.#refuse();
    const to = message.kind === 'diff' ? message.from : message.to;
    if (message.kind === 'trunc' && to.index < state.appliedIndex) {
      this.#alarm(
        `the leader wants records removed that are applied here (${to.index} < ${state.appliedIndex})`,
      );
      return this.#context.leave('the leader would remove committed records');
    }
    const mine = message.kind === 'diff' ? history.tail : history.markAt(to.index);
    if (mine === undefined || !sameMark(mine, to)) {
      this.#alarm(`the leader's log and this one differ at record ${to.index}`);
      return this.#refuse();
    }
    this.#mode = message.kind;
    this.#truncate = message.kind === 'trunc' ? to : undefined;
    this.#end = to;
  }

  /** Only a snapshot will do; what is on its way already is of no use. */
  #refuse(): void {
    this.#mode = 'refused';
    this.#say({ kind: 'wantSnapshot' });
  }

  #chunk({ bytes, last }: Extract<ToLearner, { kind: 'chunk' }>): void {
    if (this.#phase !== 'synchronising' || this.#base === undefined || this.#baseStaged)
      return this.#outOfPhase({ kind: 'chunk' });
    this.#stageToken = this.#context.newToken();
    const first = this.#chunks++ === 0;
    this.#staging++;
    disk(this.#context, { kind: 'stage', token: this.#stageToken, base: this.#base, bytes, first, last });
    this.#baseStaged = last;
  }

  staged(token: Token, ok: boolean): void {
    if (this.#base === undefined || this.#stageToken === undefined || token > this.#stageToken) return;
    if (!ok) {
      this.#alarm('the snapshot cannot be stored: it is damaged, or there is no space for it');
      return this.#context.leave('the snapshot cannot be stored');
    }
    this.#heardAt = this.#context.now;
    this.#say({ kind: 'chunkStaged' });
    this.#staging--;
    const deferred = this.#staging > 0 ? undefined : this.#deferred;
    if (deferred === undefined) return;
    this.#deferred = undefined;
    const link = this.#link;
    for (const message of deferred) if (this.#link === link) this.#take(message);
  }

  #records({ batch, answers }: Extract<ToLearner, { kind: 'records' }>): void {
    if (this.#mode === 'refused') return;
    const proposal = this.#newLeader !== undefined;
    if (!proposal && (this.#mode === undefined || (this.#mode === 'snap' && !this.#baseStaged)))
      return this.#outOfPhase({ kind: 'records' });
    const before = proposal ? this.#context.history.tail : this.#end;
    const records = checkedRecords(before, batch, this.#context.state);
    if (typeof records === 'string') {
      this.#alarm(records);
      return this.#context.leave('the leader sent a record that cannot be taken');
    }
    const { last } = batch;
    if (proposal && epochOf(last.zxid) !== this.#epoch) return this.#outOfPhase({ kind: 'records' });
    if (proposal) {
      // The message's bytes are this server's own; the disk gives its copy away to another thread.
      this.#context.history.append(batch);
      // Not before all of them are taken: a configuration counts from its place in the log on, and there it must be.
      for (const record of records) this.#context.logged(record);
      disk(this.#context, { kind: 'append', batch: { ...batch, bytes: ownCopy(batch.bytes) } });
      if (answers.length > 0) this.#context.state.answers(answers);
      return;
    }
    this.#end = last;
    this.#taken.push(batch);
    this.#takenBytes += batch.bytes.byteLength;
    // A snapshot and what follows it are one step (zab.md 7.6); records behind the own log may come in several.
    const most = this.#context.settings.syncBytesMax ?? SYNC_BYTES_MAX;
    if (this.#takenBytes > most && this.#mode !== 'snap') this.#write(false);
  }

  #takeNewLeader(message: Extract<ToLearner, { kind: 'newLeader' }>): void {
    if (this.#mode === 'refused') return;
    if (
      this.#phase !== 'synchronising' ||
      this.#mode === undefined ||
      (this.#mode === 'snap' && !this.#baseStaged)
    )
      return this.#outOfPhase(message);
    // Only what is staged can be installed.
    if (this.#staging > 0) {
      this.#deferred = [message];
      return;
    }
    if (message.epoch !== this.#epoch || !sameMark(message.tail, this.#end)) {
      this.#alarm(`the leader's history ends at ${message.tail.index}, what it sent at ${this.#end.index}`);
      return this.#context.leave('the leader sent less than it said');
    }
    this.#newLeader = message;
    this.#phase = 'saving';
    this.#write(true);
  }

  /** Everything taken so far goes to disk in one transaction; the epoch with the last part only. */
  #write(complete: boolean): void {
    const { history, epochs } = this.#context;
    const install = this.#mode === 'snap' ? this.#base : undefined;
    if (install !== undefined) {
      history.restart(install, install);
      this.#context.state.replaced();
      // Nothing of the former log stays, not even what lies before the snapshot.
      this.#context.truncated(0);
      trace(this.#context, { kind: 'installed', base: install });
    } else if (this.#truncate !== undefined) {
      history.truncate(this.#truncate);
      this.#context.truncated(this.#truncate.index);
      trace(this.#context, { kind: 'truncated', to: this.#truncate });
    }
    for (const batch of this.#taken) {
      history.append(batch);
      for (const record of recordsIn(batch.bytes)) this.#context.logged(record);
    }
    const token = this.#context.newToken();
    if (complete) this.#token = token;
    const saved = { acceptedEpoch: Math.max(epochs.acceptedEpoch, this.#epoch), currentEpoch: this.#epoch };
    if (complete) this.#context.savingEpochs(token, saved);
    disk(this.#context, {
      kind: 'synchronise',
      token,
      truncate: this.#truncate,
      install,
      batches: this.#taken.map((batch) => ({ ...batch, bytes: ownCopy(batch.bytes) })),
      epochs: complete ? saved : undefined,
      secret: complete ? this.#newLeader?.secret : undefined,
    });
    this.#taken = [];
    this.#takenBytes = 0;
    this.#truncate = undefined;
  }

  synchronised(token: Token): void {
    if (token !== this.#token || this.#newLeader === undefined) return;
    this.#phase = 'saved';
    this.#heardAt = this.#context.now;
    this.#context.secret = this.#newLeader.secret;
    this.#context.needsSnapshot = false;
    this.#context.history.persisted(this.#newLeader.tail);
    this.#acked = this.#newLeader.tail.index;
    this.#say({ kind: 'ackNewLeader', epoch: this.#epoch });
    this.persisted();
  }

  // --- broadcast -------------------------------------------------------------------------------------------------

  /** More records are on disk. */
  persisted(): void {
    if (this.#phase !== 'saved' && this.#phase !== 'serving') return;
    const { index } = this.#context.history.durable;
    if (index > this.#acked) {
      this.#acked = index;
      this.#say({ kind: 'ack', epoch: this.#epoch, index });
    }
    this.#apply();
  }

  #upToDate(commit: number): void {
    this.#phase = 'serving';
    this.#commit = commit;
    const { state, election } = this.#context;
    election.established(this.#epoch);
    this.#apply();
    const role = this.#observer ? 'observing' : 'following';
    state.serve(role, this.#epoch);
    note(this.#context, { kind: role, epoch: this.#epoch, leader: this.leader });
  }

  #committed(index: number): void {
    if (index > this.#context.history.tail.index) return this.#outOfPhase({ kind: 'commit' });
    if (index <= this.#commit) return;
    this.#commit = index;
    this.#apply();
  }

  #apply(): void {
    if (this.#phase !== 'serving') return;
    const { history, state } = this.#context;
    state.commit(Math.min(this.#commit, history.durable.index));
    history.trim(state.appliedIndex);
  }

  // --- the rest --------------------------------------------------------------------------------------------------

  done(input: DiskInput): void {
    if (input.kind === 'epochsDurable') this.epochsDurable(input.token);
    else if (input.kind === 'synchronised') this.synchronised(input.token);
    else if (input.kind === 'staged') this.staged(input.token, input.ok);
    else if (input.kind === 'persisted') this.persisted();
  }

  #say(message: ToLeader): void {
    if (this.#link !== undefined) send(this.#context, this.#link, message);
  }

  #outOfPhase({ kind }: Pick<ToLearner, 'kind'>): void {
    this.#alarm(`the leader sent ${kind} while this server was ${this.#phase}`);
    this.#context.leave(`the leader sent ${kind} out of order`);
  }

  #alarm(what: string): void {
    note(this.#context, { kind: 'alarm', what });
  }
}
