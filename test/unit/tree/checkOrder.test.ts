/**
 * A request with several faults is answered with the first one of protocol.md section 2.2. For each operation the
 * faults stand here in that order; a request is built for every pair of them, and for each alone.
 */
import { expect } from 'chai';
import type { ACL } from '../../../src/codec/index.js';
import type { MultiOp, WriteRequest } from '../../../src/types/index.js';
import {
  acl,
  check,
  create,
  createTtl,
  del,
  everyone,
  setAcl,
  setData,
  type CreateOptions,
} from '../helpers/requests.js';
import { World, digestAcl } from '../helpers/world.js';

const secret = [digestAcl('ann', 'cdrwa')];
const badList: readonly ACL[] = [acl('nobody', 'knows', 'r')];

/**
 * Everything that the requests may run into. /closed lets nobody but ann in; /limited/full takes neither znodes nor
 * bytes any more.
 */
function stage(): World {
  return new World({ enforceQuota: true }).given(
    create('/open', { data: 'x' }),
    create('/open/child'),
    create('/closed', { acl: secret }),
    create('/closed/child', { acl: secret }),
    create('/readonly', { acl: everyone('r') }),
    create('/eph', { mode: 'ephemeral' }),
    create('/ephClosed', { mode: 'ephemeral', acl: secret }),
    create('/limited'),
    create('/limited/closed', { acl: secret }),
    create('/limited/eph', { mode: 'ephemeral' }),
    create('/zookeeper/quota/limited'),
    create('/zookeeper/quota/limited/zookeeper_limits', {
      data: 'count=-1,bytes=-1=;byteHardLimit=2;countHardLimit=3',
    }),
    create('/zookeeper/quota/limited/zookeeper_stats'),
  );
}

type Row = [what: string, request: WriteRequest, error: string];

function expectRows(operation: string, rows: readonly Row[]): void {
  describe(operation, () => {
    for (const [what, request, error] of rows) {
      it(`${what}: ${error}`, () => {
        expect(stage().write(request).error).to.equal(error);
      });
    }
  });
}

const big = 'more than two bytes';
const badFlags: CreateOptions = { flags: 9 };

expectRows('create, each fault alone', [
  ['flags', create('/new', badFlags), 'BADARGUMENTS'],
  ['TTL of 0', createTtl('/new', 0n), 'BADARGUMENTS'],
  ['null path', create(null), 'MARSHALLINGERROR'],
  ['no slash', create('new'), 'BADARGUMENTS'],
  ['NUL', create('/new\0'), 'BADARGUMENTS'],
  ['bad list', create('/new', { acl: badList }), 'INVALIDACL'],
  ['no parent', create('/nowhere/new'), 'NONODE'],
  ['CREATE not granted on the parent', create('/closed/new'), 'NOAUTH'],
  ['illegal path', create('/open//new'), 'NONODE'],
  ['illegal name', create('/open/..'), 'BADARGUMENTS'],
  ['exists', create('/open'), 'NODEEXISTS'],
  ['ephemeral parent', create('/eph/new'), 'NOCHILDRENFOREPHEMERALS'],
  ['quota', create('/limited/new'), 'QUOTAEXCEEDED'],
  ['no fault', create('/open/new'), 'OK'],
]);

expectRows('create, the first of several faults', [
  ['flags before null path', create(null, badFlags), 'BADARGUMENTS'],
  ['flags before bad list', create('/new', { ...badFlags, acl: badList }), 'BADARGUMENTS'],
  ['flags before no parent', create('/nowhere/new', badFlags), 'BADARGUMENTS'],
  ['TTL before bad list', createTtl('/new', 0n, { acl: badList }), 'BADARGUMENTS'],
  ['NUL before bad list', create('/new\0', { acl: badList }), 'BADARGUMENTS'],
  ['no slash before bad list', create('new', { acl: badList }), 'BADARGUMENTS'],
  ['bad list before no parent', create('/nowhere/new', { acl: badList }), 'INVALIDACL'],
  ['bad list before CREATE', create('/closed/new', { acl: badList }), 'INVALIDACL'],
  ['bad list before illegal name', create('/open/..', { acl: badList }), 'INVALIDACL'],
  ['no parent before illegal name', create('/nowhere/..'), 'NONODE'],
  ['CREATE before illegal name', create('/closed/..'), 'NOAUTH'],
  ['CREATE before exists', create('/closed/child'), 'NOAUTH'],
  ['CREATE before ephemeral parent', create('/ephClosed/new'), 'NOAUTH'],
  ['CREATE before quota', create('/limited/closed/new'), 'NOAUTH'],
  ['illegal name before ephemeral parent', create('/eph/..'), 'BADARGUMENTS'],
  ['illegal name before quota', create('/limited/..'), 'BADARGUMENTS'],
  ['exists before quota', create('/limited/closed'), 'NODEEXISTS'],
  ['ephemeral parent before quota', create('/limited/eph/new'), 'NOCHILDRENFOREPHEMERALS'],
]);

expectRows('create, where a path is odd', [
  ['the root', create('/'), 'NODEEXISTS'],
  ['an empty component in front', create('//b'), 'BADARGUMENTS'],
  ['a slash behind a znode', create('/open/'), 'BADARGUMENTS'],
  ['a slash behind no znode', create('/nowhere/'), 'NONODE'],
  ['no slash in front', create('open/new'), 'NONODE'],
  ['sequential with a slash behind', create('/open/', { mode: 'persistentSequential' }), 'OK'],
]);

expectRows('delete', [
  ['null path', del(null), 'MARSHALLINGERROR'],
  ['the root', del('/'), 'BADARGUMENTS'],
  ['/zookeeper', del('/zookeeper'), 'BADARGUMENTS'],
  ['/zookeeper/config', del('/zookeeper/config'), 'BADARGUMENTS'],
  ['/zookeeper/quota', del('/zookeeper/quota', 7), 'BADARGUMENTS'],
  ['no slash', del('open'), 'BADARGUMENTS'],
  ['NUL', del('/open\0'), 'BADARGUMENTS'],
  ['no parent', del('/nowhere/x'), 'NONODE'],
  ['no znode', del('/open/x'), 'NONODE'],
  ['DELETE not granted on the parent', del('/closed/child'), 'NOAUTH'],
  ['DELETE before no znode', del('/closed/x'), 'NOAUTH'],
  ['DELETE before version', del('/closed/child', 7), 'NOAUTH'],
  ['no znode before version', del('/open/x', 7), 'NONODE'],
  ['version', del('/open/child', 7), 'BADVERSION'],
  ['version before children', del('/open', 7), 'BADVERSION'],
  ['children', del('/open'), 'NOTEMPTY'],
  ["the znode's own list does not matter", del('/limited/closed'), 'OK'],
  ['a slash behind a znode', del('/open/'), 'NONODE'],
  ['an illegal path is only a path that is not there', del('/open/..'), 'NONODE'],
]);

expectRows('setData', [
  ['null path', setData(null), 'BADARGUMENTS'],
  ['illegal path', setData('/open/..'), 'BADARGUMENTS'],
  ['illegal path before no znode', setData('/nowhere//x'), 'BADARGUMENTS'],
  ['no znode', setData('/nowhere', '', 7), 'NONODE'],
  ['WRITE not granted', setData('/readonly'), 'NOAUTH'],
  ['WRITE before quota', setData('/limited/closed', big), 'NOAUTH'],
  ['WRITE before version', setData('/readonly', '', 7), 'NOAUTH'],
  ['quota', setData('/limited', big), 'QUOTAEXCEEDED'],
  ['quota before version', setData('/limited', big, 7), 'QUOTAEXCEEDED'],
  ['version', setData('/open', '', 7), 'BADVERSION'],
  ['/zookeeper/config for a normal client', setData('/zookeeper/config'), 'NOAUTH'],
  ['no fault', setData('/open', '', 0), 'OK'],
]);

expectRows('setACL', [
  ['null path', setAcl(null, secret), 'BADARGUMENTS'],
  ['illegal path before bad list', setAcl('/open/..', badList), 'BADARGUMENTS'],
  ['bad list before no znode', setAcl('/nowhere', badList), 'INVALIDACL'],
  ['bad list before ADMIN', setAcl('/closed', badList), 'INVALIDACL'],
  ['no list', setAcl('/open', null), 'INVALIDACL'],
  ['no znode', setAcl('/nowhere', secret, 7), 'NONODE'],
  ['ADMIN not granted', setAcl('/readonly', secret), 'NOAUTH'],
  ['ADMIN before version', setAcl('/readonly', secret, 7), 'NOAUTH'],
  ['version is the aversion', setAcl('/open', secret, 1), 'BADVERSION'],
  ['no fault', setAcl('/open', secret, 0), 'OK'],
]);

expectRows('check', [
  ['null path', check(null), 'BADARGUMENTS'],
  ['illegal path', check('/open/..'), 'BADARGUMENTS'],
  ['no znode', check('/nowhere', 7), 'NONODE'],
  ['READ not granted', check('/closed'), 'NOAUTH'],
  ['READ before version', check('/closed', 7), 'NOAUTH'],
  ['version', check('/open', 7), 'BADVERSION'],
  ['version -1 asks for the znode alone', check('/open', -1), 'OK'],
  ['no fault', check('/open', 0), 'OK'],
]);

describe('a write that fails', () => {
  const failing: MultiOp[] = [
    create('/open'),
    create('/limited/new'),
    del('/open'),
    setData('/limited', big),
    setData('/open', '', 7),
    check('/open', 7),
  ];
  for (const [i, request] of failing.entries()) {
    it(`leaves nothing outstanding and changes nothing (${i + 1} of ${failing.length})`, () => {
      const world = stage();
      const { digest } = world.tree;
      world.prepare(request);
      expect(world.outstanding.size).to.equal(0);
      world.applyNext();
      expect(world.tree.digest).to.equal(digest);
    });
  }
});
