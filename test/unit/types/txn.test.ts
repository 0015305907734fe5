/** Txns as they stand in the log: ZooKeeper's bytes, read back as they were, and nothing else is taken for one. */
import { expect } from 'chai';
import fc from 'fast-check';
import { DecodeError, Reader, Writer, type ACL, type TxnHeader } from '../../../src/codec/index.js';
import { OpCode, readTxn, writeTxn, type Txn } from '../../../src/types/index.js';
import { bytes, fromHex } from '../helpers/bytes.js';

function headerOf(txn: Txn): TxnHeader {
  return { clientId: -1n, cxid: 7, zxid: 0x1_0000_0002n, time: 1_600_000_000_000n, type: txn.type };
}

function encoded(txn: Txn, header = headerOf(txn)): Buffer {
  const w = new Writer(8);
  writeTxn(w, header, txn);
  return w.copy();
}

const path = fc.string({ unit: 'binary', maxLength: 20 });
const data = fc.option(fc.uint8Array({ maxLength: 20 }).map((part) => Buffer.from(part)));
const int = fc.integer();
const idText = fc.option(fc.string({ maxLength: 6 }));
const acl: fc.Arbitrary<readonly ACL[] | null> = fc.option(
  fc.array(fc.record({ perms: int, id: fc.record({ scheme: idText, id: idText }) }), { maxLength: 3 }),
);
const created = { path, data, acl, parentCVersion: int };
const versioned = { path, version: int };

function txnOf<T extends number, R>(
  types: readonly T[],
  record: fc.Arbitrary<R>,
): fc.Arbitrary<{ type: T; record: R }> {
  return fc.record({ type: fc.constantFrom(...types), record });
}

/** Every type but multi. */
const single: fc.Arbitrary<Txn> = fc.oneof(
  txnOf([OpCode.create, OpCode.create2] as const, fc.record({ ...created, ephemeral: fc.boolean() })),
  txnOf([OpCode.createContainer] as const, fc.record(created)),
  txnOf([OpCode.createTTL] as const, fc.record({ ...created, ttl: fc.bigInt({ min: 0n, max: 2n ** 40n }) })),
  txnOf([OpCode.delete, OpCode.deleteContainer] as const, fc.record({ path })),
  txnOf([OpCode.setData, OpCode.reconfig] as const, fc.record({ ...versioned, data })),
  txnOf([OpCode.setACL] as const, fc.record({ ...versioned, acl })),
  txnOf([OpCode.check] as const, fc.record(versioned)),
  txnOf([OpCode.createSession] as const, fc.record({ timeOut: int })),
  txnOf([OpCode.closeSession] as const, fc.record({ paths2Delete: fc.array(path, { maxLength: 3 }) })),
  txnOf([OpCode.error] as const, fc.record({ err: int })),
);

const TYPES: readonly number[] = [
  ...[
    OpCode.create,
    OpCode.create2,
    OpCode.createContainer,
    OpCode.createTTL,
    OpCode.delete,
    OpCode.deleteContainer,
  ],
  ...[
    OpCode.setData,
    OpCode.reconfig,
    OpCode.setACL,
    OpCode.check,
    OpCode.createSession,
    OpCode.closeSession,
  ],
  ...[OpCode.error, OpCode.multi],
];

describe('txn', () => {
  it('of any type is read back as it was written', () => {
    const seen = new Set<number>();
    fc.assert(
      fc.property(single, (txn) => {
        seen.add(txn.type);
        expect(readTxn(Reader.over(encoded(txn)))).to.deep.equal({ header: headerOf(txn), txn });
      }),
      { numRuns: 400 },
    );
    expect([...seen, OpCode.multi].sort()).to.deep.equal([...TYPES].sort());
  });

  it('of several operations is read back as it was written', () => {
    fc.assert(
      fc.property(fc.array(single, { maxLength: 5 }), (txns) => {
        const txn: Txn = { type: OpCode.multi, txns };
        expect(readTxn(Reader.over(encoded(txn)))).to.deep.equal({ header: headerOf(txn), txn });
      }),
    );
  });

  it('of a closeSession from before 3.6 names no paths', () => {
    const txn: Txn = { type: OpCode.closeSession, record: {} };
    const whole = encoded(txn);
    expect(whole.byteLength).to.equal(32);
    expect(readTxn(Reader.over(whole)).txn).to.deep.equal(txn);
  });

  it('that is cut off is refused with a DecodeError', () => {
    fc.assert(
      fc.property(single, fc.nat(), (txn, cut) => {
        const whole = encoded(txn);
        const length = cut % whole.byteLength;
        // The list of a closeSession may be absent: a header alone is one, too.
        fc.pre(!(txn.type === OpCode.closeSession && length === 32));
        expect(() => readTxn(Reader.over(whole.subarray(0, length)))).to.throw(DecodeError);
      }),
    );
  });

  for (const type of [0, 3, 4, 8, 9, 10, 11, 12, 17, 22, 100, -2, -10000]) {
    it(`of the unknown type ${type} is refused with a DecodeError`, () => {
      const header = bytes().long(1n).int(1).long(1n).long(1n).int(type).built;
      expect(() => readTxn(Reader.over(Buffer.concat([header, Buffer.alloc(64)])))).to.throw(
        DecodeError,
        String(type),
      );
    });
  }
});

describe('txn of a multi', () => {
  const header = bytes().long(1n).int(1).long(1n).long(1n).int(OpCode.multi).built;

  /** A multi whose only operation has this type and these bytes. */
  function multiOf(type: number, record: Buffer): Reader {
    return Reader.over(Buffer.concat([header, bytes().int(1).int(type).buffer(record).built]));
  }

  it('within a multi is refused', () => {
    const empty = bytes().int(0).built;
    expect(() => readTxn(multiOf(OpCode.multi, empty))).to.throw(DecodeError, 'multi inside a multi');
  });

  it('with an operation of an unknown type is refused', () => {
    expect(() => readTxn(multiOf(4, Buffer.alloc(20)))).to.throw(DecodeError);
  });

  it('with an operation that is cut off is refused, though bytes follow in the multi', () => {
    const record = bytes().ustring('/a').built.subarray(0, 5);
    const txn = Buffer.concat([
      header,
      bytes().int(1).int(OpCode.delete).buffer(record).raw(Buffer.alloc(20)).built,
    ]);
    expect(() => readTxn(Reader.over(txn))).to.throw(DecodeError);
  });
});

describe('bytes of a txn', () => {
  it('are header, then record, as ZooKeeper logs a setData', () => {
    const txn: Txn = { type: OpCode.setData, record: { path: '/a', data: Buffer.from('x'), version: 3 } };
    const expected = fromHex(`
      ffffffffffffffff 00000007 0000000100000002 00000174876e8000 00000005
      00000002 2f61 00000001 78 00000003`);
    expect(encoded(txn).toString('hex')).to.equal(expected.toString('hex'));
  });

  it('of a multi hold each operation as type, length and record', () => {
    const txns: Txn[] = [
      { type: OpCode.delete, record: { path: '/a' } },
      { type: OpCode.error, record: { err: -101 } },
    ];
    const expected = bytes()
      .int(2)
      .int(OpCode.delete)
      .buffer(bytes().ustring('/a').built)
      .int(OpCode.error)
      .buffer(bytes().int(-101).built).built;
    const multi: Txn = { type: OpCode.multi, txns };
    expect(encoded(multi).subarray(32).toString('hex')).to.equal(expected.toString('hex'));
  });

  it('of a create end with the ephemeral flag and the count of children', () => {
    const record = { path: '/a', data: null, acl: [], ephemeral: true, parentCVersion: 9 };
    const expected = bytes().ustring('/a').buffer(null).int(0).boolean(true).int(9).built;
    expect(encoded({ type: OpCode.create2, record }).subarray(32).toString('hex')).to.equal(
      expected.toString('hex'),
    );
  });
});
