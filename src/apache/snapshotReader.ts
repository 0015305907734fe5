/**
 * Reads a snapshot of Apache ZooKeeper (protocol.md 20.1) and believes it only when its seals fit. Znodes leave as jute
 * ZnodeRows, many at once: but for the access list, a number there and a text here, the bytes are the same.
 */
import { basename } from 'node:path';
import { DecodeError, Reader, readACL, Writer } from '../codec/index.js';
import { aclToText } from '../tree/index.js';
import { ByteStream, RECORD_BYTES_MAX } from './byteStream.js';
import { ApacheDataError } from './errors.js';
import { compressionOf, type Compression } from './pieces.js';
import {
  OPEN_ACL_KEY,
  SNAPSHOT_DBID,
  SNAPSHOT_MAGIC,
  SNAPSHOT_VERSION,
  STAT_BYTES,
  TERMINATOR,
  type StateDigest,
} from './format.js';

/** Takes what a snapshot holds, before it is known whether all of it is intact. */
export interface SnapshotSink {
  session(sessionId: bigint, timeOut: number): void;
  /** `count` jute ZnodeRows, one after the other; nothing of `bytes` may be kept. */
  znodes(bytes: Buffer, count: number): void;
  /**
   * The znode's access list is one that the snapshot does not hold. That happens in an intact one: lists are written
   * first, and the znode was made after that. Its create is in the log, and has the list.
   */
  withoutAcl(path: string): void;
}

/** What was read. */
export interface SnapshotInfo {
  readonly compression: Compression;
  readonly znodes: number;
  readonly sessions: number;
  /** Uncompressed. */
  readonly bytes: number;
  /** Since 3.6, unless it is switched off: which digest the tree had after which txn. */
  readonly digest: StateDigest | undefined;
}

/** A slice of rows for the sink. */
const SLICE_BYTES = 1 << 20;
const SLICE_ROWS = 2000;
/** Of a node besides path and data: two lengths, the number of the list, the stat. */
const NODE_FIXED_BYTES = 4 + 4 + 8 + STAT_BYTES;

/**
 * Reads all of it.
 * @param progress told how many znodes came so far, now and then
 * @throws ApacheDataError for what is no intact snapshot
 */
export async function readSnapshot(
  file: string,
  sink: SnapshotSink,
  progress?: (znodes: number) => void,
): Promise<SnapshotInfo> {
  const reading = new SnapshotReading(file, sink, progress);
  try {
    return await reading.run();
  } catch (error) {
    if (error instanceof DecodeError) throw reading.damaged(error.message);
    throw error;
  } finally {
    await reading.close();
  }
}

class SnapshotReading {
  readonly #file: string;
  readonly #sink: SnapshotSink;
  readonly #progress: ((znodes: number) => void) | undefined;
  readonly #stream: ByteStream;
  /** Access lists as `tree.db` keeps them, by their numbers. */
  readonly #lists = new Map<bigint, string | null>([[OPEN_ACL_KEY, null]]);
  readonly #rows = new Writer(SLICE_BYTES + SLICE_BYTES / 4);
  #pending = 0;
  #znodes = 0;
  #sessions = 0;

  constructor(file: string, sink: SnapshotSink, progress?: (znodes: number) => void) {
    this.#file = file;
    this.#sink = sink;
    this.#progress = progress;
    this.#stream = new ByteStream(file);
  }

  async run(): Promise<SnapshotInfo> {
    await this.#need(16, 'its header');
    const stream = this.#stream;
    const magic = stream.int();
    const version = stream.int();
    if (magic !== SNAPSHOT_MAGIC || version !== SNAPSHOT_VERSION || stream.long() !== SNAPSHOT_DBID) {
      throw new ApacheDataError(`${this.#file} is no snapshot of ZooKeeper: it does not begin like one.`);
    }
    await this.#readSessions();
    await this.#readLists();
    await this.#readNodes();
    await this.#checkSeal();
    const digest = await this.#readDigest();
    // Since 3.9 a seal follows behind the last zxid, which the name of the file says, too.
    if (digest !== undefined && (await stream.fill(8))) {
      stream.long();
      await this.#checkSeal();
    }
    return {
      compression: compressionOf(this.#file),
      znodes: this.#znodes,
      sessions: this.#sessions,
      bytes: stream.offset,
      digest,
    };
  }

  close(): Promise<void> {
    return this.#stream.close();
  }

  damaged(what: string): ApacheDataError {
    return new ApacheDataError(`${this.#file} is damaged at byte ${this.#stream.offset}: ${what}`);
  }

  async #readSessions(): Promise<void> {
    const count = await this.#count('sessions');
    for (let i = 0; i < count; i++) {
      await this.#need(12, 'a session');
      this.#sink.session(this.#stream.long(), this.#stream.int());
    }
    this.#sessions = count;
  }

  async #readLists(): Promise<void> {
    const count = await this.#count('access lists');
    for (let i = 0; i < count; i++) {
      await this.#need(12, 'an access list');
      const key = this.#stream.long();
      const length = this.#stream.int();
      const list = [];
      for (let entry = 0; entry < length; entry++) list.push(readACL(await this.#aclBytes()));
      this.#lists.set(key, aclToText(list));
    }
  }

  /** One entry of a list, whose length only its parts tell. */
  async #aclBytes(): Promise<Reader> {
    let length = 8;
    for (let part = 0; part < 2; part++) {
      if (part > 0) length += 4;
      await this.#need(length, 'an access list');
      length += Math.max(0, this.#bounded(this.#stream.peekInt(length - 4)));
    }
    await this.#need(length, 'an access list');
    return Reader.over(this.#stream.take(length));
  }

  async #readNodes(): Promise<void> {
    const stream = this.#stream;
    for (;;) {
      if (!stream.has(4)) await this.#need(4, 'the next znode');
      const pathLength = this.#bounded(stream.peekInt());
      const head = 4 + pathLength + 4;
      if (!stream.has(head)) await this.#need(head - 4, 'the path of a znode');
      if (pathLength === 1) {
        stream.int();
        const path = stream.take(1).toString();
        if (path !== TERMINATOR) throw this.damaged(`a znode has the path ${JSON.stringify(path)}.`);
        break;
      }
      if (!stream.has(head)) await this.#need(head, 'the data of a znode');
      const dataLength = this.#bounded(stream.peekInt(head - 4));
      const whole = NODE_FIXED_BYTES + pathLength + Math.max(0, dataLength);
      if (!stream.has(whole)) await this.#need(whole, 'a znode');
      this.#takeNode(pathLength, dataLength);
    }
    this.#flush();
  }

  #takeNode(pathLength: number, dataLength: number): void {
    const stream = this.#stream;
    const rows = this.#rows;
    stream.int();
    const path = stream.take(pathLength);
    if (pathLength === 0) rows.ustring('/');
    else rows.buffer(path);
    stream.int();
    rows.buffer(dataLength < 0 ? null : stream.take(dataLength));
    const list = this.#lists.get(stream.long());
    if (list === undefined) this.#sink.withoutAcl(path.toString());
    rows.ustring(list ?? null);
    rows.raw(stream.take(STAT_BYTES));
    this.#znodes += 1;
    if (++this.#pending >= SLICE_ROWS || rows.length >= SLICE_BYTES) this.#flush();
  }

  #flush(): void {
    if (this.#pending === 0) return;
    this.#sink.znodes(this.#rows.bytes(), this.#pending);
    this.#rows.reset();
    this.#pending = 0;
    this.#progress?.(this.#znodes);
  }

  /** Everything up to here has this checksum; the seals before are part of it. */
  async #checkSeal(): Promise<void> {
    const actual = this.#stream.checksum();
    await this.#need(13, 'its checksum');
    const expected = this.#stream.long();
    const end = this.#stream.take(5);
    if (actual !== expected) throw this.damaged('its checksum does not fit to what it holds.');
    if (end.readInt32BE(0) !== 1 || end.toString('latin1', 4) !== TERMINATOR) {
      throw this.damaged('its checksum is not followed by its end.');
    }
  }

  async #readDigest(): Promise<StateDigest | undefined> {
    const stream = this.#stream;
    if (!(await stream.fill(1))) return undefined;
    await this.#need(12, 'its digest');
    const zxid = stream.long();
    const version = stream.int();
    let value = 0n;
    if (version >= 2) {
      await this.#need(8, 'its digest');
      value = stream.long();
    } else {
      await this.#need(4, 'its digest');
      const length = this.#bounded(stream.int());
      await this.#need(length, 'its digest');
      stream.take(length);
    }
    await this.#checkSeal();
    return { zxid, version, value };
  }

  async #count(what: string): Promise<number> {
    await this.#need(4, what);
    const count = this.#stream.int();
    if (count < 0) throw this.damaged(`it has ${count} ${what}.`);
    return count;
  }

  #bounded(length: number): number {
    if (length < -1 || length > RECORD_BYTES_MAX) throw this.damaged(`a length of ${length} bytes.`);
    return length;
  }

  async #need(count: number, what: string): Promise<void> {
    if (await this.#stream.fill(count)) return;
    throw new ApacheDataError(
      `${this.#file} is cut off: ${basename(this.#file)} ends within ${what}, behind byte ${this.#stream.offset}.`,
    );
  }
}
