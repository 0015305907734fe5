/** What a follower acknowledges it has to apply: which records of a leader are refused before they are in the log. */
import { expect } from 'chai';
import { Writer, type LogRecord } from '../../../src/codec/index.js';
import { Engine } from '../../../src/engine/index.js';
import { memberships } from '../../../src/server/memberships.js';
import { OpCode, writeTxn, type Txn } from '../../../src/types/index.js';
import { defaultSettings } from '../helpers/world.js';

const engine = new Engine({
  prepare: defaultSettings,
  serverId: 1,
  tickMs: 2000,
  sessionTimeoutMsMin: 4000,
  sessionTimeoutMsMax: 40_000,
  containerNeverUsedMsMax: 0,
  memberships: memberships(false),
});

function record(txn: Txn, type: number = txn.type): LogRecord {
  const w = new Writer(64);
  writeTxn(w, { clientId: 0n, cxid: 0, zxid: 1n, time: 0n, type: txn.type }, txn);
  return { chain: 0n, index: 1n, zxid: 1n, type, payload: w.take() };
}

function reconfig(text: string): LogRecord {
  const data = Buffer.from(text);
  return record({ type: OpCode.reconfig, record: { path: '/zookeeper/config', data, version: -1 } });
}

const closing: Txn = { type: OpCode.closeSession, record: { paths2Delete: [] } };
const SERVERS = 'server.1=a:1:2:participant\nserver.2=b:1:2:participant\n';
const GOOD = reconfig(`${SERVERS}version=100000001`);

const RECORDS: [what: string, record: LogRecord, isReadable: boolean][] = [
  ['a txn                                    ', record(closing), true],
  ['a configuration                          ', GOOD, true],
  ['a configuration without a version        ', reconfig(SERVERS), false],
  ['a configuration whose version is no zxid ', reconfig(`${SERVERS}version=x`), false],
  ['a configuration with a broken member     ', reconfig('server.1=a:b\nversion=1'), false],
  ['a configuration that is cut off          ', { ...GOOD, payload: GOOD.payload.subarray(0, 60) }, false],
  ['a record of an unknown type              ', { ...record(closing), type: 99 }, false],
  ['a record that says another type          ', record(closing, OpCode.reconfig), false],
  ['a record of a configuration that hides it', { ...GOOD, type: OpCode.setData }, false],
  ['a record without a txn                   ', { ...record(closing), payload: Buffer.alloc(31) }, false],
];

describe('what a server can make something of', () => {
  for (const [what, sent, isReadable] of RECORDS)
    it(`${what.trim()}: ${isReadable ? 'yes' : 'no'}`, () => {
      expect(engine.isReadable(sent)).to.equal(isReadable);
    });
});
