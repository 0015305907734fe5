/**
 * A few engines that talk to each other over wires without delay, each with a disk that is done at once: what a test
 * of sessions needs of an ensemble. Faults, delays and chance are the simulator's business.
 */
import {
  Writer,
  writeCreateRequest,
  writeDeleteRequest,
  writeSetDataRequest,
} from '../../../src/codec/index.js';
import {
  Engine,
  LOG_START,
  newOutput,
  type ClientEffect,
  type EngineSettings,
  type Input,
} from '../../../src/engine/index.js';
import {
  NO_SESSION,
  OpCode,
  errorName,
  zxidOf,
  type Request,
  type SessionId,
} from '../../../src/types/index.js';
import type { DiskOp, Epochs, LogMark, ServerId, ToLeader } from '../../../src/zab/index.js';
import { ensembleOf, peerTimes } from './peer.js';
import { SECRET, recordsOf, type Rec } from './peerLines.js';
import { defaultSettings } from './world.js';

interface Wire {
  readonly learner: ServerId;
  readonly leader: ServerId;
}

/** One of them. */
class Member {
  readonly engine: Engine;
  readonly out = newOutput();
  readonly log: Rec[] = [];
  epochs: Epochs = { acceptedEpoch: 0, currentEpoch: 0 };
  /** What the disk keeps back. */
  readonly held: DiskOp[] = [];
  holdsDisk = false;
  /** Nobody reaches it. */
  isCutOff = false;

  constructor(
    readonly id: ServerId,
    settings: EngineSettings,
  ) {
    this.engine = new Engine(settings);
  }

  get tail(): LogMark {
    return this.log.at(-1)?.mark ?? LOG_START;
  }
}

export interface ConnectAs {
  readonly session?: SessionId;
  readonly passwordValid?: boolean;
  readonly timeOut?: number;
  readonly lastZxidSeen?: bigint;
  readonly readOnly?: boolean;
}

/** A client of one of the servers. */
export class EnsembleClient {
  session: SessionId = NO_SESSION;
  readonly received: ClientEffect[] = [];
  #taken = 0;
  #nextXid = 1;

  constructor(
    readonly ensemble: Ensemble,
    readonly server: ServerId,
    readonly id: number,
  ) {}

  /** Sends a request, which arrives; nothing else happens. */
  post(request: Request): number {
    const xid = this.#nextXid++;
    const raw = { op: Number(request.type), body: bodyOf(request) };
    this.ensemble.input(this.server, {
      kind: 'request',
      connection: this.id,
      xid,
      request,
      raw,
      time: this.ensemble.time,
    });
    return xid;
  }

  /** Sends a request, and everything that follows from it happens. */
  send(request: Request): this {
    this.post(request);
    this.ensemble.settle();
    return this;
  }

  /** What came since the last call, one line each. */
  take(): string[] {
    const lines = this.received.slice(this.#taken).map(lineOf);
    this.#taken = this.received.length;
    return lines;
  }

  get lastZxid(): bigint {
    const last = this.received.at(-1);
    return last !== undefined && 'zxid' in last ? last.zxid : 0n;
  }

  receive(effect: ClientEffect): void {
    this.received.push(effect);
    if (effect.kind === 'connected') this.session = effect.sessionId;
  }
}

export class Ensemble {
  readonly members = new Map<ServerId, Member>();
  now = 1000;
  readonly #wires = new Map<number, Wire>();
  readonly #clients: EnsembleClient[] = [];
  #queue: { readonly to: ServerId; readonly input: Input; readonly from: ServerId }[] = [];
  #nextLink = 1;

  /**
   * Servers 1 and up; the last of the voters will lead.
   * @param stateless of them, those that lost their tree
   */
  constructor(
    voters = 3,
    overrides: Partial<EngineSettings> = {},
    observers: readonly ServerId[] = [],
    stateless: readonly ServerId[] = [],
  ) {
    const ids = Array.from({ length: voters }, (_, i) => i + 1);
    const configuration = ensembleOf(ids, observers);
    for (const id of [...ids, ...observers]) {
      const peer = { ...peerTimes, id, configuration };
      const settings = { ...times, prepare: defaultSettings, serverId: id, ...overrides, peer };
      this.members.set(id, new Member(id, settings));
    }
    for (const { id, epochs, tail } of this.members.values()) {
      const needsSnapshot = stateless.includes(id);
      const flags = { suspect: needsSnapshot, needsSnapshot, trustBlank: false };
      const clocks = { now: this.now, time: this.time };
      this.input(id, {
        kind: 'start',
        epochs,
        logStart: LOG_START,
        tail,
        ...flags,
        secret: SECRET,
        ...clocks,
      });
    }
    for (const id of this.members.keys()) this.#tellLinks(id, true);
    this.wait(400);
  }

  get time(): bigint {
    return 1_700_000_000_000n + BigInt(this.now);
  }

  engine(id: ServerId): Engine {
    return this.#member(id).engine;
  }

  get leader(): ServerId | undefined {
    return [...this.members.values()].find(({ engine }) => engine.service === 'leading')?.id;
  }

  // --- clients -----------------------------------------------------------------------------------------------------

  connecting(server: ServerId, as: ConnectAs = {}): EnsembleClient {
    const client = new EnsembleClient(this, server, this.#clients.length);
    this.#clients.push(client);
    this.input(server, {
      kind: 'connect',
      connection: client.id,
      sessionId: as.session ?? NO_SESSION,
      passwordValid: as.passwordValid ?? true,
      timeOut: as.timeOut ?? 4000,
      lastZxidSeen: zxidOf(as.lastZxidSeen ?? 0n),
      identities: [{ scheme: 'ip', id: '127.0.0.1' }],
      readOnly: as.readOnly ?? false,
      time: this.time,
    });
    this.settle();
    return client;
  }

  /** A client with a session. */
  connect(server: ServerId, as: ConnectAs = {}): EnsembleClient {
    const client = this.connecting(server, as);
    const lines = client.take();
    if (!lines.includes('connected')) throw new Error(`Not connected: ${lines.join(', ')}.`);
    return client;
  }

  disconnect(client: EnsembleClient): void {
    this.input(client.server, { kind: 'disconnect', connection: client.id });
  }

  // --- servers -----------------------------------------------------------------------------------------------------

  /** One input, without what follows from it elsewhere. */
  input(id: ServerId, input: Input): void {
    const member = this.#member(id);
    member.engine.step(input, member.out);
    member.engine.endTurn(member.out);
    this.#perform(member);
  }

  /** Everything that is on its way arrives. */
  settle(): this {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      const { to, from, input } = next;
      if (this.#member(to).isCutOff || this.#member(from).isCutOff) continue;
      this.input(to, input);
    }
    return this;
  }

  /** Time goes by, in ticks of 10 ms. */
  wait(ms: number): this {
    const end = this.now + ms;
    while (this.now < end) {
      this.now += 10;
      for (const id of this.members.keys()) this.input(id, { kind: 'tick', now: this.now, time: this.time });
      this.settle();
    }
    return this;
  }

  /** Takes a server off the net, and tells everyone that its links are down. */
  cutOff(id: ServerId): this {
    this.#tellLinks(id, false);
    for (const [link, wire] of this.#wires) if (wire.learner === id || wire.leader === id) this.#break(link);
    this.#member(id).isCutOff = true;
    return this;
  }

  /** Takes it back. */
  rejoin(id: ServerId): this {
    this.#member(id).isCutOff = false;
    this.#tellLinks(id, true);
    return this;
  }

  /** A learner says something to its leader that no engine would say. */
  forge(learner: ServerId, message: ToLeader): this {
    for (const [link, wire] of this.#wires)
      if (wire.learner === learner) this.input(wire.leader, { kind: 'packet', link, message });
    return this.settle();
  }

  holdDisk(id: ServerId): this {
    this.#member(id).holdsDisk = true;
    return this;
  }

  releaseDisk(id: ServerId): this {
    const member = this.#member(id);
    member.holdsDisk = false;
    for (const op of member.held.splice(0)) this.#done(member, op);
    return this.settle();
  }

  #member(id: ServerId): Member {
    const member = this.members.get(id);
    if (member === undefined) throw new Error(`There is no server ${id}.`);
    return member;
  }

  #tellLinks(id: ServerId, up: boolean): void {
    for (const { id: other, isCutOff } of this.members.values()) {
      if (other === id || isCutOff) continue;
      this.input(other, { kind: 'electionLink', peer: id, up });
      this.input(id, { kind: 'electionLink', peer: other, up });
    }
  }

  #break(link: number): void {
    const wire = this.#wires.get(link);
    if (wire === undefined) return;
    this.#wires.delete(link);
    this.input(wire.learner, { kind: 'linkDown', link });
    this.input(wire.leader, { kind: 'linkDown', link });
  }

  #perform(member: Member): void {
    const { disk, packets, notifications, links, clients, notes, peerNotes } = member.out;
    const [ops, said, votes, linkOps] = [disk, packets, notifications, links].map((list) =>
      list.splice(0),
    ) as [typeof disk, typeof packets, typeof notifications, typeof links];
    notes.length = peerNotes.length = 0;
    for (const effect of clients.splice(0)) this.#clients[effect.connection]?.receive(effect);
    for (const { link, message } of said) {
      const wire = this.#wires.get(link);
      if (wire === undefined) continue;
      const to = wire.leader === member.id ? wire.learner : wire.leader;
      this.#queue.push({ to, from: member.id, input: { kind: 'packet', link, message } });
    }
    for (const { to, notification } of votes)
      this.#queue.push({
        to,
        from: member.id,
        input: { kind: 'notification', from: member.id, notification },
      });
    for (const op of linkOps) {
      if (op.kind === 'close') this.#break(op.link);
      else this.#dial(member.id, op.peer);
    }
    for (const op of ops) {
      if (member.holdsDisk) member.held.push(op);
      else this.#done(member, op);
    }
  }

  #dial(learner: ServerId, leader: ServerId): void {
    if (this.#member(learner).isCutOff || this.#member(leader).isCutOff)
      return this.input(learner, { kind: 'dialFailed', peer: leader });
    const link = this.#nextLink++;
    this.#wires.set(link, { learner, leader });
    this.#queue.push({
      to: leader,
      from: learner,
      input: { kind: 'linkUp', link, peer: learner, dialled: false },
    });
    this.#queue.push({
      to: learner,
      from: leader,
      input: { kind: 'linkUp', link, peer: leader, dialled: true },
    });
  }

  #done(member: Member, op: DiskOp): void {
    switch (op.kind) {
      case 'append':
        member.log.push(...recordsOf(op.batch));
        return this.input(member.id, { kind: 'persisted', mark: member.tail });
      case 'epochs':
        member.epochs = op.epochs;
        return this.input(member.id, { kind: 'epochsDurable', token: op.token, epochs: op.epochs });
      case 'synchronise': {
        const { truncate } = op;
        if (truncate !== undefined) member.log.splice(truncate.index);
        for (const batch of op.batches) member.log.push(...recordsOf(batch));
        member.epochs = op.epochs ?? member.epochs;
        return this.input(member.id, { kind: 'synchronised', token: op.token });
      }
      case 'fence':
        return this.input(member.id, { kind: 'fenced', token: op.token, tail: member.tail });
      case 'find': {
        const mark = member.log.findLast((record) => record.mark.zxid <= op.zxid)?.mark ?? LOG_START;
        return this.input(member.id, { kind: 'found', token: op.token, mark });
      }
      default:
        throw new Error(`This disk cannot ${op.kind}.`);
    }
  }
}

const times = {
  tickMs: 500,
  sessionTimeoutMsMin: 1000,
  sessionTimeoutMsMax: 40_000,
  containerNeverUsedMsMax: 0,
};

/** The jute body of a write, as a client sends it. */
export function bodyOf(request: Request): Buffer {
  const w = new Writer(64);
  switch (request.type) {
    case OpCode.create:
      writeCreateRequest(w, request.record);
      break;
    case OpCode.setData:
      writeSetDataRequest(w, request.record);
      break;
    case OpCode.delete:
      writeDeleteRequest(w, request.record);
      break;
    default:
      break;
  }
  return w.take();
}

function lineOf(effect: ClientEffect): string {
  switch (effect.kind) {
    case 'reply':
      return `reply ${effect.xid} ${errorName(effect.err) ?? effect.err}`;
    case 'event':
      return `event ${effect.path}`;
    case 'connected':
      return effect.timeOut === 0
        ? 'invalid session'
        : effect.readOnly
          ? 'connected, read only'
          : 'connected';
    case 'close':
      return `close ${effect.reason}`;
  }
}
