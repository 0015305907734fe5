/** Records and messages between servers in the words of the tests. */
import { Reader, Writer, readLogRecord, writeLogRecord } from '../../../src/codec/index.js';
import { OpCode, counterOf, epochOf, makeZxid, type Zxid } from '../../../src/types/index.js';
import {
  LOG_START,
  expectedChain,
  markOf,
  type LogBatch,
  type LogMark,
  type PeerMessage,
  type ToLeader,
  type ToLearner,
} from '../../../src/zab/index.js';

/** Key of session passwords. */
export const SECRET = Buffer.from('secret');

/** A record of a log. */
export interface Rec {
  readonly bytes: Buffer;
  readonly mark: LogMark;
}

/** `2:7` is counter 7 of epoch 2. */
export function zxid(text: string): Zxid {
  const [epoch = 0, counter = 0] = text.split(':').map((part) => parseInt(part));
  return makeZxid(epoch, counter);
}

/**
 * A log as zxids one after the other: `1:1 1:2 2:1`. The same zxid is the same record; a letter behind it makes another
 * one of it: `1:2x`. One that ends with an exclamation mark brings a configuration: `1:2!`; of one with a question mark
 * nobody knows what it is: `1:2?`.
 * @param payloadBytes at least so many in each
 */
export function log(text: string, before: LogMark = LOG_START, payloadBytes = 0): Rec[] {
  let last = before;
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => {
      const record = rec(word, last, { payloadBytes });
      last = record.mark;
      return record;
    });
}

/** One record behind `before`, or one that only says so. */
export function rec(word: string, before: LogMark, { index = before.index + 1, payloadBytes = 0 } = {}): Rec {
  const payload = Buffer.from(`payload ${word}`.padEnd(payloadBytes));
  const fields = {
    chain: 0n,
    index: BigInt(index),
    zxid: zxid(word),
    type: word.endsWith('!') ? OpCode.reconfig : 5,
    payload,
  };
  const chain = expectedChain(before.chain, fields);
  const w = new Writer(128);
  writeLogRecord(w, { ...fields, chain });
  return { bytes: w.take(), mark: { index, zxid: zxid(word), chain } };
}

export function batchOf(records: readonly Rec[]): LogBatch {
  const last = records.at(-1);
  if (last === undefined) throw new Error('A batch without records.');
  return { bytes: Buffer.concat(records.map(({ bytes }) => bytes)), count: records.length, last: last.mark };
}

export function recordsOf(batch: LogBatch): Rec[] {
  const records: Rec[] = [];
  const reader = Reader.over(batch.bytes);
  while (reader.remaining > 0) {
    const record = readLogRecord(reader);
    const w = new Writer(128);
    writeLogRecord(w, record);
    records.push({ bytes: w.take(), mark: markOf(record) });
  }
  if (records.length !== batch.count) throw new Error('A batch does not hold what it says.');
  return records;
}

/** `3=1:3`: record 3 has zxid 1:3. */
export function markLine({ index, zxid: at }: LogMark): string {
  return `${index}=${epochOf(at)}:${counterOf(at)}`;
}

export function messageLine(message: PeerMessage): string {
  switch (message.kind) {
    case 'followerInfo': {
      const flags = (['observer', 'blank', 'suspect'] as const).filter((flag) => message[flag]);
      return ['followerInfo', message.acceptedEpoch, ...flags].join(' ');
    }
    case 'ackEpoch': {
      const { currentEpoch, tail, counts } = message;
      return `ackEpoch ${currentEpoch} at ${markLine(tail)}${counts ? '' : ', does not count'}`;
    }
    case 'ackNewLeader':
    case 'leaderInfo':
      return `${message.kind} ${message.epoch}`;
    case 'ack':
      return `ack ${message.index}`;
    case 'pong':
      return `pong ${message.beat}`;
    case 'diff':
      return `diff ${markLine(message.from)}`;
    case 'trunc':
      return `trunc ${markLine(message.to)}`;
    case 'snap':
      return `snap ${markLine(message.base)}`;
    case 'chunk':
      return message.last ? 'last chunk' : 'chunk';
    case 'records': {
      const { batch, answers } = message;
      const range = `records ${batch.last.index - batch.count + 1}..${batch.last.index}`;
      return [range, ...answers.map(({ index, request }) => `${index} answers ${request}`)].join(', ');
    }
    case 'newLeader':
      return `newLeader ${message.epoch} at ${markLine(message.tail)}`;
    case 'upToDate':
      return `upToDate ${message.commit}`;
    case 'commit':
      return `commit ${message.index}`;
    case 'ping':
      return `ping ${message.beat} commit ${message.commit}`;
    case 'synced':
      return `synced at ${message.index}`;
    default:
      return message.kind;
  }
}

// --- what a leader says --------------------------------------------------------------------------------------------

export const say = {
  leaderInfo: (epoch: number): ToLearner => ({ kind: 'leaderInfo', epoch }),
  diff: (from: LogMark): ToLearner => ({ kind: 'diff', from }),
  trunc: (to: LogMark): ToLearner => ({ kind: 'trunc', to }),
  snap: (base: LogMark): ToLearner => ({ kind: 'snap', base }),
  chunk: (last = true): ToLearner => ({ kind: 'chunk', bytes: Buffer.from('chunk'), last }),
  records: (records: readonly Rec[]): ToLearner => ({
    kind: 'records',
    batch: batchOf(records),
    answers: [],
  }),
  newLeader: (epoch: number, tail: LogMark): ToLearner => ({
    kind: 'newLeader',
    epoch,
    tail,
    secret: SECRET,
  }),
  upToDate: (commit: number): ToLearner => ({ kind: 'upToDate', commit }),
  commit: (index: number): ToLearner => ({ kind: 'commit', index }),
  ping: (beat: number, commit: number): ToLearner => ({ kind: 'ping', beat, commit }),
  handOver: { kind: 'handOver' } as ToLearner,

  // What a learner says.
  followerInfo: (acceptedEpoch: number, flags: Partial<Info> = {}): ToLeader => ({
    kind: 'followerInfo',
    acceptedEpoch,
    observer: false,
    configVersion: makeZxid(0, 0),
    blank: false,
    suspect: false,
    ...flags,
  }),
  ackEpoch: (currentEpoch: number, tail: LogMark, counts = true): ToLeader => ({
    kind: 'ackEpoch',
    currentEpoch,
    tail,
    counts,
  }),
  wantSnapshot: { kind: 'wantSnapshot' } as ToLeader,
  chunkStaged: { kind: 'chunkStaged' } as ToLeader,
  ackNewLeader: (epoch: number): ToLeader => ({ kind: 'ackNewLeader', epoch }),
  ack: (epoch: number, index: number): ToLeader => ({ kind: 'ack', epoch, index }),
  pong: (beat: number, applied = 0): ToLeader => ({ kind: 'pong', beat, touched: [], applied }),
  sync: (request: number): ToLeader => ({ kind: 'sync', request }),
} as const;

type Info = Extract<ToLeader, { kind: 'followerInfo' }>;
