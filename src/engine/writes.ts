/** Writes between their proposal and their reply: what is kept of them meanwhile, and how they are answered. */
import type { TxnHeader } from '../codec/index.js';
import type { InternalRequest, OpResult } from '../tree/index.js';
import { OpCode, type Txn, type WriteRequest } from '../types/index.js';
import type { ConnectionId, ReplyBody } from './messages.js';
import type { LogMark } from './ports.js';

/** A txn on its way to the disks of a quorum. */
export interface Proposal {
  readonly mark: LogMark;
  readonly header: TxnHeader;
  readonly txn: Txn;
  /** Size of both in the log. */
  readonly bytes: number;
  /** Who waits for the reply; undefined for what the server asked of itself. */
  readonly connection: ConnectionId | undefined;
  readonly xid: number;
  /** Op code of the request, which decides the layout of the reply. */
  readonly op: number;
}

/** False for what frees space, or must never be refused: deletions, and the coming and going of sessions. */
export function mayGrow(request: WriteRequest | InternalRequest): boolean {
  switch (request.type) {
    case OpCode.delete:
    case OpCode.deleteContainer:
    case OpCode.check:
    case OpCode.createSession:
    case OpCode.closeSession:
    // These two are refused anyway, with errors of their own.
    case OpCode.reconfig:
    case OpCode.error:
      return false;
    case OpCode.multi:
      return request.ops.some(mayGrow);
    default:
      return true;
  }
}

/** The layout of the reply is the request's business: create and create2 make the same txn. */
export function bodyOf(op: number, txn: Txn, results: readonly OpResult[]): ReplyBody | undefined {
  if (txn.type === OpCode.multi) return { kind: 'multi', results };
  const [result] = results;
  if (result === undefined) return undefined;
  const { path, stat } = result;
  switch (op) {
    case OpCode.create:
      return { kind: 'path', path };
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTTL:
      return stat === undefined ? undefined : { kind: 'pathStat', path, stat };
    case OpCode.reconfig:
      return stat === undefined || txn.type !== OpCode.reconfig
        ? undefined
        : { kind: 'data', data: txn.record.data?.toString('latin1') ?? null, stat };
    case OpCode.setData:
    case OpCode.setACL:
      return stat === undefined ? undefined : { kind: 'stat', stat };
    default:
      return undefined;
  }
}
