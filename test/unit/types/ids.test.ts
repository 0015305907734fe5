/** Zxids and error codes. */
import { expect } from 'chai';
import fc from 'fast-check';
import {
  ErrorCode,
  KeeperError,
  NO_SESSION,
  ZXID_ZERO,
  counterOf,
  epochOf,
  errorName,
  makeZxid,
} from '../../../src/types/index.js';

describe('zxid', () => {
  it('is the epoch above, the counter below', () => {
    expect(makeZxid(1, 1)).to.equal(0x1_0000_0001n);
    expect(makeZxid(2 ** 31 - 1, 0xffffffff)).to.equal(2n ** 63n - 1n);
    expect(makeZxid(0, 0)).to.equal(ZXID_ZERO);
  });

  it('gives back epoch and counter, and orders by them', () => {
    const part = fc.tuple(fc.integer({ min: 0, max: 2 ** 31 - 1 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
    fc.assert(
      fc.property(part, part, (a, b) => {
        const [one, two] = [makeZxid(...a), makeZxid(...b)];
        expect([epochOf(one), counterOf(one)]).to.deep.equal(a);
        const less = a[0] === b[0] ? a[1] < b[1] : a[0] < b[0];
        expect(one < two).to.equal(less);
      }),
    );
  });

  it('0 is no session either', () => {
    expect(NO_SESSION).to.equal(0n);
  });
});

/** As clients know them (protocol.md section 3). */
const CODES: Record<string, number> = {
  OK: 0,
  MARSHALLINGERROR: -5,
  UNIMPLEMENTED: -6,
  BADARGUMENTS: -8,
  NONODE: -101,
  NOAUTH: -102,
  BADVERSION: -103,
  NOCHILDRENFOREPHEMERALS: -108,
  NODEEXISTS: -110,
  NOTEMPTY: -111,
  SESSIONEXPIRED: -112,
  INVALIDACL: -114,
  AUTHFAILED: -115,
  SESSIONMOVED: -118,
  NOWATCHER: -121,
  RECONFIGDISABLED: -123,
  SESSIONCLOSEDREQUIRESASLAUTH: -124,
  QUOTAEXCEEDED: -125,
};

describe('error code', () => {
  for (const [name, code] of Object.entries(CODES)) {
    it(`${name} is ${code} on the wire`, () => {
      expect(ErrorCode).to.have.property(name, code);
      expect(errorName(code)).to.equal(name);
    });
  }

  it('belongs to one name each', () => {
    const codes = Object.values(ErrorCode);
    expect(new Set(codes).size).to.equal(codes.length);
  });

  it('that ZooKeeper does not have has no name', () => {
    expect(errorName(-99999)).to.equal(undefined);
  });

  it('goes with the error, and so does the path', () => {
    const error = new KeeperError('NONODE', '/a', 'no wonder');
    expect(error).to.include({ code: 'NONODE', wireCode: -101, path: '/a' });
    expect(error.message).to.equal('NONODE for /a: no wonder');
  });
});
