/** Bytes as ZooKeeper has them on the wire, written out by hand (protocol.md sections 1 and 2). */
import { expect } from 'chai';
import {
  Reader,
  Writer,
  readConnectRequest,
  readMultiHeader,
  readReplyHeader,
  readStat,
  writeACL,
  writeConnectRequest,
  writeConnectResponse,
  writeCreateRequest,
  writeMultiHeader,
  writeReplyHeader,
  writeRequestHeader,
  writeStat,
  writeStatPersisted,
  writeWatcherEvent,
  type ConnectRequest,
  type Stat,
} from '../../../src/codec/index.js';
import { OPEN_ACL } from '../../../src/types/index.js';
import { fromHex } from '../helpers/bytes.js';

function hexOf(write: (w: Writer) => void): string {
  const w = new Writer();
  write(w);
  return w.bytes().toString('hex');
}

function plain(text: string): string {
  return fromHex(text).toString('hex');
}

const newSession: ConnectRequest = {
  protocolVersion: 0,
  lastZxidSeen: 0x1_0000_0002n,
  timeOut: 30_000,
  sessionId: 0n,
  passwd: Buffer.alloc(16),
};

const CONNECT_44 = `
  00000000 0000000100000002 00007530 0000000000000000
  00000010 00000000000000000000000000000000`;

const stat: Stat = {
  czxid: 1n,
  mzxid: 2n,
  ctime: 3n,
  mtime: 4n,
  version: 5,
  cversion: 6,
  aversion: 7,
  ephemeralOwner: -1n,
  dataLength: 8,
  numChildren: 9,
  pzxid: 10n,
};

const STAT_68 = `
  0000000000000001 0000000000000002 0000000000000003 0000000000000004
  00000005 00000006 00000007 ffffffffffffffff 00000008 00000009 000000000000000a`;

describe('bytes on the wire', () => {
  it('a ConnectRequest of an old client has 44 bytes and no readOnly', () => {
    expect(fromHex(CONNECT_44).byteLength).to.equal(44);
    expect(readConnectRequest(Reader.over(fromHex(CONNECT_44)))).to.deep.equal(newSession);
    expect(hexOf((w) => writeConnectRequest(w, newSession))).to.equal(plain(CONNECT_44));
  });

  for (const readOnly of [true, false]) {
    it(`a ConnectRequest with readOnly=${readOnly} has 45 bytes`, () => {
      const bytes = fromHex(`${CONNECT_44} ${readOnly ? '01' : '00'}`);
      expect(bytes.byteLength).to.equal(45);
      expect(readConnectRequest(Reader.over(bytes))).to.deep.equal({ ...newSession, readOnly });
      expect(hexOf((w) => writeConnectRequest(w, { ...newSession, readOnly }))).to.equal(
        bytes.toString('hex'),
      );
    });
  }

  it('a ConnectRequest may carry a null password and bytes behind readOnly', () => {
    const bytes = fromHex('00000000 0000000000000000 00001388 0000000000000000 ffffffff 01 dead');
    const request = readConnectRequest(Reader.over(bytes));
    expect(request.passwd).to.equal(null);
    expect(request.readOnly).to.equal(true);
  });

  it('a ConnectResponse has 36 bytes without readOnly and 37 with it', () => {
    const response = { protocolVersion: 0, timeOut: 4000, sessionId: -2n, passwd: Buffer.alloc(16, 0xab) };
    const bytes = plain(`00000000 00000fa0 fffffffffffffffe 00000010 ${'ab'.repeat(16)}`);
    expect(bytes.length / 2).to.equal(36);
    expect(hexOf((w) => writeConnectResponse(w, response))).to.equal(bytes);
    expect(hexOf((w) => writeConnectResponse(w, { ...response, readOnly: false }))).to.equal(`${bytes}00`);
  });

  it('a RequestHeader has 8 bytes: xid, type', () => {
    expect(hexOf((w) => writeRequestHeader(w, { xid: -2, type: 11 }))).to.equal(plain('fffffffe 0000000b'));
  });

  it('a ReplyHeader has 16 bytes: xid, zxid, err', () => {
    const header = { xid: 7, zxid: 0x2_0000_00ffn, err: -101 };
    const bytes = plain('00000007 00000002000000ff ffffff9b');
    expect(hexOf((w) => writeReplyHeader(w, header))).to.equal(bytes);
    expect(readReplyHeader(Reader.over(fromHex(bytes)))).to.deep.equal(header);
  });

  it('a Stat has 68 bytes', () => {
    expect(fromHex(STAT_68).byteLength).to.equal(68);
    expect(hexOf((w) => writeStat(w, stat))).to.equal(plain(STAT_68));
    expect(readStat(Reader.over(fromHex(STAT_68)))).to.deep.equal(stat);
  });

  it('a StatPersisted has 60 bytes: no dataLength, no numChildren', () => {
    const bytes = `
      0000000000000001 0000000000000002 0000000000000003 0000000000000004
      00000005 00000006 00000007 ffffffffffffffff 000000000000000a`;
    expect(fromHex(bytes).byteLength).to.equal(60);
    expect(hexOf((w) => writeStatPersisted(w, stat))).to.equal(plain(bytes));
  });

  it('an ACL has perms first, then scheme and id', () => {
    const open = OPEN_ACL[0]!;
    const bytes = plain('0000001f 00000005 776f726c64 00000006 616e796f6e65');
    expect(hexOf((w) => writeACL(w, open))).to.equal(bytes);
  });

  it('a WatcherEvent has type, state and path', () => {
    const bytes = plain('00000001 00000003 00000002 2f61');
    expect(hexOf((w) => writeWatcherEvent(w, { type: 1, state: 3, path: '/a' }))).to.equal(bytes);
  });

  it('null data and empty data differ: length -1 and length 0', () => {
    const request = { path: '/a', acl: null, flags: 0 };
    expect(hexOf((w) => writeCreateRequest(w, { ...request, data: null }))).to.equal(
      plain('00000002 2f61 ffffffff ffffffff 00000000'),
    );
    expect(hexOf((w) => writeCreateRequest(w, { ...request, data: Buffer.alloc(0) }))).to.equal(
      plain('00000002 2f61 00000000 ffffffff 00000000'),
    );
  });

  it('a multi ends with the header -1, done, -1', () => {
    const end = { type: -1, done: true, err: -1 };
    const bytes = plain('ffffffff 01 ffffffff');
    expect(hexOf((w) => writeMultiHeader(w, end))).to.equal(bytes);
    expect(readMultiHeader(Reader.over(fromHex(bytes)))).to.deep.equal(end);
  });

  it('any byte but 0 is true', () => {
    for (const byte of [1, 2, 0x80, 0xff]) expect(Reader.over(Buffer.from([byte])).boolean()).to.equal(true);
    expect(Reader.over(Buffer.from([0])).boolean()).to.equal(false);
  });

  it('malformed UTF-8 becomes the replacement character', () => {
    expect(Reader.over(fromHex('00000003 2f ff 61')).ustring()).to.equal('/\ufffda');
  });
});
