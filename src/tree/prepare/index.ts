/**
 * Turns a write into a txn: every check, in ZooKeeper's order, against the view; every version, sequence suffix and
 * path resolved (design D1). Throws the error to answer with; the view is then as before.
 */
import { unreachable } from '../../util/index.js';
import {
  ErrorCode,
  KeeperError,
  OpCode,
  type MultiOp,
  type Txn,
  type WriteRequest,
} from '../../types/index.js';
import { Layer, type WritableView } from '../view.js';
import type { PrepareContext } from './context.js';
import { prepareCreate } from './create.js';
import {
  prepareCheck,
  prepareCloseSession,
  prepareDelete,
  prepareDeleteContainer,
  prepareSetAcl,
  prepareSetData,
} from './update.js';

export type { PrepareContext, PrepareSettings } from './context.js';

/** What the leader asks of itself. */
export type InternalRequest =
  | { readonly type: typeof OpCode.deleteContainer; readonly path: string }
  | { readonly type: typeof OpCode.createSession; readonly timeOut: number };

/**
 * @returns the txn; for a multi that fails, a multi txn with error sub-txns that changes nothing
 * @throws KeeperError when the request cannot be done
 */
export function prepare(
  view: WritableView,
  request: WriteRequest | InternalRequest,
  context: PrepareContext,
): Txn {
  switch (request.type) {
    case OpCode.multi:
      return prepareMulti(view, request.ops, context);
    case OpCode.setACL:
      return prepareSetAcl(view, request.record, context);
    case OpCode.closeSession:
      return prepareCloseSession(view, context);
    case OpCode.createSession:
      return { type: OpCode.createSession, record: { timeOut: request.timeOut } };
    case OpCode.deleteContainer:
      return prepareDeleteContainer(view, request.path);
    case OpCode.reconfig:
      // A single server has no configuration to change (protocol.md section 17).
      throw new KeeperError(context.settings.reconfigEnabled ? 'UNIMPLEMENTED' : 'RECONFIGDISABLED');
    case OpCode.error:
      throw new KeeperError(request.code);
    default:
      return prepareOp(view, request, context);
  }
}

function prepareOp(view: WritableView, op: MultiOp, context: PrepareContext): Txn {
  switch (op.type) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTTL:
      return prepareCreate(view, op, context);
    case OpCode.delete:
      return prepareDelete(view, op.record, context);
    case OpCode.setData:
      return prepareSetData(view, op.record, context);
    case OpCode.check:
      return prepareCheck(view, op.record, context);
    default:
      return unreachable(op);
  }
}

/** All or none: the operations see each other on a layer of their own, which only a success merges. */
function prepareMulti(view: WritableView, ops: readonly MultiOp[], context: PrepareContext): Txn {
  const layer = new Layer(view);
  const txns: Txn[] = [];
  for (const op of ops) {
    try {
      txns.push(prepareOp(layer, op, context));
    } catch (error) {
      if (!(error instanceof KeeperError)) throw error;
      txns.push({ type: OpCode.error, record: { err: error.wireCode } });
      const rest: Txn = { type: OpCode.error, record: { err: ErrorCode.RUNTIMEINCONSISTENCY } };
      while (txns.length < ops.length) txns.push(rest);
      return { type: OpCode.multi, txns };
    }
  }
  layer.mergeInto(view);
  return { type: OpCode.multi, txns };
}
