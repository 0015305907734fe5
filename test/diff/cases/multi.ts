/** multi and multiRead: all or nothing, results in their order, and what is no multi at all. */
import { writeMultiHeader } from '../../../src/codec/index.js';
import { OpCode } from '../../../src/types/index.js';
import {
  acl,
  auth,
  check,
  create,
  create2,
  createContainer,
  createTTL,
  del,
  ephemeral,
  exists,
  getACL,
  getChildren,
  getChildren2,
  getData,
  multi,
  multiRead,
  ping,
  request,
  sequential,
  setACL,
  setData,
  sync,
  truncated,
  WATCH,
  withTail,
  type Request,
} from '../requests.js';
import { SUPER } from '../servers.js';
import { differs, group, on, pipeline, row, type Case } from '../steps.js';

const WITHOUT_BODY = differs(
  'multiread-body',
  '-A < 1 MARSHALLINGERROR z+1 +9 bytes',
  '+A < 1 MARSHALLINGERROR z+1',
);

const NO_READ = acl('world:anyone:wcda');

/** A multi that is made of headers and bodies by hand. */
function bent(text: string, write: Request['write'], type: number = OpCode.multi): Request {
  return request(type, `multi ${text}`, write);
}

export const multiTable = group(
  'multi',
  'main',
  row('nothing at all is a txn', multi(), create('~/a')),
  row('one create', multi(create('~/a', 'x')), getData('~/a')),
  row(
    'one create2',
    multi(create2('~/a', 'x')),
    differs(
      'multi-create2',
      '-A < 1 OK z+2 [1/0 "~/a" | end -1/-1]',
      '+A < 1 OK z+2 [15/0 "~/a" stat{c=z+2 m=z+2 p=z+2 v=0 cv=0 av=0 len=1 kids=0} | end -1/-1]',
    ),
  ),
  row('one delete', create('~/a'), multi(del('~/a')), exists('~/a')),
  row('one setData', create('~/a'), multi(setData('~/a', 'x'))),
  row('one check', create('~/a'), multi(check('~/a', 0))),
  row('one createContainer answers as create2', multi(createContainer('~/c'))),
  row('one createTTL answers as create2', multi(createTTL('~/t', 100_000))),
  row('one createTTL with a number', multi(createTTL('~/t', 100_000, { flags: 6 }))),
  row(
    'all kinds in one',
    multi(
      create('~/a', '1'),
      create2('~/b', '2'),
      setData('~/a', '3', 0),
      check('~/a', 1),
      del('~/b', 0),
      ephemeral('~/e'),
      sequential('~/s-'),
    ),
    getChildren2('~'),
    differs(
      'multi-create2',
      '-A < 1 OK z+2 [1/0 "~/a" | 1/0 "~/b" | 5/0 stat{c=z+2 m=z+2 p=z+2 v=1 cv=0 av=0 len=1 kids=0} | 13/0 | 2/0 | 1/0 "~/e" | 1/0 "~/s-0000000003" | end -1/-1]',
      '+A < 1 OK z+2 [1/0 "~/a" | 15/0 "~/b" stat{c=z+2 m=z+2 p=z+2 v=0 cv=0 av=0 len=1 kids=0} | 5/0 stat{c=z+2 m=z+2 p=z+2 v=1 cv=0 av=0 len=1 kids=0} | 13/0 | 2/0 | 1/0 "~/e" | 1/0 "~/s-0000000003" | end -1/-1]',
    ),
  ),
  row(
    'all share one zxid',
    multi(create2('~/a'), create2('~/b'), setData('~/a')),
    exists('~/a'),
    exists('~/b'),
    exists('~'),
    differs(
      'multi-create2',
      '-A < 1 OK z+2 [1/0 "~/a" | 1/0 "~/b" | 5/0 stat{c=z+2 m=z+2 p=z+2 v=1 cv=0 av=0 len=3 kids=0} | end -1/-1]',
      '+A < 1 OK z+2 [15/0 "~/a" stat{c=z+2 m=z+2 p=z+2 v=0 cv=0 av=0 len=0 kids=0} | 15/0 "~/b" stat{c=z+2 m=z+2 p=z+2 v=0 cv=0 av=0 len=0 kids=0} | 5/0 stat{c=z+2 m=z+2 p=z+2 v=1 cv=0 av=0 len=3 kids=0} | end -1/-1]',
    ),
  ),
  row(
    'a child may follow its parent',
    multi(create('~/a'), create('~/a/b'), create2('~/a/b/c')),
    getChildren('~/a'),
    differs(
      'multi-create2',
      '-A < 1 OK z+2 [1/0 "~/a" | 1/0 "~/a/b" | 1/0 "~/a/b/c" | end -1/-1]',
      '+A < 1 OK z+2 [1/0 "~/a" | 1/0 "~/a/b" | 15/0 "~/a/b/c" stat{c=z+2 m=z+2 p=z+2 v=0 cv=0 av=0 len=0 kids=0} | end -1/-1]',
    ),
  ),
  row(
    'a Stat is that right after its operation',
    multi(create2('~/a'), create('~/a/b'), setData('~/a', 'x'), setData('~/a', 'yy')),
    differs(
      'multi-create2',
      '-A < 1 OK z+2 [1/0 "~/a" | 1/0 "~/a/b" | 5/0 stat{c=z+2 m=z+2 p=z+2 v=1 cv=1 av=0 len=1 kids=1} | 5/0 stat{c=z+2 m=z+2 p=z+2 v=2 cv=1 av=0 len=2 kids=1} | end -1/-1]',
      '+A < 1 OK z+2 [15/0 "~/a" stat{c=z+2 m=z+2 p=z+2 v=0 cv=0 av=0 len=0 kids=0} | 1/0 "~/a/b" | 5/0 stat{c=z+2 m=z+2 p=z+2 v=1 cv=1 av=0 len=1 kids=1} | 5/0 stat{c=z+2 m=z+2 p=z+2 v=2 cv=1 av=0 len=2 kids=1} | end -1/-1]',
    ),
  ),
  row(
    'versions follow within the multi',
    create('~/a'),
    multi(setData('~/a', '1', 0), setData('~/a', '2', 1), check('~/a', 2)),
  ),
  row(
    'delete may free a parent within the multi',
    create('~/a'),
    create('~/a/b'),
    multi(del('~/a/b'), del('~/a')),
    exists('~/a'),
  ),
  row(
    'delete and create in one',
    create('~/a', 'old'),
    multi(del('~/a'), create2('~/a', 'new')),
    getData('~/a'),
    differs(
      'multi-create2',
      '-A < 2 OK z+3 [2/0 | 1/0 "~/a" | end -1/-1]',
      '+A < 2 OK z+3 [2/0 | 15/0 "~/a" stat{c=z+3 m=z+3 p=z+3 v=0 cv=0 av=0 len=3 kids=0} | end -1/-1]',
    ),
  ),
  row('create and delete in one leave nothing', multi(create('~/a'), del('~/a')), exists('~/a'), exists('~')),
  row('an ephemeral in a multi is owned', multi(ephemeral('~/e')), exists('~/e')),
  row('a hundred creates', multi(...Array.from({ length: 100 }, (_, i) => create(`~/n${i}`))), exists('~')),

  row(
    'the failing one tells its code, those before 0, those after -2',
    create('~/a'),
    multi(create('~/b'), create('~/a'), create('~/c'), setData('~/none')),
    getChildren('~'),
  ),
  row('the first may fail', multi(del('~/none'), create('~/a'), create('~/b'))),
  row('the last may fail', multi(create('~/a'), create('~/b'), del('~/none')), getChildren('~')),
  row('of two that would fail the first is told', multi(del('~/none'), create('/'), setData('~/none'))),
  row('a failed multi takes one zxid', multi(create('~/a'), create('~/b'), del('~/none')), create('~/a')),
  row(
    'a failed check undoes all',
    create('~/a'),
    multi(setData('~/a', 'x'), check('~/a', 7)),
    getData('~/a'),
  ),
  row(
    'a failed multi leaves the parent as it was',
    exists('~'),
    multi(create('~/a'), create('~/a')),
    exists('~'),
  ),
  row(
    'a failed multi leaves versions as they were',
    create('~/a'),
    multi(setData('~/a'), setData('~/a'), del('~/none')),
    setData('~/a', 'x', 0),
  ),
  row('check of a missing znode is NONODE', multi(check('~/none'))),
  row('check with -1 asks for existence alone', create('~/a'), setData('~/a'), multi(check('~/a', -1))),
  row('check with another version is BADVERSION', create('~/a'), multi(check('~/a', 1))),
  row('check with -2 is BADVERSION', create('~/a'), multi(check('~/a', -2))),
  row('check needs READ', create('~/a', '', { acl: NO_READ }), multi(check('~/a'))),
  row('check of an invalid path is BADARGUMENTS', multi(check('bad'))),
  row('create of an existing znode', create('~/a'), multi(create('~/a'))),
  row('create without a parent', multi(create('~/x/y'))),
  row('create with an invalid path', multi(create('~/a//b'))),
  row('create with an invalid ACL', multi(create('~/a', '', { acl: [] }))),
  row('create below an ephemeral', ephemeral('~/e'), multi(create('~/e/c'))),
  row('create below an ephemeral of the same multi', multi(ephemeral('~/e'), create('~/e/c'))),
  row(
    'create without CREATE on the parent',
    create('~/p', '', { acl: acl('world:anyone:r') }),
    multi(create('~/p/c')),
  ),
  row(
    'the ACL of a parent made in the same multi counts',
    multi(create('~/p', '', { acl: acl('world:anyone:r') }), create('~/p/c')),
  ),
  row(
    'auth in an ACL works',
    auth('digest', 'u:p'),
    multi(create('~/a', '', { acl: acl('auth::cdrwa') })),
    getACL('~/a'),
  ),
  row('delete with children', create('~/a'), create('~/a/b'), multi(del('~/a'))),
  row('delete with a version', create('~/a'), multi(del('~/a', 5))),
  row('setData of a missing znode', multi(setData('~/none'))),
  row('setData without WRITE', create('~/a', '', { acl: acl('world:anyone:r') }), multi(setData('~/a'))),
  row(
    'super may all',
    create('~/p', '', { acl: acl('world:anyone:0') }),
    auth('digest', SUPER),
    multi(create('~/p/c'), setData('~/p'), del('~/p/c')),
  ),
  row('createTTL with a bad ttl', multi(create('~/a'), createTTL('~/t', 0))),
  row(
    'two ephemerals of two sessions',
    multi(ephemeral('~/a')),
    on('B', multi(ephemeral('~/b'), del('~/a'))),
    getChildren('~'),
  ),
  row(
    'a read behind it in the same write sees it',
    pipeline(multi(create('~/a', 'x'), setData('~/a', 'y')), getData('~/a')),
  ),
  row(
    'null data in a multi',
    multi(create('~/a', null), create2('~/b', null)),
    getData('~/a'),
    differs(
      'multi-create2',
      '-A < 1 OK z+2 [1/0 "~/a" | 1/0 "~/b" | end -1/-1]',
      '+A < 1 OK z+2 [1/0 "~/a" | 15/0 "~/b" stat{c=z+2 m=z+2 p=z+2 v=0 cv=0 av=0 len=0 kids=0} | end -1/-1]',
    ),
  ),

  ...[4, 5, 6].map((flags) =>
    row(`create with flags ${flags}`, multi(create('~/a'), create('~/b', '', { flags })), getChildren('~')),
  ),
  ...[7, -1].map((flags) =>
    row(
      `create with flags ${flags}`,
      multi(create('~/a'), create('~/b', '', { flags })),
      getChildren('~'),
      differs(
        'multi-flags',
        '-A < 1 OK z+2 [-1/0 error OK | -1/-8 error BADARGUMENTS | end -1/-1]',
        '+A < 1 MARSHALLINGERROR z+2',
      ),
    ),
  ),
  ...named([
    ['setACL', setACL('~/a', acl('world:anyone:r'))],
    ['getData', getData('~/a')],
    ['getChildren', getChildren('~/a')],
    ['getChildren2', getChildren2('~/a')],
    ['exists', exists('~/a')],
    ['sync', sync('~/a')],
    ['ping', ping()],
    ['multi', multi(create('~/b'))],
    ['an unknown type', request(99, '99')],
    ['type -1', request(-1, 'error', (w) => w.int(-101))],
    ['type 0', request(0, '0')],
    ['closeSession', request(OpCode.closeSession, 'closeSession')],
    ['createSession', request(OpCode.createSession, 'createSession', (w) => w.int(5000))],
    [
      'reconfig',
      request(OpCode.reconfig, 'reconfig', (w) => {
        w.ustring(null);
        w.ustring(null);
        w.ustring(null);
        w.long(-1n);
      }),
    ],
    [
      'deleteContainer',
      request(OpCode.deleteContainer, 'deleteContainer', (w, at) => w.ustring(at.path('~/a'))),
    ],
  ]).map(mixed),
  row(
    'no body is MARSHALLINGERROR and a txn',
    bent('with no body', () => undefined),
    create('~/a'),
  ),
  row(
    'no terminator is MARSHALLINGERROR',
    bent('without an end', (w, at) => {
      writeMultiHeader(w, { type: OpCode.create, done: false, err: -1 });
      create('~/a').write(w, at);
    }),
    exists('~/a'),
  ),
  row(
    'a header alone is MARSHALLINGERROR',
    bent('of a header', (w) => writeMultiHeader(w, { type: OpCode.create, done: false, err: -1 })),
    create('~/a'),
  ),
  row(
    'a body cut short is MARSHALLINGERROR',
    truncated(multi(create('~/a'), create('~/b')), 12),
    exists('~/a'),
  ),
  row('a terminator cut short is MARSHALLINGERROR', truncated(multi(create('~/a')), 1), exists('~/a')),
  row(
    'a terminator of type 0 ends as well',
    bent('ending in type 0', (w, at) => {
      writeMultiHeader(w, { type: OpCode.create, done: false, err: -1 });
      create('~/a').write(w, at);
      writeMultiHeader(w, { type: 0, done: true, err: 0 });
    }),
    exists('~/a'),
  ),
  row(
    'the err of a header is not looked at',
    bent('with err 7', (w, at) => {
      writeMultiHeader(w, { type: OpCode.create, done: false, err: 7 });
      create('~/a').write(w, at);
      writeMultiHeader(w, { type: -1, done: true, err: -1 });
    }),
    exists('~/a'),
  ),
  row('bytes behind the terminator are ignored', withTail(multi(create('~/a')), 8), exists('~/a')),
);

type Named = readonly [string, Request];

/** Keeps the pairs of a list pairs. */
function named(list: readonly Named[]): readonly Named[] {
  return list;
}

function mixed([name, inner]: Named): Case {
  return row(
    `${name} in a multi`,
    create('~/a'),
    multi(create('~/b'), inner, create('~/c')),
    getChildren('~'),
    getACL('~/a'),
  );
}

export const multiReadTable = group(
  'multiRead',
  'main',
  row('nothing at all', multiRead(), create('~/a')),
  row(
    'getData and getChildren',
    create('~/a', 'x'),
    create('~/a/b'),
    multiRead(getData('~/a'), getChildren('~/a'), getData('~/a/b')),
  ),
  row('it takes no zxid', multiRead(getData('~')), create('~/a')),
  row(
    'one that fails does not stop the others',
    create('~/a', 'x'),
    multiRead(getData('~/none'), getData('~/a'), getChildren('~/none'), getChildren('~/a')),
  ),
  row(
    'each is checked against its ACL',
    create('~/a', 'x', { acl: NO_READ }),
    create('~/b', 'y'),
    multiRead(getData('~/a'), getData('~/b'), getChildren('~/a')),
  ),
  row(
    'watch flags are ignored',
    create('~/a'),
    multiRead(getData('~/a', WATCH), getChildren('~/a', WATCH)),
    setData('~/a'),
    create('~/a/b'),
  ),
  row('null data', create('~/a', null), multiRead(getData('~/a'))),
  row('an invalid path is NONODE', multiRead(getData('bad'), getData('~/a//b'))),
  row(
    'a read that follows a write in the same segment sees it',
    pipeline(create('~/a', 'x'), multiRead(getData('~/a'))),
  ),
  ...named([
    ['exists', exists('~')],
    ['getChildren2', getChildren2('~')],
    ['create', create('~/x')],
    ['setData', setData('~')],
    ['check', check('~')],
    ['getACL', getACL('~')],
    ['an unknown type', request(99, '99')],
  ]).map(readMixed),
  row(
    'no body',
    bent('read with no body', () => undefined, OpCode.multiRead),
    create('~/a'),
  ),
  row(
    'no terminator',
    bent(
      'read without an end',
      (w, at) => {
        writeMultiHeader(w, { type: OpCode.getData, done: false, err: -1 });
        getData('~').write(w, at);
      },
      OpCode.multiRead,
    ),
  ),
  row('bytes behind the terminator are ignored', withTail(multiRead(getData('~')), 8)),
  row('one create in a multiRead', multiRead(create('~/x')), exists('~/x'), WITHOUT_BODY),
  row('one setData in a multiRead', multiRead(setData('~')), exists('~'), WITHOUT_BODY),
  row('getData in a multi of writes', multi(getData('~'))),
);

function readMixed([name, inner]: Named): Case {
  return row(`${name} in a multiRead`, multiRead(getData('~'), inner), create('~/a'), exists('~/x'));
}
