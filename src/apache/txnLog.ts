/**
 * Reads a transaction log of Apache ZooKeeper (protocol.md 20.2). What may stand at its end without being damage is
 * what Apache itself takes for the end: zeros that were allocated ahead, and a record that was not written to its end.
 */
import adler32 from 'adler-32';
import { DecodeError, Reader, type TxnHeader } from '../codec/index.js';
import { OpCode, readTxn, type Txn } from '../types/index.js';
import { hex } from '../util/index.js';
import { ByteStream, RECORD_BYTES_MAX } from './byteStream.js';
import { ApacheDataError } from './errors.js';
import { ENTRY_END, LOG_MAGIC, LOG_VERSION } from './format.js';

/** A txn and where it stands. Its data are views: copy what you keep. */
export interface LogEntry {
  readonly header: TxnHeader;
  readonly txn: Txn;
  /** Of the tree after it; since 3.6, unless that is switched off. */
  readonly digest: { readonly version: number; readonly value: bigint } | undefined;
  /** Of the entry in the file. */
  readonly offset: number;
}

/** How a log ended. */
export interface LogEnd {
  readonly entries: number;
  readonly bytes: number;
  /** A record begins at `bytes` and is not complete: Apache ignores it, and all that follows. */
  readonly torn: boolean;
}

const CRC_AND_LENGTH = 12;
/** A digest behind a txn: a version and a long. */
const DIGEST_BYTES = 12;
/** parentCVersion of logs that have none: one more than before. */
const NEXT_CVERSION = Buffer.from([0xff, 0xff, 0xff, 0xff]);

/**
 * Gives all txns to `take`, in order.
 * @throws ApacheDataError with the offset of what is damaged
 */
export async function readLog(file: string, take: (entry: LogEntry) => void): Promise<LogEnd> {
  const stream = new ByteStream(file);
  try {
    return await readEntries(file, stream, take);
  } finally {
    await stream.close();
  }
}

async function readEntries(
  file: string,
  stream: ByteStream,
  take: (entry: LogEntry) => void,
): Promise<LogEnd> {
  if (!(await stream.fill(16))) return { entries: 0, bytes: 0, torn: stream.has(1) };
  if (stream.int() !== LOG_MAGIC || stream.int() !== LOG_VERSION) {
    throw new ApacheDataError(`${file} is no transaction log of ZooKeeper: it does not begin like one.`);
  }
  stream.long();
  for (let entries = 0; ; entries++) {
    const { offset } = stream;
    const end = (torn: boolean): LogEnd => ({ entries, bytes: offset, torn });
    if (!stream.has(CRC_AND_LENGTH) && !(await stream.fill(CRC_AND_LENGTH))) return end(stream.has(1));
    const length = stream.peekInt(8);
    if (length === 0 || length === -1) return end(false);
    if (length < 0 || length > RECORD_BYTES_MAX) throw damaged(file, offset, `a length of ${length} bytes`);
    const whole = CRC_AND_LENGTH + length + 1;
    if (!stream.has(whole) && !(await stream.fill(whole))) return end(true);
    const crc = stream.long();
    stream.int();
    const bytes = stream.take(length);
    if (stream.take(1)[0] !== ENTRY_END) return end(true);
    if (crc !== BigInt(adler32.buf(bytes) >>> 0)) {
      throw damaged(file, offset, 'a record does not fit to its checksum');
    }
    take(entryOf(file, offset, bytes));
  }
}

function entryOf(file: string, offset: number, bytes: Buffer): LogEntry {
  try {
    const reader = Reader.over(bytes);
    const { header, txn } = readTxn(reader);
    let digest: LogEntry['digest'];
    if (reader.remaining >= DIGEST_BYTES) digest = { version: reader.int(), value: reader.long() };
    return { header, txn, digest, offset };
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    const old = oldCreate(bytes);
    if (old !== undefined) return { ...old, digest: undefined, offset };
    throw damaged(file, offset, `the record of zxid ${zxidIn(bytes)} is malformed (${error.message})`);
  }
}

/** A create as releases before 3.4 wrote it, which ends before parentCVersion. */
function oldCreate(bytes: Buffer): { header: TxnHeader; txn: Txn } | undefined {
  try {
    const read = readTxn(Reader.over(Buffer.concat([bytes, NEXT_CVERSION])));
    return read.txn.type === OpCode.create ? read : undefined;
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

function zxidIn(bytes: Buffer): string {
  return bytes.byteLength < 20 ? 'unknown' : hex(bytes.readBigInt64BE(12));
}

function damaged(file: string, offset: number, what: string): ApacheDataError {
  return new ApacheDataError(
    `${file} is damaged at byte ${offset}: ${what}. Take the data of another server of the ensemble, or a copy.`,
  );
}
