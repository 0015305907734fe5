/** Answers reads from the local tree, and registers the watches that ride on them. */
import { unreachable } from '../util/index.js';
import {
  KeeperError,
  OpCode,
  Perms,
  WatcherType,
  type EventType,
  type MultiReadOp,
  type ReadRequest,
} from '../types/index.js';
import {
  NameList,
  checkAcl,
  permits,
  redactAcl,
  type AclRules,
  type Identity,
  type Tree,
  type Znode,
} from '../tree/index.js';
import { sizeOfLists, type WatchLists, type Watches } from '../watch/index.js';
import type { ClientConnection } from './connection.js';
import type { MultiReadResult, ReplyBody } from './messages.js';

/** What reads look at. */
export interface ReadState {
  readonly tree: Tree;
  readonly watches: Watches;
  readonly acl: AclRules;
  /** One multiRead could ask for the same large znode again and again: from here on its operations fail. */
  readonly multiReadBytesMax: number;
  /** A connection may have so many watches; Infinity for any number. */
  readonly watchesMax: number;
  /** Sends an event at once; only setWatches does. */
  readonly emitCatchUp: (connection: number, type: EventType, path: string) => void;
  /** A list of names of so many bytes is worth a note. */
  readonly longListBytes: number;
  readonly noteLongList: (path: string, names: NameList) => void;
  /** Told how many names, access entries or watches a read goes through. */
  readonly spend: (entries: number) => void;
}

/** What the watches of one connection may cost. At this a client has several hundred thousand, or very long paths. */
const WATCH_BYTES_MAX = 128 * 1024 * 1024;

/** Who reads, with the identities that the request came with. */
export interface Reader {
  readonly connection: ClientConnection;
  readonly identities: readonly Identity[];
}

/** Made once: whoever sends such requests may send many. */
const UNDECODABLE = new KeeperError('MARSHALLINGERROR');

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
      if (watch) watches.addData(watchable(state, connection, path), connection.id);
      return { kind: 'data', data: node.kept, stat: node.stat() };
    }
    case OpCode.exists: {
      const { path, watch } = request.record;
      if (path.includes('\0')) throw new KeeperError('BADARGUMENTS', path);
      const node = tree.get(path);
      if (node !== undefined) checkAcl(node.acl, Perms.read, identities, state.acl, path);
      // The watch is on what may come: it is registered although the znode is not there.
      if (watch) watches.addData(watchable(state, connection, path), connection.id);
      if (node === undefined) throw new KeeperError('NONODE', path);
      return { kind: 'stat', stat: node.stat() };
    }
    case OpCode.getChildren:
    case OpCode.getChildren2: {
      const { path, watch } = request.record;
      const node = readable(state, identities, path);
      if (watch) watches.addChild(watchable(state, connection, path), connection.id);
      state.spend(node.numChildren);
      const stat = request.type === OpCode.getChildren2 ? node.stat() : undefined;
      const names = tree.childrenOf(path);
      if (names.encoded.byteLength > state.longListBytes) state.noteLongList(path, names);
      return { kind: 'names', names, stat };
    }
    case OpCode.getACL: {
      const { path } = request.record;
      const node = tree.get(path);
      if (node === undefined) throw new KeeperError('NONODE', path);
      checkAcl(node.acl, Perms.read | Perms.admin, identities, state.acl, path);
      state.spend(node.acl.length);
      const full = permits(node.acl, Perms.admin, identities, state.acl);
      return { kind: 'acl', acl: full ? node.acl : redactAcl(node.acl), stat: node.stat() };
    }
    case OpCode.getAllChildrenNumber: {
      const { path } = request.record;
      readable(state, identities, path);
      const value = tree.descendantsOf(path);
      state.spend(value);
      return { kind: 'int', value };
    }
    case OpCode.getEphemerals: {
      const prefix = request.record.prefixPath ?? '';
      const paths = tree.ephemeralsOf(connection.session);
      state.spend(paths.size);
      const names = NameList.of([...paths].filter((path) => path.startsWith(prefix)));
      return { kind: 'names', names, stat: undefined };
    }
    case OpCode.multiRead: {
      const budget = { bytesLeft: state.multiReadBytesMax };
      const results = request.ops.map((op) => readOne(state, identities, op, budget));
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
      watches.addLasting(
        watchable(state, connection, request.record.path ?? ''),
        connection.id,
        request.record.mode,
      );
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
      throw UNDECODABLE;
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

/** @throws KeeperError SYSTEMERROR or QUOTAEXCEEDED when the connection has as many watches as it may */
function watchable(state: ReadState, connection: ClientConnection, path: string): string {
  const { watches, watchesMax } = state;
  if (
    watchesMax !== Infinity &&
    watches.countOf(connection.id) >= watchesMax &&
    // Who looks again at what it watches already takes nothing more.
    !watches.has(path, connection.id, WatcherType.any)
  ) {
    throw new KeeperError('QUOTAEXCEEDED', path, 'the session has as many watches as it may');
  }
  if (state.watches.costOf(connection.id) > WATCH_BYTES_MAX) {
    throw new KeeperError('SYSTEMERROR', path, 'the connection has too many watches');
  }
  return path;
}

/** @param budget is drawn from; when it is used up the operation fails */
function readOne(
  state: ReadState,
  identities: readonly Identity[],
  op: MultiReadOp,
  budget: { bytesLeft: number },
): MultiReadResult {
  if (budget.bytesLeft < 0) return { kind: 'error', code: 'MARSHALLINGERROR' };
  try {
    const node = readable(state, identities, op.record.path);
    if (op.type === OpCode.getData) {
      budget.bytesLeft -= node.dataLength;
      return { kind: 'data', data: node.kept, stat: node.stat() };
    }
    const names = state.tree.childrenOf(op.record.path);
    state.spend(names.length);
    budget.bytesLeft -= names.encoded.byteLength;
    return { kind: 'names', names };
  } catch (error) {
    if (!(error instanceof KeeperError)) throw error;
    return { kind: 'error', code: error.code };
  }
}

/** @throws KeeperError SYSTEMERROR or QUOTAEXCEEDED when they would be too many: then none is registered */
function reestablish(state: ReadState, connection: ClientConnection, lists: WatchLists): void {
  const { count, cost } = sizeOfLists(lists);
  if (state.watches.costOf(connection.id) + cost > WATCH_BYTES_MAX) throw new KeeperError('SYSTEMERROR');
  if (state.watches.countOf(connection.id) + count > state.watchesMax) throw new KeeperError('QUOTAEXCEEDED');
  state.spend(count);
  state.watches.reestablish(connection.id, lists, (path) => state.tree.get(path), state.emitCatchUp);
}
