/** Random writes over few paths, so that they meet: the load of the properties of tree and engine. */
import fc from 'fast-check';
import type { ACL } from '../../../src/codec/index.js';
import { OPEN_ACL, type MultiOp, type WriteRequest } from '../../../src/types/index.js';
import {
  check,
  closeSession,
  create,
  create2,
  createContainer,
  createTtl,
  del,
  everyone,
  multi,
  setAcl,
  setData,
  type Mode,
} from './requests.js';
import { digestAcl } from './world.js';

/** Few enough that most writes find something. `s` and `t` are the stems of sequential znodes. */
const parents = ['', '/a', '/a/b'];
const plain = parents.flatMap((parent) => ['a', 'b'].map((name) => `${parent}/${name}`));
const numbered = parents.flatMap((parent) =>
  ['s0000000000', 't0000000001'].map((name) => `${parent}/${name}`),
);

/** Makes the parents: without them most writes would find nothing. */
export const stage: readonly WriteRequest[] = parents.slice(1).map((path) => create(path));

const plainPath = fc.constantFrom(...plain);
const anyPath = fc.oneof(
  { weight: 12, arbitrary: plainPath },
  { weight: 4, arbitrary: fc.constantFrom(...numbered) },
  { weight: 1, arbitrary: fc.constantFrom('/', '/zookeeper', '/nowhere/x', '/a//b', 'relative') },
);
const stem = fc.constantFrom(...parents.flatMap((parent) => [`${parent}/s`, `${parent}/t`]));

const aclList: fc.Arbitrary<readonly ACL[]> = fc.oneof(
  { weight: 8, arbitrary: fc.constant(OPEN_ACL) },
  { weight: 1, arbitrary: fc.constantFrom(everyone('cdra'), [digestAcl('ann', 'cdrwa'), ...everyone('rc')]) },
);

const data = fc.option(fc.constantFrom('', 'x', 'some data', 'y'.repeat(40)), { freq: 5 });
/** Mostly any version, sometimes one that is right or wrong. */
const version = fc.oneof({ weight: 4, arbitrary: fc.constant(-1) }, fc.integer({ min: 0, max: 2 }));
const once = fc.constantFrom<Mode>('persistent', 'persistent', 'ephemeral');
const sequential = fc.constantFrom<Mode>('persistentSequential', 'ephemeralSequential');

/** One operation as it may stand in a multi. */
export const arbitraryOp: fc.Arbitrary<MultiOp> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(plainPath, data, once, aclList, fc.boolean())
      .map(([path, content, mode, list, second]) => {
        const options = { data: content, mode, acl: list };
        return second ? create2(path, options) : create(path, options);
      }),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(stem, data, sequential)
      .map(([path, content, mode]) => create(path, { data: content, mode })),
  },
  { weight: 1, arbitrary: plainPath.map((path) => createContainer(path)) },
  { weight: 1, arbitrary: fc.tuple(plainPath, fc.bigInt(1n, 5n)).map(([path, ttl]) => createTtl(path, ttl)) },
  { weight: 5, arbitrary: fc.tuple(anyPath, version).map(([path, v]) => del(path, v)) },
  {
    weight: 4,
    arbitrary: fc.tuple(anyPath, data, version).map(([path, content, v]) => setData(path, content, v)),
  },
  { weight: 1, arbitrary: fc.tuple(anyPath, version).map(([path, v]) => check(path, v)) },
);

/** A write of any kind but the end of the session. */
export const arbitraryUpdate: fc.Arbitrary<WriteRequest> = fc.oneof(
  { weight: 12, arbitrary: arbitraryOp.filter((op) => op.type !== 13) },
  {
    weight: 1,
    arbitrary: fc.tuple(anyPath, aclList, version).map(([path, list, v]) => setAcl(path, list, v)),
  },
  { weight: 4, arbitrary: fc.array(arbitraryOp, { maxLength: 5 }).map((ops) => multi(...ops)) },
);

/** A write of any kind. */
export const arbitraryWrite: fc.Arbitrary<WriteRequest> = fc.oneof(
  { weight: 12, arbitrary: arbitraryUpdate },
  { weight: 1, arbitrary: fc.constant(closeSession) },
);

/** Paths that the writes are about. */
export const arbitraryPath: fc.Arbitrary<string> = anyPath;
