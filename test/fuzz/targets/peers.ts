/** What servers say to each other: hellos, votes, messages of quorum links, and the records a leader sends. */
import { Reader, Writer, readLogRecord, writeLogRecord, type LogRecord } from '../../../src/codec/index.js';
import { encodeHello, decodeHello } from '../../../src/net/electionCodec.js';
import {
  FrameGroupWriter,
  PeerDecodeError,
  decodeFrameGroup,
  decodeNotification,
  decodePeerMessage,
  encodeNotification,
  encodePeerMessage,
} from '../../../src/net/index.js';
import { makeZxid, typeOfTxn } from '../../../src/types/index.js';
import { checkedRecords } from '../../../src/zab/batchCheck.js';
import { LOG_START, chainOf, markOf, type LogMark } from '../../../src/zab/index.js';
import type { Random } from '../../helpers/random.js';
import { frameGroup, notification, peerMessage } from '../peerMessages.js';
import { checkRoundTrip } from '../roundTrip.js';
import { Violation, type Target } from '../target.js';
import { txnBytes } from './records.js';

const refuses = (error: unknown): boolean => error instanceof PeerDecodeError;

const hello: Target = {
  name: 'hello',
  doc: 'the first frame on an election or quorum port',
  generate: (random) =>
    encodeHello({
      channel: random.pick(['election', 'quorum']),
      from: random.int(256),
      to: random.int(256),
      ensembleId: random.chance(0.3) ? undefined : random.pick(['', 'abcdef', 'é'.repeat(200)]),
      version: '0.1.0',
      capabilities: Array.from({ length: random.int(4) }, (_, i) => `word${i}`),
    }),
  run: (input) => {
    const value = decodeHello(input);
    checkRoundTrip(value, encodeHello, decodeHello);
    return value;
  },
  refuses,
};

const vote: Target = {
  name: 'notification',
  doc: 'a vote on an election link',
  generate: notification,
  run: (input) => {
    const value = decodeNotification(input);
    checkRoundTrip(value, encodeNotification, decodeNotification);
    return value;
  },
  refuses,
};

const message: Target = {
  name: 'peerMessage',
  doc: 'a single message of a quorum link',
  generate: peerMessage,
  run: (input) => {
    const value = decodePeerMessage(input);
    checkRoundTrip(value, encodePeerMessage, decodePeerMessage);
    return value;
  },
  refuses,
};

const group: Target = {
  name: 'frameGroup',
  doc: 'a frame of a quorum link with all messages of a turn',
  generate: frameGroup,
  run: (input) => {
    const value = decodeFrameGroup(input);
    checkRoundTrip(
      value,
      (messages) => {
        const writer = new FrameGroupWriter();
        for (const each of messages) writer.add(each);
        return Buffer.concat(writer.take()).subarray(4);
      },
      decodeFrameGroup,
    );
    return value;
  },
  refuses,
};

/** Records of a log behind `before`, one after the other. */
export function logRecords(random: Random, before: LogMark, count: number): Buffer {
  const w = new Writer();
  let { index, chain } = before;
  for (let i = 0; i < count; i++) {
    index++;
    const start = w.length;
    const payload = txnBytes(random);
    const zxid = makeZxid(1, index);
    writeLogRecord(w, { chain: 0n, index: BigInt(index), zxid, type: payload.readInt32BE(28), payload });
    const bytes = w.bytes().subarray(start);
    chain = chainOf(chain, bytes.subarray(8));
    bytes.writeBigInt64BE(chain);
  }
  return w.take();
}

const PROMISED_RECORDS = 3;

/** Whether what is taken continues the chain is what the target itself says: all else is as it came. */
const batch: Target = {
  name: 'batch',
  doc: 'the records of a proposal, behind the end of the own log',
  generate: (random) => logRecords(random, LOG_START, PROMISED_RECORDS),
  repair: (random, input) => (random.chance(0.6) ? rechained(input) : input),
  run: (input) => {
    const last = lastOf(input);
    const isReadable = ({ type, payload }: LogRecord): boolean => typeOfTxn(payload) === type;
    const found = checkedRecords(LOG_START, { bytes: input, count: PROMISED_RECORDS, last }, { isReadable });
    if (typeof found === 'string') return { kind: found.replaceAll(/-?\d+/g, '#') };
    const marks = [LOG_START, ...found.map(markOf)];
    for (const [at, mark] of marks.entries()) {
      const before = marks[at - 1];
      if (before !== undefined && (mark.index !== before.index + 1 || mark.zxid <= before.zxid))
        throw new Violation('a record was taken that does not follow the one before');
    }
    if (found.length !== PROMISED_RECORDS)
      throw new Violation('a batch was taken that has not as many records as it said');
    return { kind: undefined };
  },
  refuses: () => false,
};

/** What the sender says about its last record: the truth, as far as there is one. */
function lastOf(bytes: Buffer): LogMark {
  const reader = Reader.over(bytes);
  let last = LOG_START;
  try {
    for (let i = 0; i < PROMISED_RECORDS; i++) last = markOf(readLogRecord(reader));
  } catch {
    // It is cut short; any mark will do.
  }
  return last;
}

/** Gives all records the chain that their bytes ask for. */
function rechained(input: Buffer): Buffer {
  const bytes = Buffer.from(input);
  const reader = Reader.over(bytes);
  let { chain } = LOG_START;
  try {
    while (reader.remaining > 0) {
      const start = bytes.byteLength - reader.remaining;
      readLogRecord(reader);
      chain = chainOf(chain, bytes.subarray(start + 8, bytes.byteLength - reader.remaining));
      bytes.writeBigInt64BE(chain, start);
    }
  } catch {
    // What follows is no record.
  }
  return bytes;
}

export const peerTargets: readonly Target[] = [hello, vote, message, group, batch];
