/**
 * What only the leader does: checks each write once, against the tree plus what is outstanding, and turns it into a txn
 * (design D1); decides which sessions are over.
 */
import type { ReconfigRequest, TxnHeader } from '../codec/index.js';
import {
  CONFIG,
  Outstanding,
  checkAcl,
  prepare,
  type Identity,
  type InternalRequest,
  type PrepareContext,
} from '../tree/index.js';
import {
  KeeperError,
  NO_SESSION,
  OpCode,
  Perms,
  sessionIdOf,
  writeTxn,
  type SessionId,
  type Txn,
  type WriteRequest,
} from '../types/index.js';
import { Queue } from '../util/index.js';
import type { Asker, Configuration, QuorumPeer, ServerId } from '../zab/index.js';
import type { ConnectionId, Output } from './messages.js';
import type { EngineSettings, Memberships } from './settings.js';
import type { State } from './state.js';
import { ProposalStats } from './proposalStats.js';
import { mayGrow, type Proposal } from './writes.js';

/** Who asks for a write, and where the answer goes. */
export interface Origin {
  readonly identities: readonly Identity[];
  /** A client of this server; undefined for a learner's, and for what the leader asks of itself. */
  readonly connection: ConnectionId | undefined;
  /** A learner that forwards it. */
  readonly asker: Asker | undefined;
  /** Known to one server alone, which vouches for it. */
  readonly localSession: boolean;
}

/** The leader itself. */
export const ITSELF: Origin = {
  identities: [],
  connection: undefined,
  asker: undefined,
  localSession: false,
};

export class Proposer {
  readonly #state: State;
  readonly #settings: EngineSettings;
  readonly #peer: () => QuorumPeer;
  readonly #output: () => Output;
  readonly #proposals = new Queue<Proposal>();
  /** Through which server a session's client speaks; a request that comes through another one is late. */
  readonly #speakers = new Map<SessionId, ServerId>();
  /** Sessions whose creation is proposed and not applied: a follower with a faster disk may know them already. */
  readonly #opening = new Set<SessionId>();
  /** Sessions whose end is proposed and not applied; their creation may not be applied either. */
  readonly #closing = new Set<SessionId>();
  #outstanding: Outstanding;
  #bytes = 0;
  /** What the reconfig under preparation brings. */
  #nextConfiguration: Configuration | undefined;
  readonly stats = new ProposalStats();
  hasRoom = true;

  constructor(state: State, settings: EngineSettings, peer: () => QuorumPeer, output: () => Output) {
    this.#state = state;
    this.#settings = settings;
    this.#peer = peer;
    this.#output = output;
    this.#outstanding = new Outstanding(state.tree);
  }

  /** Txns that are proposed and not applied. */
  get length(): number {
    return this.#proposals.length;
  }

  /** Bytes of their records. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Another leadership, or another tree: nothing is outstanding. */
  reset(): void {
    this.stats.resetSizes();
    this.#proposals.clear();
    this.#bytes = 0;
    this.#speakers.clear();
    this.#opening.clear();
    this.#closing.clear();
    this.#outstanding = new Outstanding(this.#state.tree);
  }

  /** The session exists, or will once what is proposed is applied, and its end is not decided. */
  isOpen(session: SessionId): boolean {
    if (this.#closing.has(session)) return false;
    return this.#state.sessions.isOpen(session) || this.#opening.has(session);
  }

  /** The session's client speaks through this server from now on. */
  speaksThrough(session: SessionId, server: ServerId): void {
    this.#speakers.set(session, server);
  }

  propose(
    session: SessionId,
    cxid: number,
    request: WriteRequest | InternalRequest,
    time: bigint,
    origin: Origin,
  ): void {
    const peer = this.#peer();
    const zxid = peer.nextZxid;
    this.#outstanding.zxid = zxid;
    const txn = this.#prepare(session, request, origin);
    const header: TxnHeader = { clientId: session, cxid, zxid, time, type: txn.type };
    let bytes = 0;
    const mark = peer.propose(
      txn.type,
      (w) => {
        const start = w.length;
        writeTxn(w, header, txn);
        bytes = w.length - start;
      },
      origin.asker,
    );
    this.#bytes += bytes;
    const configuration = this.#takeNextConfiguration();
    if (configuration !== undefined) peer.reconfigure(mark.index, configuration);
    this.stats.note(bytes);
    const { connection } = origin;
    this.#proposals.push({ mark, header, txn, bytes, connection, xid: cxid, op: request.type });
    if (request.type === OpCode.createSession) {
      this.speaksThrough(session, origin.asker?.learner ?? peer.settings.id);
      this.#opening.add(session);
    }
    if (request.type === OpCode.closeSession && txn.type === OpCode.closeSession) {
      this.#closing.add(session);
      this.#state.sessions.markClosing(session);
    }
  }

  /** The proposal of the record `index`; undefined when it was not this leader's. */
  take(index: number): Proposal | undefined {
    const head = this.#proposals.peek();
    if (head?.mark.index !== index) return undefined;
    this.#proposals.shift();
    this.#bytes -= head.bytes;
    this.stats.committed++;
    return head;
  }

  /** The record is applied: the tree itself says what it did. */
  applied({ mark, header, txn }: Proposal): void {
    this.#outstanding.applied(mark.zxid);
    if (txn.type === OpCode.createSession) this.#opening.delete(sessionIdOf(header.clientId));
    if (txn.type === OpCode.closeSession) {
      this.#speakers.delete(sessionIdOf(header.clientId));
      this.#closing.delete(sessionIdOf(header.clientId));
    }
  }

  /** Ends the sessions whose time is over. @param clock up to which all servers told whom they heard of */
  expire(clock: number, time: bigint): void {
    for (const session of this.#state.sessions.expired(clock)) {
      if (this.#closing.has(session)) continue;
      this.#output().notes.push({ kind: 'sessionExpired', sessionId: session });
      this.propose(session, 0, { type: OpCode.closeSession }, time, ITSELF);
    }
  }

  /** Removes containers and TTL znodes whose time has come. */
  reap(time: bigint, most: number): void {
    const neverUsedMsMax = BigInt(this.#settings.containerNeverUsedMsMax);
    const { tree } = this.#state;
    for (const path of tree.reapable(time, neverUsedMsMax, most)) {
      // Something about it is under way: used again, refreshed or going. The next sweep will see what came of it.
      if (this.#outstanding.changes(path)) continue;
      this.propose(NO_SESSION, 0, { type: OpCode.deleteContainer, path }, time, ITSELF);
    }
  }

  /** A write that fails its checks is a txn too: it is answered in order, from confirmed state (design D14). */
  #prepare(session: SessionId, request: WriteRequest | InternalRequest, origin: Origin): Txn {
    const context: PrepareContext = {
      tree: this.#state.tree,
      settings: this.#settings.prepare,
      session,
      identities: origin.identities,
      onQuotaExceeded: (prefix, what) => this.#output().notes.push({ kind: 'quotaExceeded', prefix, what }),
    };
    try {
      if (request.type !== OpCode.createSession && origin !== ITSELF) this.#checkSession(session, origin);
      if (!this.hasRoom && mayGrow(request))
        throw new KeeperError('SYSTEMERROR', undefined, 'the disk is nearly full');
      if (request.type === OpCode.reconfig && this.#settings.memberships !== undefined)
        return this.#reconfigure(this.#settings.memberships, request.record, origin);
      return prepare(this.#outstanding, request, context);
    } catch (error) {
      if (!(error instanceof KeeperError)) throw error;
      return { type: OpCode.error, record: { err: error.wireCode } };
    }
  }

  /** Every check in ZooKeeper's order; the right to do it comes last. */
  #reconfigure(memberships: Memberships, record: ReconfigRequest, { identities }: Origin): Txn {
    if (!this.#settings.prepare.reconfigEnabled) throw new KeeperError('RECONFIGDISABLED');
    const peer = this.#peer();
    if (peer.isReconfiguring) throw new KeeperError('RECONFIGINPROGRESS');
    const current = peer.configuration;
    if (record.curConfigId !== -1n && record.curConfigId !== current.version)
      throw new KeeperError('BADVERSION');
    const { text, configuration } = memberships.next(current, record, peer.nextZxid);
    if (!peer.isQuorumSynced(configuration)) throw new KeeperError('NEWCONFIGNOQUORUM');
    const node = this.#outstanding.node(CONFIG);
    if (node !== undefined) checkAcl(node.acl, Perms.write, identities, this.#settings.prepare.acl, CONFIG);
    this.#nextConfiguration = configuration;
    // ZooKeeper gives this znode the version -1, whatever it had.
    return { type: OpCode.reconfig, record: { path: CONFIG, data: Buffer.from(text), version: -1 } };
  }

  #takeNextConfiguration(): Configuration | undefined {
    const configuration = this.#nextConfiguration;
    this.#nextConfiguration = undefined;
    return configuration;
  }

  #checkSession(session: SessionId, { asker, localSession }: Origin): void {
    if (localSession) return;
    if (!this.isOpen(session)) throw new KeeperError('SESSIONEXPIRED');
    const peer = this.#peer();
    const through = asker?.learner ?? peer.settings.id;
    const speaker = this.#speakers.get(session);
    if (speaker === undefined) this.#speakers.set(session, through);
    else if (speaker !== through) throw new KeeperError('SESSIONMOVED');
  }
}
