/**
 * Why this file exists: `audit.enable` asks for a record of who changed what. A line is a JSON object with the fields that
 * ZooKeeper's audit log has, in a file of its own. It is written by the server that the client is connected to, when the
 * answer is known; a change whose answer never came is recorded as `invoked`.
 */
import { openSync } from 'node:fs';
import { userInfo } from 'node:os';
import { destination, pino, stdTimeFunctions, type Logger } from 'pino';
import type { ACL } from '../codec/index.js';
import { ConfigError } from '../config/index.js';
import type { ReplyBody } from '../engine/index.js';
import { redactAcl, SUPER_SCHEME, type Identity } from '../tree/index.js';
import {
  CreateMode,
  OpCode,
  Perms,
  type MultiOp,
  type SessionId,
  type WriteRequest,
} from '../types/index.js';
import { hex, Queue } from '../util/index.js';
import { userOf } from './identities.js';

type Result = 'success' | 'failure' | 'invoked';

/** One change. Fields that mean nothing for it are left out. */
interface Entry {
  readonly operation: string;
  readonly znode?: string | undefined;
  readonly znode_type?: string;
  readonly acl?: string;
}

/** Who asked. */
export interface Asker {
  readonly sessionId: SessionId;
  readonly address: string;
  readonly identities: readonly Identity[];
}

interface Asked {
  readonly xid: number;
  readonly who: { readonly session: string; readonly user: string; readonly ip: string };
  readonly entries: readonly Entry[];
}

/** Nobody but the server's user is to read it: it names users and paths. */
const FILE_MODE = 0o600;
const BUFFER_BYTES = 8 * 1024;
/** A crash loses at most so much of it. */
const FLUSH_MS = 100;

export class Audit {
  readonly #file: Logger;
  readonly #flush: () => void;
  readonly #timer: NodeJS.Timeout;

  /**
   * Opens the file, behind what is in it.
   * @param log told when it cannot be written
   * @throws ConfigError when it cannot be opened
   */
  constructor(file: string, log: Logger) {
    let fd: number;
    try {
      fd = openSync(file, 'a', FILE_MODE);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new ConfigError(
        'FILE',
        `The audit log ${file} (zabkeeper.auditFile) cannot be written: ${why}. Name a file in a directory that the server's user may write to.`,
      );
    }
    // Lines are collected: a write for each would cost more than the rest of a request.
    const stream = destination({ fd, sync: true, minLength: BUFFER_BYTES });
    stream.on('error', (error: Error) => {
      log.error({ err: error }, `The audit log ${file} cannot be written: ${error.message}.`);
    });
    this.#flush = () => {
      try {
        stream.flushSync();
      } catch (error) {
        log.error({ err: error }, `The audit log ${file} cannot be written.`);
      }
    };
    this.#timer = setInterval(this.#flush, FLUSH_MS);
    this.#timer.unref();
    this.#file = pino(
      {
        base: null,
        timestamp: stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
      },
      stream,
    );
  }

  /** The start of the server, and its stop. */
  noteServer(operation: 'serverStart' | 'serverStop'): void {
    this.#file.info({ user: processUser(), operation, result: 'success' });
    if (operation === 'serverStop') clearInterval(this.#timer);
    this.#flush();
  }

  /** Records of one connection. */
  trail(): AuditTrail {
    return new AuditTrail(this.#file);
  }
}

/** Changes that a connection has asked for and that are not answered, in their order. */
export class AuditTrail {
  readonly #file: Logger;
  readonly #asked = new Queue<Asked>();

  constructor(file: Logger) {
    this.#file = file;
  }

  /** A request has come. Its buffers are looked at now: they do not live longer. */
  asked(xid: number, request: WriteRequest, { sessionId, address, identities }: Asker): void {
    const entries = entriesOf(request);
    if (entries.length === 0) return;
    const known = identities.filter(({ scheme }) => scheme !== SUPER_SCHEME);
    const user = known.map(userOf).join(',');
    this.#asked.push({ xid, who: { session: hex(sessionId), user, ip: address }, entries });
  }

  /** A reply is sent. */
  answered(xid: number, err: number, body: ReplyBody | undefined): void {
    const asked = this.#asked.peek();
    if (asked?.xid !== xid) return;
    this.#asked.shift();
    // A multi is answered without an error even if it failed; its results say so.
    const failed = body?.kind === 'multi' && body.results.some((result) => result.err !== 0);
    if (err === 0 && !failed) this.#write(asked, named(asked.entries, body), 'success');
    else this.#write(asked, asFailed(asked.entries), 'failure');
  }

  /** The connection is gone: what came of the rest is not known here. */
  abandoned(): void {
    for (let asked = this.#asked.shift(); asked !== undefined; asked = this.#asked.shift())
      this.#write(asked, asFailed(asked.entries), 'invoked');
  }

  #write({ who }: Asked, entries: readonly Entry[], result: Result): void {
    for (const entry of entries) this.#file.info({ ...who, ...entry, result });
  }
}

function entriesOf(request: WriteRequest): Entry[] {
  switch (request.type) {
    case OpCode.multi: {
      const entries = request.ops.flatMap(entryOfOp);
      // Something to say if it fails.
      return entries.length === 0 ? [] : [{ operation: 'multiOperation' }, ...entries];
    }
    case OpCode.setACL: {
      const { path, acl } = request.record;
      return [{ operation: 'setAcl', znode: path ?? undefined, acl: aclText(acl) }];
    }
    case OpCode.reconfig:
      return [{ operation: 'reconfig', znode: '/zookeeper/config' }];
    case OpCode.closeSession:
    case OpCode.error:
      return [];
    default:
      return entryOfOp(request);
  }
}

function entryOfOp(op: MultiOp): Entry[] {
  const znode = op.record.path ?? undefined;
  switch (op.type) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTTL: {
      const { flags, acl } = op.record;
      return [{ operation: 'create', znode, znode_type: TYPES.get(flags) ?? 'unknown', acl: aclText(acl) }];
    }
    case OpCode.delete:
      return [{ operation: 'delete', znode }];
    case OpCode.setData:
      return [{ operation: 'setData', znode }];
    case OpCode.check:
      return [];
  }
}

/** With the names that sequential znodes have got, and a multi as the changes that it was made of. */
function named(entries: readonly Entry[], body: ReplyBody | undefined): readonly Entry[] {
  const [first, ...rest] = entries;
  if (first?.operation === 'multiOperation') {
    const results = body?.kind === 'multi' ? body.results : [];
    const paths = results.flatMap(({ type, path }) => (CREATES.has(type) ? [path] : []));
    return rest.map((entry) =>
      entry.operation === 'create' ? { ...entry, znode: paths.shift() ?? entry.znode } : entry,
    );
  }
  if (first === undefined || (body?.kind !== 'path' && body?.kind !== 'pathStat')) return entries;
  return [{ ...first, znode: body.path ?? first.znode }];
}

const CREATES: ReadonlySet<number> = new Set([
  OpCode.create,
  OpCode.create2,
  OpCode.createContainer,
  OpCode.createTTL,
]);

/** A multi that failed is one failure: none of its changes was made. */
function asFailed(entries: readonly Entry[]): readonly Entry[] {
  return entries.slice(0, 1);
}

const TYPES: ReadonlyMap<number, string> = new Map([
  [CreateMode.persistent, 'persistent'],
  [CreateMode.ephemeral, 'ephemeral'],
  [CreateMode.persistentSequential, 'persistent_sequential'],
  [CreateMode.ephemeralSequential, 'ephemeral_sequential'],
  [CreateMode.container, 'container'],
  [CreateMode.persistentWithTTL, 'persistent_with_ttl'],
  [CreateMode.persistentSequentialWithTTL, 'persistent_sequential_with_ttl'],
]);

/** `scheme:id:perms,...`, without the hashes of digest ids: whoever reads the log must not be able to guess at them. */
function aclText(acl: readonly ACL[] | null): string {
  return redactAcl(acl ?? [])
    .map(({ perms, id: { scheme, id } }) => `${scheme ?? ''}:${id ?? ''}:${permsText(perms)}`)
    .join(',');
}

function permsText(perms: number): string {
  const letters: [bit: number, letter: string][] = [
    [Perms.create, 'c'],
    [Perms.delete, 'd'],
    [Perms.read, 'r'],
    [Perms.write, 'w'],
    [Perms.admin, 'a'],
  ];
  return letters.map(([bit, letter]) => ((perms & bit) === 0 ? '' : letter)).join('');
}

function processUser(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? '');
  }
}
