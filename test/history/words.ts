/** Requests and answers of a history in the words of the product, for the checkers that the simulator has too. */
import {
  AddWatchMode,
  OpCode,
  zxidOf,
  type MultiOp,
  type Request,
  type Zxid,
} from '../../src/types/index.js';
import { NameList } from '../../src/tree/index.js';
import { unreachable } from '../../src/util/index.js';
import type { Reply } from '../sim/checkers/checker.js';
import {
  addWatch,
  check,
  closeSession,
  create2,
  del,
  exists,
  getChildren,
  getData,
  multi,
  multiRead,
  setData,
  sync,
} from '../unit/helpers/requests.js';
import type { Answer, Call, Write } from './history.js';

export const zxid = (value: bigint): Zxid => zxidOf(value);

export function requestOf(call: Call): Request {
  switch (call.op) {
    case 'multi':
      return multi(...call.ops.map(writeOf));
    case 'get':
      return getData(call.path, call.watch);
    case 'exists':
      return exists(call.path, call.watch);
    case 'children':
      return getChildren(call.path, call.watch);
    case 'getAll':
      return multiRead(
        ...call.paths.map((path) => ({ type: OpCode.getData, record: { path, watch: false } }) as const),
      );
    case 'sync':
      return sync(call.path);
    case 'watchAll':
      return addWatch('/', AddWatchMode.persistentRecursive);
    case 'close':
      return closeSession;
    default:
      return writeOf(call);
  }
}

export function writeOf(write: Write): MultiOp {
  switch (write.op) {
    case 'create':
      return create2(write.path, { data: write.data, mode: write.mode });
    case 'set':
      return setData(write.path, write.data, write.version);
    case 'delete':
      return del(write.path, write.version);
    case 'check':
      return check(write.path, write.version);
    default:
      return unreachable(write);
  }
}

/** An answer as the server's engine gives it. */
export function replyOf(connection: number, xid: number, request: Request, answer: Answer): Reply {
  const { err } = answer;
  const body = err === 0 ? bodyOf(request, answer) : undefined;
  return { kind: 'reply', connection, xid, zxid: zxidOf(answer.zxid), err, body };
}

function bodyOf(request: Request, answer: Answer): Reply['body'] {
  const { path, data, stat, children, results } = answer;
  if (results !== undefined && request.type === OpCode.multi) {
    const types = request.ops.map(({ type }) => type);
    return { kind: 'multi', results: results.map((result, i) => ({ type: types[i] ?? 0, ...result })) };
  }
  if (children !== undefined) return { kind: 'names', names: NameList.of(children), stat };
  if (data !== undefined && stat !== undefined) return { kind: 'data', data, stat };
  if (path !== undefined && stat !== undefined) return { kind: 'pathStat', path, stat };
  if (stat !== undefined) return { kind: 'stat', stat };
  return path === undefined ? undefined : { kind: 'path', path };
}
