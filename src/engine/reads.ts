/** Answers reads from the local tree, and registers the watches that ride on them. */
import { unreachable } from '../util/index.js';
import {
  KeeperError,
  OpCode,
  Perms,
  type EventType,
  type MultiReadOp,
  type ReadRequest,
} from '../types/index.js';
import {
  checkAcl,
  permits,
  redactAcl,
  type AclRules,
  type Identity,
  type Tree,
  type Znode,
} from '../tree/index.js';
import type { WatchLists, Watches } from '../watch/index.js';
import type { ClientConnection } from './connection.js';
import type { MultiReadResult, ReplyBody } from './messages.js';

/** What reads look at. */
export interface ReadState {
  readonly tree: Tree;
  readonly watches: Watches;
  readonly acl: AclRules;
  /** Sends an event at once; only setWatches does. */
  readonly emitCatchUp: (connection: number, type: EventType, path: string) => void;
}

/** Who reads, with the identities that the request came with. */
export interface Reader {
  readonly connection: ClientConnection;
  readonly identities: readonly Identity[];
}

const NO_NAMES: ReadonlySet<string> = new Set();

/**
 * @returns the body of the reply, undefined for none
 * @throws KeeperError the first check that fails, protocol.md section 2.2
 */
export function executeRead(state: ReadState, reader: Reader, request: ReadRequest): ReplyBody | undefined {
  const { tree, watches } = state;
  const { connection, identities } = reader;
  switch (request.type) {
    case OpCode.ping:
      return undefined;
    case OpCode.getData: {
      const { path, watch } = request.record;
      const node = readable(state, identities, path);
      if (watch) watches.addData(path, connection.id);
      return { kind: 'data', data: node.data, stat: node.stat() };
    }
    case OpCode.exists: {
      const { path, watch } = request.record;
      if (path.includes('\0')) throw new KeeperError('BADARGUMENTS', path);
      const node = tree.get(path);
      if (node !== undefined) checkAcl(node.acl, Perms.read, identities, state.acl, path);
      // The watch is on what may come: it is registered although the znode is not there.
      if (watch) watches.addData(path, connection.id);
      if (node === undefined) throw new KeeperError('NONODE', path);
      return { kind: 'stat', stat: node.stat() };
    }
    case OpCode.getChildren:
    case OpCode.getChildren2: {
      const { path, watch } = request.record;
      const node = readable(state, identities, path);
      if (watch) watches.addChild(path, connection.id);
      const stat = request.type === OpCode.getChildren2 ? node.stat() : undefined;
      return { kind: 'names', names: [...(node.children ?? NO_NAMES)], stat };
    }
    case OpCode.getACL: {
      const { path } = request.record;
      const node = tree.get(path);
      if (node === undefined) throw new KeeperError('NONODE', path);
      checkAcl(node.acl, Perms.read | Perms.admin, identities, state.acl, path);
      const full = permits(node.acl, Perms.admin, identities, state.acl);
      return { kind: 'acl', acl: full ? node.acl : redactAcl(node.acl), stat: node.stat() };
    }
    case OpCode.getAllChildrenNumber: {
      const { path } = request.record;
      readable(state, identities, path);
      return { kind: 'int', value: tree.descendantsOf(path) };
    }
    case OpCode.getEphemerals: {
      const prefix = request.record.prefixPath ?? '';
      const names = [...tree.ephemeralsOf(connection.session)].filter((path) => path.startsWith(prefix));
      return { kind: 'names', names, stat: undefined };
    }
    case OpCode.multiRead: {
      const results = request.ops.map((op) => readOne(state, identities, op));
      return { kind: 'multiRead', results };
    }
    case OpCode.whoAmI:
      return { kind: 'identities', identities };
    case OpCode.setWatches:
      reestablish(state, connection, {
        ...request.record,
        persistentWatches: [],
        persistentRecursiveWatches: [],
      });
      return undefined;
    case OpCode.setWatches2:
      reestablish(state, connection, request.record);
      return undefined;
    case OpCode.addWatch:
      // Any text will do as a path here, and null for the empty one: nothing is looked up.
      watches.addLasting(request.record.path ?? '', connection.id, request.record.mode);
      return { kind: 'int', value: 0 };
    case OpCode.checkWatches:
    case OpCode.removeWatches: {
      const { type } = request.record;
      const path = request.record.path ?? '';
      const found =
        request.type === OpCode.checkWatches
          ? watches.has(path, connection.id, type)
          : watches.remove(path, connection.id, type);
      if (!found) throw new KeeperError('NOWATCHER', path);
      return undefined;
    }
    case 'undecodable':
      throw new KeeperError('MARSHALLINGERROR');
    case 'unknown':
      throw new KeeperError('UNIMPLEMENTED');
    default:
      return unreachable(request);
  }
}

function readable(state: ReadState, identities: readonly Identity[], path: string): Readonly<Znode> {
  const node = state.tree.get(path);
  if (node === undefined) throw new KeeperError('NONODE', path);
  checkAcl(node.acl, Perms.read, identities, state.acl, path);
  return node;
}

function readOne(state: ReadState, identities: readonly Identity[], op: MultiReadOp): MultiReadResult {
  try {
    const node = readable(state, identities, op.record.path);
    return op.type === OpCode.getData
      ? { kind: 'data', data: node.data, stat: node.stat() }
      : { kind: 'names', names: [...(node.children ?? NO_NAMES)] };
  } catch (error) {
    if (!(error instanceof KeeperError)) throw error;
    return { kind: 'error', code: error.code };
  }
}

function reestablish(state: ReadState, connection: ClientConnection, lists: WatchLists): void {
  state.watches.reestablish(connection.id, lists, (path) => state.tree.get(path), state.emitCatchUp);
}
