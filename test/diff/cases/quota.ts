/** Quotas: how they are counted, and what is refused when they are enforced. */
import {
  create,
  createTTL,
  del,
  ephemeral,
  exists,
  getData,
  multi,
  sequential,
  setData,
  WATCH,
  ping,
} from '../requests.js';
import { differs, group, on, row } from '../steps.js';
import type { Step } from '../player.js';

const Q = '/zookeeper/quota~';
const STATS = `${Q}/zookeeper_stats`;
const LIMITS = `${Q}/zookeeper_limits`;

/** As setquota of a client does it: the ancestors, the limits, then the node in which the server counts. */
function quota(limits: string, below = ''): Step[] {
  return [
    create(`${Q}${below}`),
    create(`${Q}${below}/zookeeper_limits`, limits),
    create(`${Q}${below}/zookeeper_stats`, 'count=0,bytes=0'),
  ];
}

const HARD_COUNT = (n: number): string => `count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=${n}`;
const HARD_BYTES = (n: number): string => `count=-1,bytes=-1=;byteHardLimit=${n};countHardLimit=-1`;

export const quotaTable = group(
  'quota',
  'quota',
  row(
    'the stats are counted when they are made',
    setData('~', 'abc'),
    create('~/a', '12345'),
    ...quota('count=10,bytes=100'),
    getData(STATS),
  ),
  row('a create is counted', ...quota('count=10,bytes=100'), create('~/a', '12345'), getData(STATS)),
  row(
    'a delete is counted',
    ...quota('count=10,bytes=100'),
    create('~/a', '12345'),
    del('~/a'),
    getData(STATS),
  ),
  row(
    'a setData is counted',
    ...quota('count=10,bytes=100'),
    create('~/a', '12345'),
    setData('~/a', '1'),
    getData(STATS),
  ),
  row(
    'a setData of the root of the quota is counted',
    ...quota('count=10,bytes=100'),
    setData('~', '123'),
    getData(STATS),
  ),
  row('null data count as nothing', ...quota('count=10,bytes=100'), create('~/a', null), getData(STATS)),
  row(
    'grandchildren are counted',
    ...quota('count=10,bytes=100'),
    create('~/a'),
    create('~/a/b', 'x'),
    getData(STATS),
  ),
  row('ephemerals are counted', ...quota('count=10,bytes=100'), ephemeral('~/e', 'x'), getData(STATS)),
  row('counting does not change versions', ...quota('count=10,bytes=100'), create('~/a', 'x'), exists(STATS)),
  row(
    'counting tells no watcher',
    ...quota('count=10,bytes=100'),
    exists(STATS, WATCH),
    on('B', create('~/a', 'x')),
    ping(),
  ),
  row(
    'a multi is counted',
    ...quota('count=10,bytes=100'),
    multi(create('~/a', '12'), create('~/b', '345'), del('~/a')),
    getData(STATS),
  ),
  row(
    'a failed multi is not',
    ...quota('count=10,bytes=100'),
    multi(create('~/a', '12'), del('~/none')),
    getData(STATS),
  ),
  row(
    'a soft limit refuses nothing',
    ...quota('count=1,bytes=1'),
    create('~/a', '12345'),
    create('~/b'),
    getData(STATS),
  ),
  row('a hard count refuses a create', ...quota(HARD_COUNT(2)), create('~/a'), create('~/b'), getData(STATS)),
  row('a hard count includes the root of the quota', ...quota(HARD_COUNT(1)), create('~/a')),
  row(
    'a hard count lets go and come',
    ...quota(HARD_COUNT(2)),
    create('~/a'),
    create('~/b'),
    del('~/a'),
    create('~/b'),
  ),
  row('a hard count refuses ephemerals', ...quota(HARD_COUNT(1)), ephemeral('~/e')),
  row(
    'a hard count refuses a sequential, which takes no number',
    ...quota(HARD_COUNT(2)),
    sequential('~/s-'),
    sequential('~/s-'),
    del('~/s-0000000000'),
    sequential('~/s-'),
  ),
  row('a hard count refuses a ttl znode', ...quota(HARD_COUNT(1)), createTTL('~/t', 100_000)),
  row('a hard count does not refuse data', ...quota(HARD_COUNT(1)), setData('~', 'x'.repeat(1000))),
  row('hard bytes refuse a create', ...quota(HARD_BYTES(5)), create('~/a', '123456'), create('~/b', '12345')),
  row(
    'hard bytes refuse a setData',
    ...quota(HARD_BYTES(5)),
    create('~/a', '123'),
    setData('~/a', '123456'),
    setData('~/a', '12345'),
  ),
  row(
    'hard bytes let less data in',
    ...quota(HARD_BYTES(5)),
    create('~/a', '12345'),
    setData('~/a', '1'),
    create('~/b', '1234'),
  ),
  row(
    'hard bytes count data before the quota',
    create('~/a', '12345'),
    ...quota(HARD_BYTES(5)),
    create('~/b', '1'),
    create('~/c', ''),
  ),
  row(
    'a change of no bytes is not refused',
    create('~/a', '1234567890'),
    ...quota(HARD_BYTES(5)),
    setData('~/a', '0987654321'),
    setData('~/a', '12345678901'),
  ),
  row('a refusal takes a zxid', ...quota(HARD_COUNT(1)), create('~/a'), setData('~', 'x')),
  row('NODEEXISTS comes before a refusal', create('~/a'), ...quota(HARD_COUNT(1)), create('~/a')),
  row('a refusal comes before BADVERSION', ...quota(HARD_BYTES(1)), setData('~', '123', 7)),
  row('a multi that is refused', ...quota(HARD_COUNT(1)), multi(setData('~', 'x'), create('~/a'))),
  row(
    'earlier operations of a multi do not count',
    ...quota(HARD_COUNT(2)),
    multi(create('~/a'), create('~/b')),
    getData(STATS),
  ),
  row(
    'the deepest quota counts',
    create('~/p'),
    ...quota('count=10,bytes=100'),
    ...quota('count=10,bytes=100', '/p'),
    create('~/p/a', 'x'),
    create('~/b', 'xx'),
    getData(STATS),
    getData(`${Q}/p/zookeeper_stats`),
  ),
  row(
    'the deepest quota refuses',
    create('~/p'),
    ...quota(HARD_COUNT(100)),
    ...quota(HARD_COUNT(1), '/p'),
    create('~/p/a'),
    create('~/a'),
  ),
  row('without stats nothing is refused', create(Q), create(LIMITS, HARD_COUNT(1)), create('~/a')),
  row('without limits nothing is refused', create(Q), create(STATS, 'count=0,bytes=0'), create('~/a')),
  row('a deleted limit refuses nothing', ...quota(HARD_COUNT(1)), create('~/a'), del(LIMITS), create('~/a')),
  row(
    'a limit may be changed',
    ...quota(HARD_COUNT(1)),
    create('~/a'),
    setData(LIMITS, HARD_COUNT(2)),
    create('~/a'),
    create('~/b'),
  ),
  row('the plain form of limits has no hard ones', ...quota('count=0,bytes=0'), create('~/a', 'x')),
  row(
    'limits that are garbage',
    create(Q),
    create(LIMITS, 'garbage'),
    create('~/a'),
    differs('garbage-limits', '-A < 3 MARSHALLINGERROR z+4', '+A < 3 OK z+4 "~/a"'),
  ),
  row(
    'both limits at once',
    ...quota('count=-1,bytes=-1=;byteHardLimit=3;countHardLimit=3'),
    create('~/a', '1234'),
    create('~/a', '12'),
    create('~/b', '1'),
    create('~/c'),
  ),
  row(
    'keys may come in any order',
    ...quota('countHardLimit=1;byteHardLimit=-1;bytes=-1;count=-1'),
    create('~/a'),
  ),
  row(
    'brothers of the quota are free',
    create('~/p'),
    create(Q),
    ...quota(HARD_COUNT(1), '/p'),
    create('~/a'),
    create('~/p/a'),
  ),
);

export const trackingTable = group(
  'quota not enforced',
  'main',
  row('a hard limit refuses nothing', ...quota(HARD_COUNT(1)), create('~/a', 'x'), getData(STATS)),
  row('hard bytes refuse nothing', ...quota(HARD_BYTES(1)), setData('~', 'xxxxx'), getData(STATS)),
  row('the counting goes on', ...quota('count=1,bytes=1'), create('~/a', '123'), del('~/a'), getData(STATS)),
);
