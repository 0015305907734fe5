/** setWatches and setWatches2: what was missed is told at once, the rest is watched again. */
import { OpCode } from '../../../src/types/index.js';
import {
  acl,
  create,
  del,
  exists,
  ping,
  request,
  setACL,
  setData,
  setWatches,
  setWatches2,
  truncated,
  withXid,
} from '../requests.js';
import { differs, drop, group, on, open, row, settle } from '../steps.js';

const READLESS = acl('world:anyone:wcda');

export const setWatchesTable = group(
  'setWatches',
  'main',
  row('nothing at all', setWatches(0, {}), create('~/a')),
  row(
    'data: nothing missed, watched again',
    create('~/a'),
    setWatches(2, { data: ['~/a'] }),
    on('B', setData('~/a')),
    ping(),
  ),
  row(
    'data: a missed write is told at once',
    create('~/a'),
    setData('~/a'),
    setWatches(2, { data: ['~/a'] }),
    ping(),
  ),
  row(
    'data: a missed write is not watched again',
    create('~/a'),
    setData('~/a'),
    setWatches(2, { data: ['~/a'] }),
    setData('~/a'),
  ),
  row(
    'data: the write of that zxid was not missed',
    create('~/a'),
    setData('~/a'),
    setWatches(3, { data: ['~/a'] }),
    setData('~/a'),
  ),
  row(
    'data: a missed deletion is told at once',
    create('~/a'),
    del('~/a'),
    setWatches(2, { data: ['~/a'] }),
    create('~/a'),
  ),
  row('data: a znode that never was counts as deleted', setWatches(0, { data: ['~/a'] })),
  row(
    'data: a znode made anew counts as written',
    create('~/a'),
    del('~/a'),
    create('~/a'),
    setWatches(2, { data: ['~/a'] }),
  ),
  row(
    'data: children that changed do not count',
    create('~/a'),
    create('~/a/b'),
    setWatches(2, { data: ['~/a'] }),
    setData('~/a'),
  ),
  row(
    'data: an ACL that changed does not count',
    create('~/a'),
    setACL('~/a', acl('world:anyone:cdrwa')),
    setWatches(2, { data: ['~/a'] }),
    setData('~/a'),
  ),
  row(
    'exist: a znode that came is told at once',
    create('~/a'),
    setWatches(0, { exist: ['~/a'] }),
    setData('~/a'),
  ),
  row(
    'exist: a znode that is there is told whatever the zxid',
    create('~/a'),
    setWatches(1000, { exist: ['~/a'] }),
  ),
  row('exist: a missing znode is watched', setWatches(0, { exist: ['~/a'] }), on('B', create('~/a')), ping()),
  row(
    'child: nothing missed, watched again',
    create('~/a'),
    setWatches(2, { child: ['~/a'] }),
    create('~/a/b'),
  ),
  row(
    'child: a missed child is told at once',
    create('~/a'),
    create('~/a/b'),
    setWatches(2, { child: ['~/a'] }),
    create('~/a/c'),
  ),
  row(
    'child: a missed deletion of a child is told at once',
    create('~/a'),
    create('~/a/b'),
    del('~/a/b'),
    setWatches(3, { child: ['~/a'] }),
  ),
  row(
    'child: a missed write of data does not count',
    create('~/a'),
    setData('~/a'),
    setWatches(2, { child: ['~/a'] }),
    create('~/a/b'),
  ),
  row('child: a missing znode is told as deleted', setWatches(0, { child: ['~/a'] })),
  row(
    'one path in all lists',
    create('~/a'),
    create('~/a/b'),
    setData('~/a'),
    setWatches(2, { data: ['~/a'], exist: ['~/a'], child: ['~/a'] }),
  ),
  row('a missing path in two lists is told twice', setWatches(0, { data: ['~/a'], child: ['~/a'] })),
  row(
    'events come before the reply, in the order of the lists',
    create('~/a'),
    create('~/b'),
    setData('~/b'),
    setData('~/a'),
    setWatches(3, { data: ['~/b', '~/a'], exist: ['~/a', '~/b'] }),
  ),
  row('a path twice in a list', create('~/a'), setData('~/a'), setWatches(2, { data: ['~/a', '~/a'] })),
  row(
    'several requests add up',
    create('~/a'),
    create('~/b'),
    setWatches(3, { data: ['~/a'] }),
    setWatches(3, { data: ['~/b'] }),
    setData('~/a'),
    setData('~/b'),
  ),
  row(
    'an ordinary xid has it back',
    create('~/a'),
    withXid(21, setWatches(2, { data: ['~/a'] })),
    setData('~/a'),
  ),
  row('paths are not looked at', setWatches(0, { exist: ['bad', '~/a//b', ''] })),
  row(
    'READ is not asked',
    create('~/a', '', { acl: READLESS }),
    setData('~/a'),
    setWatches(2, { data: ['~/a'] }),
  ),
  row(
    'a watch set so wants READ like any',
    create('~/a'),
    setWatches(2, { data: ['~/a'] }),
    setACL('~/a', READLESS),
    setData('~/a'),
  ),
  row(
    'a negative zxid missed everything',
    create('~/a'),
    setWatches(-1_000_000, { data: ['~/a'], child: ['~/a'] }),
  ),
  row('it takes no zxid', setWatches(0, { exist: ['~/a'] }), create('~/b')),
  row(
    'after a reconnect',
    create('~/a'),
    drop(),
    on('B', setData('~/a')),
    open('A', { session: 'A', pipelined: [setWatches(2, { data: ['~/a'], exist: ['~/b'] })] }),
    on('B', create('~/b')),
    settle('A'),
  ),
  row(
    'null lists are MARSHALLINGERROR',
    request(OpCode.setWatches, 'setWatches of null', (w) => {
      w.long(0n);
      w.int(-1);
      w.int(-1);
      w.int(-1);
    }),
  ),
  row(
    'a null path',
    request(OpCode.setWatches, 'setWatches of a null path', (w) => {
      w.long(0n);
      w.int(1);
      w.int(-1);
      w.int(0);
      w.int(0);
    }),
    exists('~'),
  ),
  row(
    'without a body is MARSHALLINGERROR',
    request(OpCode.setWatches, 'setWatches with no body'),
    create('~/a'),
  ),
  row('cut short is MARSHALLINGERROR', truncated(setWatches(0, { exist: ['~/a'] }), 2), create('~/a')),
  row(
    'what missed events have as zxid',
    create('~/a'),
    setData('~/a'),
    setWatches(2, { data: ['~/a'] }),
    setData('~/a'),
    exists('~/a', true),
    setData('~/a'),
    differs(
      'event-zxid',
      ' A > exists ~/a watch',
      '-A < event nodeDataChanged "~/a" @-1',
      '+A < event nodeDataChanged "~/a" @z+5',
    ),
  ),

  row('2: nothing at all', setWatches2(0, {}), create('~/a')),
  row(
    '2: the three lists work as before',
    create('~/a'),
    setData('~/a'),
    setWatches2(2, { data: ['~/a'], exist: ['~/b'], child: ['~/a'] }),
    create('~/b'),
    create('~/a/c'),
  ),
  row(
    '2: persistent is set without an event',
    create('~/a'),
    setData('~/a'),
    setWatches2(2, { persistent: ['~/a'] }),
    setData('~/a'),
    create('~/a/b'),
    del('~/a/b'),
  ),
  row(
    '2: persistent of a missing znode',
    setWatches2(0, { persistent: ['~/a'] }),
    create('~/a'),
    setData('~/a'),
  ),
  row(
    '2: recursive is set without an event',
    create('~/a'),
    setWatches2(0, { recursive: ['~'] }),
    setData('~/a'),
    create('~/a/b'),
  ),
  row('2: an ordinary xid has it back', withXid(5, setWatches2(0, { recursive: ['~'] })), create('~/a')),
  row(
    '2: null lists are MARSHALLINGERROR',
    request(OpCode.setWatches2, 'setWatches2 of null', (w) => {
      w.long(0n);
      for (let i = 0; i < 5; i += 1) w.int(-1);
    }),
  ),
  row(
    '2: the record of setWatches is too short',
    request(OpCode.setWatches2, 'setWatches2 with three lists', (w) => {
      w.long(0n);
      w.int(0);
      w.int(0);
      w.int(0);
    }),
    create('~/a'),
  ),
  row(
    '1: the record of setWatches2 will do',
    request(OpCode.setWatches, 'setWatches with five lists', (w, at) => {
      w.long(0n);
      w.int(0);
      w.int(1);
      w.ustring(at.path('~/a'));
      w.int(0);
      w.int(0);
      w.int(0);
    }),
    create('~/a'),
  ),
);
