/**
 * A run as lines of JSON: connections, requests, answers, events, records of the log and quiet points, in the order in
 * which they were met. What is read back is checked: a file may be older than this program, or written by hand.
 */
import type { Stat, TxnHeader } from '../../src/codec/index.js';
import { Writer, writeLogRecord } from '../../src/codec/index.js';
import { OpCode, writeTxn, zxidOf, type Txn } from '../../src/types/index.js';
import { txnOf, type SimRecord } from '../sim/records.js';
import { Fields } from './fields.js';
import type { Answer, Call, CreateMode, Event, Outcome, Write } from './history.js';
import { hex } from './history.js';
import type { Register } from './linearizable.js';

export type Line =
  | { readonly kind: 'event'; readonly event: Event }
  | { readonly kind: 'record'; readonly record: SimRecord }
  /** Nothing is under way here, and the registers hold this. */
  | { readonly kind: 'quiet'; readonly ends: ReadonlyMap<string, Register> };

/** One line, without its end. */
export function writeLine(line: Line): string {
  switch (line.kind) {
    case 'event':
      return JSON.stringify(line.event, plain);
    case 'record': {
      const { header, txn } = txnOf(line.record);
      const { index, zxid, chain } = line.record;
      const { clientId: session, cxid, time } = header;
      return JSON.stringify(
        { kind: 'record', index, zxid, chain, session, cxid, time, txn: plainTxn(txn) },
        plain,
      );
    }
    case 'quiet': {
      const ends = [...line.ends].map(([path, { version, value }]) => [path, version, value]);
      return JSON.stringify({ kind: 'quiet', ends });
    }
  }
}

const STAT_FIELDS = [
  'czxid',
  'mzxid',
  'ctime',
  'mtime',
  'version',
  'cversion',
  'aversion',
  'ephemeralOwner',
  'dataLength',
  'numChildren',
  'pzxid',
] as const satisfies readonly (keyof Stat)[];

/** 64-bit numbers as text, and a Stat as a list of its fields. */
function plain(key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value >= 0n ? hex(value) : value.toString();
  if (key !== 'stat' || typeof value !== 'object' || value === null) return value;
  const stat = new Map<string, unknown>(Object.entries(value));
  return STAT_FIELDS.map((name) => stat.get(name));
}

/** Of txns that the load does not make only the type is kept: they change nothing that is looked at. */
function plainTxn(txn: Txn): unknown {
  switch (txn.type) {
    case OpCode.create:
    case OpCode.create2: {
      const { path, data, ephemeral } = txn.record;
      return { op: 'create', path, data: data?.toString('latin1') ?? null, ephemeral };
    }
    case OpCode.setData:
      return { op: 'set', path: txn.record.path, data: txn.record.data?.toString('latin1') ?? null };
    case OpCode.delete:
      return { op: 'delete', path: txn.record.path };
    case OpCode.createSession:
      return { op: 'session', timeoutMs: txn.record.timeOut };
    case OpCode.closeSession:
      return { op: 'close', paths: txn.record.paths2Delete ?? [] };
    case OpCode.multi:
      return { op: 'multi', txns: txn.txns.map(plainTxn) };
    case OpCode.error:
      return { op: 'error', err: txn.record.err };
    case OpCode.check:
      return { op: 'check', path: txn.record.path };
    default:
      return { op: 'other', type: txn.type };
  }
}

/** @throws Error naming what is wrong with the line */
export function readLine(value: unknown): Line {
  const fields = Fields.of(value);
  const kind = fields.text('kind');
  if (kind === 'record') return { kind, record: recordOf(fields) };
  if (kind === 'quiet') {
    const ends = fields.list('ends', (entry) => {
      const [path, version, content] = Array.isArray(entry) ? (entry as unknown[]) : [];
      if (typeof path !== 'string' || typeof version !== 'number' || typeof content !== 'string')
        throw new Error(`${JSON.stringify(entry)} is no path, version and value`);
      return [path, { version, value: content }] as const;
    });
    return { kind, ends: new Map(ends) };
  }
  return { kind: 'event', event: eventOf(kind, fields) };
}

function eventOf(kind: string, fields: Fields): Event {
  const head = { at: fields.number('at'), link: fields.number('link') };
  switch (kind) {
    case 'connect':
      return {
        ...head,
        kind,
        client: fields.text('client'),
        server: fields.number('server'),
        session: fields.long('session'),
        lastZxidSeen: fields.long('lastZxidSeen'),
      };
    case 'connected':
      return { ...head, kind, session: fields.long('session'), timeoutMs: fields.number('timeoutMs') };
    case 'call':
      return { ...head, kind, xid: fields.number('xid'), call: callOf(fields.object('call')) };
    case 'answer':
      return { ...head, kind, xid: fields.number('xid'), answer: answerOf(fields.object('answer')) };
    case 'watch':
      return {
        ...head,
        kind,
        type: fields.number('type'),
        path: fields.text('path'),
        zxid: fields.long('zxid'),
      };
    case 'disconnect':
      return { ...head, kind };
    default:
      throw new Error(`${kind} is no kind of event`);
  }
}

function callOf(fields: Fields): Call {
  const op = fields.text('op');
  switch (op) {
    case 'get':
    case 'exists':
    case 'children':
      return { op, path: fields.text('path'), watch: fields.flag('watch') };
    case 'multi':
      return { op, ops: fields.list('ops', (each) => writeOf(Fields.of(each))) };
    case 'getAll':
      return { op, paths: fields.list('paths', String) };
    case 'sync':
      return { op, path: fields.text('path') };
    case 'watchAll':
    case 'close':
      return { op };
    default: {
      const write = writeOf(fields);
      if (write.op === 'check') throw new Error('a check stands in a multi only');
      return write;
    }
  }
}

const MODES: readonly CreateMode[] = [
  'persistent',
  'ephemeral',
  'persistentSequential',
  'ephemeralSequential',
];

function writeOf(fields: Fields): Write {
  const op = fields.text('op');
  const path = fields.text('path');
  switch (op) {
    case 'create': {
      const mode = MODES.find((each) => each === fields.text('mode'));
      if (mode === undefined) throw new Error(`${fields.text('mode')} is no mode`);
      return { op, path, data: fields.text('data'), mode };
    }
    case 'set':
      return { op, path, data: fields.text('data'), version: fields.number('version') };
    case 'delete':
    case 'check':
      return { op, path, version: fields.number('version') };
    default:
      throw new Error(`${op} is no operation`);
  }
}

function answerOf(fields: Fields): Answer {
  const head = { zxid: fields.long('zxid'), err: fields.number('err') };
  return {
    ...head,
    ...(fields.has('path') ? { path: fields.text('path') } : {}),
    ...(fields.has('data') ? { data: fields.textOrNull('data') } : {}),
    ...(fields.has('stat') ? { stat: statOf(fields) } : {}),
    ...(fields.has('children') ? { children: fields.list('children', String) } : {}),
    ...(fields.has('results')
      ? { results: fields.list('results', (each) => outcomeOf(Fields.of(each))) }
      : {}),
    ...(fields.has('values')
      ? { values: fields.list('values', (each) => (typeof each === 'string' ? each : null)) }
      : {}),
  };
}

function outcomeOf(fields: Fields): Outcome {
  const stat = fields.has('stat') ? statOf(fields) : undefined;
  return { err: fields.number('err'), path: fields.text('path'), stat };
}

function statOf(fields: Fields): Stat {
  const values = fields.list('stat', (each) => each);
  const named = Fields.of(Object.fromEntries(STAT_FIELDS.map((name, i) => [name, values[i]])));
  return {
    czxid: named.long('czxid'),
    mzxid: named.long('mzxid'),
    ctime: named.long('ctime'),
    mtime: named.long('mtime'),
    version: named.number('version'),
    cversion: named.number('cversion'),
    aversion: named.number('aversion'),
    ephemeralOwner: named.long('ephemeralOwner'),
    dataLength: named.number('dataLength'),
    numChildren: named.number('numChildren'),
    pzxid: named.long('pzxid'),
  };
}

function recordOf(fields: Fields): SimRecord {
  const txn = txnOfPlain(fields.object('txn'));
  const zxid = zxidOf(fields.long('zxid'));
  const header = {
    clientId: fields.long('session'),
    cxid: fields.number('cxid'),
    zxid,
    time: fields.long('time'),
  };
  const chain = fields.has('chain') ? fields.long('chain') : 0n;
  return encodeRecord(fields.number('index'), chain, { ...header, type: txn.type }, txn);
}

/** A record of the log, as a server writes it. */
export function encodeRecord(index: number, chain: bigint, header: TxnHeader, txn: Txn): SimRecord {
  const payload = new Writer();
  writeTxn(payload, header, txn);
  const w = new Writer();
  const zxid = zxidOf(header.zxid);
  writeLogRecord(w, { chain, index: BigInt(index), zxid, type: txn.type, payload: payload.take() });
  return { index, zxid, chain, bytes: w.take() };
}

function txnOfPlain(fields: Fields): Txn {
  const op = fields.text('op');
  switch (op) {
    case 'create': {
      const record = { path: fields.text('path'), data: bytesOf(fields), acl: null, parentCVersion: -1 };
      return { type: OpCode.create2, record: { ...record, ephemeral: fields.flag('ephemeral') } };
    }
    case 'set':
      return {
        type: OpCode.setData,
        record: { path: fields.text('path'), data: bytesOf(fields), version: -1 },
      };
    case 'delete':
      return { type: OpCode.delete, record: { path: fields.text('path') } };
    case 'session':
      return { type: OpCode.createSession, record: { timeOut: fields.number('timeoutMs') } };
    case 'close':
      return { type: OpCode.closeSession, record: { paths2Delete: fields.list('paths', String) } };
    case 'multi':
      return { type: OpCode.multi, txns: fields.list('txns', (each) => txnOfPlain(Fields.of(each))) };
    case 'check':
      return { type: OpCode.check, record: { path: fields.text('path'), version: -1 } };
    case 'error':
      return { type: OpCode.error, record: { err: fields.number('err') } };
    case 'other':
      return { type: OpCode.error, record: { err: 0 } };
    default:
      throw new Error(`${op} is no txn`);
  }
}

function bytesOf(fields: Fields): Buffer | null {
  const text = fields.textOrNull('data');
  return text === null ? null : Buffer.from(text, 'latin1');
}
