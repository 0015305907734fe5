/** Applies what is committed, in order: first the events of a record, then its reply, then what waited behind it. */
import { Reader, type LogRecord, type TxnHeader } from '../codec/index.js';
import type { Change, OpResult } from '../tree/index.js';
import { KeeperError, NO_SESSION, OpCode, readTxn, sessionIdOf, type Txn } from '../types/index.js';
import { assert } from '../util/index.js';
import { markOf, type History, type TraceEvent } from '../zab/index.js';
import type { Clients } from './clients.js';
import type { Forwarder } from './forwarder.js';
import type { CloseReason, ConnectionId } from './messages.js';
import type { LogMark } from './ports.js';
import type { Proposer } from './proposer.js';
import type { State } from './state.js';
import { bodyOf } from './writes.js';

/** Parts of the engine that a committed record touches. */
export interface ApplierParts {
  readonly state: State;
  readonly clients: Clients;
  /** Knows this leader's own proposals. */
  readonly proposer: Proposer;
  /** Knows which records answer requests that went to the leader. */
  readonly forwarder: Forwarder;
  readonly history: History;
  /** By which sessions expire. */
  readonly clock: () => number;
  /** The record brought a configuration. */
  readonly reconfigured: (mark: LogMark) => void;
  readonly trace: ((event: TraceEvent) => void) | undefined;
}

/** Who asked for a record, and for what. */
interface Asked {
  readonly connection: ConnectionId | undefined;
  readonly xid: number;
  readonly op: number;
}

const SESSION_MOVED = new KeeperError('SESSIONMOVED').wireCode;

export class Applier {
  readonly #own: ApplierParts;

  constructor(parts: ApplierParts) {
    this.#own = parts;
  }

  /** Records up to `index` are committed. */
  commit(index: number): void {
    const { state, proposer, clients, history } = this.#own;
    while (state.applied.index < index) {
      const proposal = proposer.take(state.applied.index + 1);
      if (proposal === undefined) {
        // What others proposed; a leader's own records follow those that it began with.
        for (const record of history.records(state.applied.index, index)) {
          this.#applyRecord(record);
          if (proposer.length > 0) break;
        }
        continue;
      }
      this.#deliver(proposal.mark, proposal.header, proposal.txn, proposal);
      proposer.applied(proposal);
      // Now, and not after the last: the next record may be a write that stands behind such a sync.
      clients.syncsUpTo(proposal.mark.index);
    }
  }

  #applyRecord(record: LogRecord): void {
    const { header, txn } = readTxn(Reader.over(record.payload));
    const mark = markOf(record);
    this.#deliver(mark, header, txn, this.#own.forwarder.take(mark.index));
    this.#own.clients.syncsUpTo(mark.index);
  }

  /** Applies a committed record: first its events, then its reply, then what waited behind it. */
  #deliver(mark: LogMark, header: TxnHeader, txn: Txn, asked: Asked | undefined): void {
    const connection = asked?.connection === undefined ? undefined : this.#own.clients.get(asked.connection);
    const results: OpResult[] | undefined = connection === undefined ? undefined : [];
    const changes: Change[] = [];
    this.#own.state.apply(mark, header, txn, this.#own.clock(), changes, results);
    this.#own.trace?.({ kind: 'apply', mark });
    if (txn.type === OpCode.reconfig) this.#own.reconfigured(mark);
    for (const change of changes) this.#own.clients.trigger(change, mark.zxid);
    const session = sessionIdOf(header.clientId);
    if (txn.type === OpCode.createSession) {
      // A session that became a global one is attached already.
      if (connection?.session === NO_SESSION)
        this.#own.clients.attach(connection, session, txn.record.timeOut);
      return;
    }
    if (connection !== undefined && asked !== undefined && results !== undefined) {
      const waited = connection.waiting.shift();
      assert(waited?.kind === 'write', 'a write is answered out of its order');
      const [first] = results;
      const err = txn.type === OpCode.multi ? 0 : (first?.err ?? 0);
      // A matter of the connection, not of the request: its client is elsewhere.
      if (err === SESSION_MOVED)
        return this.#own.clients.close(connection.id, 'session moved to another server');
      const body = err === 0 ? bodyOf(asked.op, txn, results) : undefined;
      this.#own.clients.reply(connection.id, asked.xid, mark.zxid, err, body);
    }
    if (txn.type === OpCode.closeSession) {
      const owner = this.#own.clients.ownerOf(session);
      if (owner === undefined) return;
      const reason: CloseReason = owner === asked?.connection ? 'session closed' : 'session expired';
      this.#own.clients.close(owner, reason);
    } else if (connection !== undefined) this.#own.clients.drain(connection);
  }
}
