/** Requests: which op code is read how, what cannot be read, and what clients may not send. */
import { expect } from 'chai';
import { Reader } from '../../../src/codec/index.js';
import { OPEN_ACL, OpCode, isWrite, readRequest, type Request } from '../../../src/types/index.js';
import { bytes, type Bytes } from '../helpers/bytes.js';

function read(type: number, body: Bytes | Buffer = bytes()): Request {
  return readRequest(type, Reader.over(Buffer.isBuffer(body) ? body : body.built));
}

const pathAndFlag = bytes().ustring('/a').boolean(true).built;
const pathAndInt = bytes().ustring('/a').int(3).built;
const path = bytes().ustring('/a').built;
const openAcl = bytes().int(1).int(31).ustring('world').ustring('anyone').built;
const createBody = bytes().ustring('/a').buffer(null).raw(openAcl).int(2).built;
const created = { path: '/a', data: null, acl: OPEN_ACL, flags: 2 };
const strings = (...items: string[]): Buffer => {
  const list = bytes().int(items.length);
  for (const item of items) list.ustring(item);
  return list.built;
};

const READ: [name: string, type: number, body: Buffer, request: Request, write: boolean][] = [
  ['create', 1, createBody, { type: 1, record: created }, true],
  ['create2', 15, createBody, { type: 15, record: created }, true],
  ['createContainer', 19, createBody, { type: 19, record: created }, true],
  [
    'createTTL',
    21,
    Buffer.concat([createBody, bytes().long(9n).built]),
    { type: 21, record: { ...created, ttl: 9n } },
    true,
  ],
  ['delete', 2, pathAndInt, { type: 2, record: { path: '/a', version: 3 } }, true],
  ['exists', 3, pathAndFlag, { type: 3, record: { path: '/a', watch: true } }, false],
  ['getData', 4, pathAndFlag, { type: 4, record: { path: '/a', watch: true } }, false],
  [
    'setData',
    5,
    bytes().ustring('/a').buffer(Buffer.from('x')).int(3).built,
    { type: 5, record: { path: '/a', data: Buffer.from('x'), version: 3 } },
    true,
  ],
  ['getACL', 6, path, { type: 6, record: { path: '/a' } }, false],
  [
    'setACL',
    7,
    bytes().ustring('/a').raw(openAcl).int(3).built,
    { type: 7, record: { path: '/a', acl: OPEN_ACL, version: 3 } },
    true,
  ],
  ['getChildren', 8, pathAndFlag, { type: 8, record: { path: '/a', watch: true } }, false],
  ['sync', 9, path, { type: 9, record: { path: '/a' } }, false],
  ['sync of nothing', 9, bytes().int(-1).built, { type: 9, record: { path: null } }, false],
  ['ping', 11, Buffer.alloc(0), { type: 11 }, false],
  ['getChildren2', 12, pathAndFlag, { type: 12, record: { path: '/a', watch: true } }, false],
  [
    'reconfig',
    16,
    bytes().ustring(null).ustring('1').ustring(null).long(-1n).built,
    { type: 16, record: { joiningServers: null, leavingServers: '1', newMembers: null, curConfigId: -1n } },
    true,
  ],
  ['checkWatches', 17, pathAndInt, { type: 17, record: { path: '/a', type: 3 } }, false],
  ['removeWatches', 18, pathAndInt, { type: 18, record: { path: '/a', type: 3 } }, false],
  [
    'setWatches',
    101,
    bytes().long(7n).raw(strings('/a')).raw(strings()).raw(strings('/b', '/c')).built,
    {
      type: 101,
      record: { relativeZxid: 7n, dataWatches: ['/a'], existWatches: [], childWatches: ['/b', '/c'] },
    },
    false,
  ],
  [
    'setWatches2',
    105,
    bytes().long(7n).raw(strings()).raw(strings()).raw(strings()).raw(strings('/p')).raw(strings('/r')).built,
    {
      type: 105,
      record: {
        relativeZxid: 7n,
        dataWatches: [],
        existWatches: [],
        childWatches: [],
        persistentWatches: ['/p'],
        persistentRecursiveWatches: ['/r'],
      },
    },
    false,
  ],
  ['getEphemerals', 103, path, { type: 103, record: { prefixPath: '/a' } }, false],
  ['getEphemerals of all', 103, bytes().int(-1).built, { type: 103, record: { prefixPath: null } }, false],
  ['getAllChildrenNumber', 104, path, { type: 104, record: { path: '/a' } }, false],
  [
    'addWatch',
    106,
    bytes().ustring('/a').int(1).built,
    { type: 106, record: { path: '/a', mode: 1 } },
    false,
  ],
  ['whoAmI', 107, Buffer.alloc(0), { type: 107 }, false],
  ['closeSession', -11, Buffer.alloc(0), { type: -11 }, true],
];

/** Op codes that are not for clients, or not for anybody. `check` may stand in a multi only. */
const UNKNOWN = [-1, -10, 0, 10, 13, 20, 23, 99, 102 + 6, 1000, 2 ** 31 - 1, -(2 ** 31)];

const UNDECODABLE: [what: string, type: number, body: Buffer][] = [
  ['an empty body', OpCode.create, Buffer.alloc(0)],
  ['a body that is cut off', OpCode.create, createBody.subarray(0, -1)],
  ['a read of a null path', OpCode.getData, bytes().int(-1).boolean(false).built],
  ['a null path in exists', OpCode.exists, bytes().int(-1).boolean(false).built],
  ['a length beyond the frame', OpCode.getACL, bytes().int(100).built],
  ['an addWatch of mode 2', OpCode.addWatch, bytes().ustring('/a').int(2).built],
  ['an addWatch of mode -1', OpCode.addWatch, bytes().ustring('/a').int(-1).built],
  ['a removeWatches of type 0', OpCode.removeWatches, bytes().ustring('/a').int(0).built],
  ['a checkWatches of type 6', OpCode.checkWatches, bytes().ustring('/a').int(6).built],
  ['a setWatches with a null list', OpCode.setWatches, bytes().long(0n).int(-1).int(0).int(0).built],
  [
    'a setWatches2 without its last list',
    OpCode.setWatches2,
    bytes().long(0n).int(0).int(0).int(0).int(0).built,
  ],
];

describe('request', () => {
  for (const [name, type, body, request, write] of READ) {
    it(`${name} is read as a ${write ? 'write' : 'read'}`, () => {
      expect(read(type, body)).to.deep.equal(request);
      expect(isWrite(read(type, body))).to.equal(write);
    });

    it(`${name} may have bytes behind it`, () => {
      expect(read(type, Buffer.concat([body, Buffer.from('rest')]))).to.deep.equal(request);
    });
  }

  for (const type of UNKNOWN) {
    it(`of type ${type} is unknown`, () => {
      expect(read(type, createBody)).to.deep.equal({ type: 'unknown' });
    });
  }

  it('removeWatches may be of type 1 to 5', () => {
    const types = [1, 2, 3, 4, 5].map(
      (type) => read(OpCode.removeWatches, bytes().ustring('/a').int(type)).type,
    );
    expect(types).to.deep.equal([18, 18, 18, 18, 18]);
  });

  for (const [what, type, body] of UNDECODABLE) {
    it(`with ${what} is undecodable, and no write`, () => {
      expect(read(type, body)).to.deep.equal({ type: 'undecodable' });
      expect(isWrite(read(type, body))).to.equal(false);
    });
  }
});

// --- multi ---------------------------------------------------------------------------------------------------------

const END = bytes().int(-1).boolean(true).int(-1).built;

function op(type: number, record: Buffer): Buffer {
  return bytes().int(type).boolean(false).int(-1).raw(record).built;
}

function multi(...ops: Buffer[]): Buffer {
  return Buffer.concat([...ops, END]);
}

function createOf(flags: number): Buffer {
  return bytes().ustring('/a').buffer(null).raw(openAcl).int(flags).built;
}

const undecodableMulti: Request = { type: OpCode.error, code: 'MARSHALLINGERROR' };

const BAD_MULTIS: [what: string, body: Buffer][] = [
  ['no end', op(OpCode.delete, pathAndInt)],
  ['nothing at all', Buffer.alloc(0)],
  ['an operation that is cut off', op(OpCode.delete, pathAndInt).subarray(0, -2)],
  ['setACL', multi(op(OpCode.setACL, bytes().ustring('/a').raw(openAcl).int(3).built))],
  ['deleteContainer', multi(op(OpCode.deleteContainer, path))],
  ['a read', multi(op(OpCode.getData, pathAndFlag))],
  ['reads of children', multi(op(OpCode.getChildren, pathAndFlag))],
  ['a multi', multi(op(OpCode.multi, END))],
  ['an unknown type', multi(op(99, Buffer.alloc(0)))],
  ['a create of unknown flags', multi(op(OpCode.create, createOf(7)))],
  ['a create of negative flags', multi(op(OpCode.create, createOf(-1)))],
  ['a TTL flag through create', multi(op(OpCode.create, createOf(5)))],
  ['a TTL flag through create2', multi(op(OpCode.create2, createOf(6)))],
  ['one bad operation behind a good one', multi(op(OpCode.delete, pathAndInt), op(99, Buffer.alloc(0)))],
];

describe('multi', () => {
  it('holds every operation that may stand in one', () => {
    const body = multi(
      op(OpCode.create, createOf(0)),
      op(OpCode.create2, createOf(1)),
      op(OpCode.createContainer, createOf(4)),
      op(OpCode.createTTL, Buffer.concat([createOf(5), bytes().long(9n).built])),
      op(OpCode.delete, pathAndInt),
      op(OpCode.setData, bytes().ustring('/a').buffer(null).int(3).built),
      op(OpCode.check, pathAndInt),
    );
    const request = read(OpCode.multi, body);
    expect(request.type === OpCode.multi && request.ops.map(({ type }) => type)).to.deep.equal([
      1, 15, 19, 21, 2, 5, 13,
    ]);
    expect(isWrite(request)).to.equal(true);
  });

  it('leaves the flags of a createTTL to its check, those between 0 and 6', () => {
    const ofFlags = (flags: number): Request =>
      read(
        OpCode.multi,
        multi(op(OpCode.createTTL, Buffer.concat([createOf(flags), bytes().long(9n).built]))),
      );
    for (const flags of [0, 4, 5, 6]) expect(ofFlags(flags).type, String(flags)).to.equal(OpCode.multi);
    for (const flags of [-1, 7]) expect(ofFlags(flags), String(flags)).to.deep.equal(undecodableMulti);
  });

  it('may be empty', () => {
    expect(read(OpCode.multi, END)).to.deep.equal({ type: OpCode.multi, ops: [] });
  });

  for (const [what, body] of BAD_MULTIS) {
    it(`with ${what} is undecodable, and still a write`, () => {
      expect(read(OpCode.multi, body)).to.deep.equal(undecodableMulti);
      expect(isWrite(read(OpCode.multi, body))).to.equal(true);
    });
  }
});

describe('multiRead', () => {
  it('holds getData and getChildren', () => {
    const body = multi(op(OpCode.getData, pathAndFlag), op(OpCode.getChildren, pathAndFlag));
    const request = read(OpCode.multiRead, body);
    expect(request.type === OpCode.multiRead && request.ops.map(({ type }) => type)).to.deep.equal([4, 8]);
  });

  // The first two look like a getData, but for their type.
  for (const type of [OpCode.exists, OpCode.getChildren2, OpCode.create, OpCode.check]) {
    it(`with an operation of type ${type} is undecodable`, () => {
      expect(read(OpCode.multiRead, multi(op(type, pathAndFlag)))).to.deep.equal({ type: 'undecodable' });
    });
  }
});
