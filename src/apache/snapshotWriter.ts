/** Writes a snapshot that Apache ZooKeeper loads (protocol.md 20.1), with the digest that it verifies then. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import adler32 from 'adler-32';
import { Writer, writeACL, type SessionRow } from '../codec/index.js';
import { aclFromText } from '../tree/index.js';
import {
  DIGEST_VERSION,
  OPEN_ACL_KEY,
  SNAPSHOT_DBID,
  SNAPSHOT_MAGIC,
  SNAPSHOT_VERSION,
  STAT_BYTES,
  TERMINATOR,
} from './format.js';

/** What goes into a snapshot. */
export interface SnapshotSource {
  /** Of the last txn whose effects it has. */
  readonly zxid: bigint;
  /** Of the tree, version 2. */
  readonly digest: bigint;
  sessions(): Iterable<SessionRow>;
  /** All znodes, parents before their children, as jute ZnodeRows. Asked for twice. */
  znodes(): Iterable<{ readonly bytes: Buffer; readonly count: number }>;
}

const PIECE_BYTES = 1 << 20;

/**
 * Writes the file under another name first, so that it is there completely or not at all.
 * @param progress told how many znodes were written
 * @returns bytes of the file
 */
export function writeSnapshot(
  file: string,
  source: SnapshotSource,
  progress?: (znodes: number) => void,
): number {
  const unfinished = `${file}.incomplete`;
  const fd = openSync(unfinished, 'w', 0o600);
  try {
    const bytes = new SnapshotWriting(fd, source).run(progress);
    fsyncSync(fd);
    closeSync(fd);
    renameSync(unfinished, file);
    return bytes;
  } catch (error) {
    closeQuietly(fd);
    rmSync(unfinished, { force: true });
    throw error;
  }
}

function closeQuietly(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // It was closed already: the rename failed.
  }
}

class SnapshotWriting {
  readonly #fd: number;
  readonly #source: SnapshotSource;
  readonly #w = new Writer(2 * PIECE_BYTES);
  /** Numbers of access lists, by their texts in `tree.db`. */
  readonly #keys = new Map<string, bigint>();
  #adler = 1;
  #written = 0;

  constructor(fd: number, source: SnapshotSource) {
    this.#fd = fd;
    this.#source = source;
  }

  run(progress: ((znodes: number) => void) | undefined): number {
    const w = this.#w;
    w.int(SNAPSHOT_MAGIC);
    w.int(SNAPSHOT_VERSION);
    w.long(SNAPSHOT_DBID);
    w.vector([...this.#source.sessions()], (writer, { sessionId, timeOut }) => {
      writer.long(sessionId);
      writer.int(timeOut);
    });
    this.#numberLists();
    let written = 0;
    for (const { bytes, count } of this.#source.znodes()) {
      this.#nodes(bytes);
      written += count;
      progress?.(written);
    }
    w.ustring(TERMINATOR);
    this.#seal();
    w.long(this.#source.zxid);
    w.int(DIGEST_VERSION);
    w.long(BigInt.asIntN(64, this.#source.digest));
    this.#seal();
    return this.#written;
  }

  #numberLists(): void {
    for (const { bytes } of this.#source.znodes()) {
      for (const { acl } of rowsIn(bytes)) {
        if (acl !== null && !this.#keys.has(acl)) this.#keys.set(acl, BigInt(this.#keys.size + 1));
      }
    }
    const w = this.#w;
    w.int(this.#keys.size);
    for (const [text, key] of this.#keys) {
      w.long(key);
      w.vector(aclFromText(text), writeACL);
      this.#flushIfLong();
    }
  }

  #nodes(bytes: Buffer): void {
    const w = this.#w;
    for (const { path, data, acl, stat } of rowsIn(bytes)) {
      // The root has no name.
      w.buffer(path.byteLength === 1 ? EMPTY : path);
      w.buffer(data);
      w.long(acl === null ? OPEN_ACL_KEY : (this.#keys.get(acl) ?? OPEN_ACL_KEY));
      w.raw(stat);
      this.#flushIfLong();
    }
  }

  /** The checksum of everything so far. */
  #seal(): void {
    this.#flush();
    this.#w.long(BigInt(this.#adler >>> 0));
    this.#w.ustring(TERMINATOR);
    this.#flush();
  }

  #flushIfLong(): void {
    if (this.#w.length >= PIECE_BYTES) this.#flush();
  }

  #flush(): void {
    const bytes = this.#w.bytes();
    this.#adler = adler32.buf(bytes, this.#adler);
    for (let at = 0; at < bytes.byteLength;) at += writeSync(this.#fd, bytes, at);
    this.#written += bytes.byteLength;
    this.#w.reset();
  }
}

const EMPTY = Buffer.alloc(0);

interface RowView {
  readonly path: Buffer;
  readonly data: Buffer | null;
  readonly acl: string | null;
  readonly stat: Buffer;
}

/** The parts of jute ZnodeRows of this process, as views. */
function* rowsIn(bytes: Buffer): Generator<RowView> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const part = (): Buffer | null => {
    const length = view.getInt32(at);
    at += 4;
    if (length < 0) return null;
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.byteLength) {
    const path = part() ?? EMPTY;
    const data = part();
    const acl = part();
    at += STAT_BYTES;
    yield {
      path,
      data,
      acl: acl === null ? null : acl.toString(),
      stat: bytes.subarray(at - STAT_BYTES, at),
    };
  }
}
