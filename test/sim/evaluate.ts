/** What a write should come to, by the model: every check in ZooKeeper's order, for the requests that clients send. */
import { CreateMode, ErrorCode, OpCode, type MultiOp, type WriteRequest } from '../../src/types/index.js';
import { nameOf, parentOf, type Model } from './model.js';

/** As far as checks look at a znode. */
interface Facts {
  readonly version: number;
  readonly creates: number;
  readonly owner: bigint;
  readonly children: readonly string[];
}

export interface Outcome {
  /** 0, or the error code. Of a multi that fails, one per operation. */
  readonly errors: readonly number[];
  /** Path per operation, as it was made. */
  readonly paths: readonly string[];
}

/** @param before the state just before this zxid is what is looked at */
export function evaluate(
  model: Model,
  before: bigint,
  request: WriteRequest,
  session: bigint,
): Outcome | undefined {
  const layer = new Map<string, Facts | undefined>();
  const look = (path: string): Facts | undefined =>
    layer.has(path) ? layer.get(path) : model.at(path, before - 1n);
  if (request.type !== OpCode.multi) {
    if (!isSimple(request)) return undefined;
    const { err, path } = evaluateOp(look, layer, request, session);
    return { errors: [err], paths: [path] };
  }
  const errors: number[] = [];
  const paths: string[] = [];
  for (const op of request.ops) {
    const { err, path } = evaluateOp(look, layer, op, session);
    errors.push(err);
    paths.push(path);
    if (err === 0) continue;
    // The ones before are not done, the ones behind are not tried.
    for (let i = 0; i < errors.length - 1; i++) errors[i] = 0;
    while (errors.length < request.ops.length) errors.push(ErrorCode.RUNTIMEINCONSISTENCY);
    break;
  }
  return { errors, paths };
}

function isSimple(request: WriteRequest): request is MultiOp {
  return (
    request.type === OpCode.create ||
    request.type === OpCode.create2 ||
    request.type === OpCode.delete ||
    request.type === OpCode.setData ||
    request.type === OpCode.check
  );
}

type Look = (path: string) => Facts | undefined;

function evaluateOp(
  look: Look,
  layer: Map<string, Facts | undefined>,
  op: MultiOp,
  session: bigint,
): { err: number; path: string } {
  const path = op.record.path ?? '';
  const failed = (err: number): { err: number; path: string } => ({ err, path });
  switch (op.type) {
    case OpCode.delete: {
      const node = look(path);
      if (node === undefined) return failed(ErrorCode.NONODE);
      if (op.record.version !== -1 && op.record.version !== node.version) return failed(ErrorCode.BADVERSION);
      if (node.children.length > 0) return failed(ErrorCode.NOTEMPTY);
      const parent = look(parentOf(path));
      const name = nameOf(path);
      if (parent !== undefined)
        layer.set(parentOf(path), {
          ...parent,
          children: parent.children.filter((child) => child !== name),
        });
      layer.set(path, undefined);
      return { err: 0, path };
    }
    case OpCode.setData:
    case OpCode.check: {
      const node = look(path);
      if (node === undefined) return failed(ErrorCode.NONODE);
      if (op.record.version !== -1 && op.record.version !== node.version) return failed(ErrorCode.BADVERSION);
      if (op.type === OpCode.setData) layer.set(path, { ...node, version: node.version + 1 });
      return { err: 0, path };
    }
    default: {
      const parent = look(parentOf(path));
      if (parent === undefined) return failed(ErrorCode.NONODE);
      const { flags } = op.record;
      const sequential =
        flags === CreateMode.persistentSequential || flags === CreateMode.ephemeralSequential;
      const made = sequential ? path + String(parent.creates).padStart(10, '0') : path;
      if (look(made) !== undefined) return failed(ErrorCode.NODEEXISTS);
      if (parent.owner !== 0n) return failed(ErrorCode.NOCHILDRENFOREPHEMERALS);
      const ephemeral = flags === CreateMode.ephemeral || flags === CreateMode.ephemeralSequential;
      layer.set(parentOf(made), {
        ...parent,
        creates: parent.creates + 1,
        children: [...parent.children, nameOf(made)],
      });
      layer.set(made, { version: 0, creates: 0, owner: ephemeral ? session : 0n, children: [] });
      return { err: 0, path: made };
    }
  }
}
