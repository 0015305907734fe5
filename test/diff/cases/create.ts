/** create and create2: what a new znode looks like, and which of several faults is told. */
import { CreateMode, OpCode } from '../../../src/types/index.js';
import {
  acl,
  create,
  create2,
  createBody,
  del,
  ephemeral,
  exists,
  getACL,
  getChildren2,
  getData,
  request,
  sequential,
  setData,
  truncated,
  withTail,
  type Request,
} from '../requests.js';
import { differs, group, on, pipeline, row } from '../steps.js';

const { ephemeral: E, persistentSequential: S, persistentWithTTL: T } = CreateMode;

/** A create whose fields are bent by hand. */
function bent(text: string, write: Request['write'], type: number = OpCode.create): Request {
  return request(type, `create ${text}`, write);
}

export const createTable = group(
  'create',
  'main',
  row('a znode holds the data it was created with', create('~/a', 'hello'), getData('~/a')),
  row('null data stay null', create('~/a', null), getData('~/a')),
  row('empty data stay empty', create('~/a', ''), getData('~/a')),
  row('any bytes will do as data', create('~/a', Buffer.from('00ff80c3280d0a', 'hex')), getData('~/a')),
  row('ten thousand bytes come back', create('~/a', Buffer.alloc(10_000, 'ab')), getData('~/a')),
  row('create answers with the path, create2 with the Stat too', create('~/a', 'x'), create2('~/b', 'xy')),
  row('create2 of an ephemeral shows its owner', create2('~/e', 'xy', { flags: E })),
  row('create2 of a sequential shows the final name', create2('~/s-', '', { flags: S })),
  row('create2 of null data has length 0', create2('~/a', null)),
  row('a child changes cversion and pzxid of the parent', exists('~'), create('~/a'), exists('~')),
  row(
    'a grandchild changes nothing of the grandparent',
    create('~/a'),
    exists('~'),
    create('~/a/b'),
    exists('~'),
  ),
  row('a second znode of the name is NODEEXISTS', create('~/a', '1'), create('~/a', '2'), getData('~/a')),
  row('NODEEXISTS of create2 has no body', create('~/a'), create2('~/a')),
  row(
    'a failed create changes nothing of the parent',
    create('~/a'),
    exists('~'),
    create('~/a'),
    exists('~'),
  ),
  row('a missing parent is NONODE', create('~/x/y')),
  row('a missing grandparent is NONODE', create('~/x/y/z')),
  row('the root exists', create('/')),
  row('an ephemeral parent is NOCHILDRENFOREPHEMERALS', ephemeral('~/e'), create('~/e/c')),
  row('an ephemeral parent of another session is so too', ephemeral('~/e'), on('B', create('~/e/c'))),
  row('an ephemeral below an ephemeral is so too', ephemeral('~/e'), ephemeral('~/e/c')),
  row('a znode may come back under its name', create('~/a', '1'), del('~/a'), create2('~/a', '2')),
  row('a znode that was deleted is no parent', create('~/a'), del('~/a'), create('~/a/b')),
  row('an aborted name is free', create('~/x/y'), create('~/x'), create('~/x/y')),
  row(
    'deep paths work',
    ...['~/a', '~/a/b', '~/a/b/c', '~/a/b/c/d', '~/a/b/c/d/e'].map((path) => create2(path)),
  ),
  row('a name of 1000 characters works', create(`~/${'n'.repeat(1000)}`), getChildren2('~')),
  row('a name with UTF-8 works', create('~/zoë-日本'), getChildren2('~'), exists('~/zoë-日本')),
  row('a name with spaces works', create('~/a b'), exists('~/a b')),
  row('names differ by case', create('~/a'), create('~/A'), getChildren2('~')),
  row(
    'pipelined creates are answered in order',
    pipeline(create('~/a'), create('~/a/b'), create('~/a/b/c'), create('~/a')),
  ),
  row('bytes behind the record are ignored', withTail(create('~/a', 'x'), 5), getData('~/a')),

  ...[7, 8, 15, 100, -1, -2, 2_147_483_647].map((flags) =>
    row(`flags ${flags} are BADARGUMENTS`, create('~/a', '', { flags }), exists('~/a')),
  ),
  row('flags 5 without a ttl are BADARGUMENTS', create('~/a', '', { flags: T }), exists('~/a')),
  row('flags 6 without a ttl are BADARGUMENTS', create('~/a', '', { flags: 6 }), getChildren2('~')),
  row('flags 5 of create2 are BADARGUMENTS', create2('~/a', '', { flags: T })),
  row('bad flags come before a bad path', create('bad', '', { flags: 9 })),
  row('bad flags come before a bad ACL', create('~/a', '', { flags: 9, acl: [] })),
  row('a path without a slash comes before a bad ACL', create('bad', '', { acl: [] })),
  row('a bad ACL comes before a missing parent', create('~/x/y', '', { acl: [] })),
  row('a bad ACL comes before a path that is invalid below a parent', create('~/a//b', '', { acl: [] })),
  row('a missing parent comes before an invalid path', create('~/x/y/')),
  row('an invalid path comes before NODEEXISTS', create('~/a'), create('~/a/')),
  row('NODEEXISTS comes before an ephemeral parent', ephemeral('~/e'), create('~/e'), create('~/e/c')),
  row(
    'NOAUTH on the parent comes before an invalid path',
    create('~/p', '', { acl: acl('world:anyone:r') }),
    create('~/p/a\u0001'),
    create('~/p/.'),
    create('~/p/x'),
  ),
  row(
    'NOAUTH on the parent comes before NODEEXISTS',
    create('~/p', '', { acl: acl('digest:nobody:x:cdrwa', 'world:anyone:r') }),
    create('~/p/a'),
    create('~/p'),
  ),
  row('an empty ACL is INVALIDACL', create('~/a', '', { acl: [] }), exists('~/a')),
  row('a null ACL is INVALIDACL', create('~/a', '', { acl: null }), exists('~/a')),
  row('create2 with an empty ACL is INVALIDACL', create2('~/a', '', { acl: [] })),
  row(
    'several ACL entries are kept in their order',
    create('~/a', '', { acl: acl('ip:10.0.0.1:r', 'world:anyone:cdrwa', 'ip:10.0.0.2:w') }),
    getACL('~/a'),
  ),

  row(
    'an empty body is MARSHALLINGERROR',
    bent('with no body', () => undefined),
    exists('~'),
    differs(
      'undecodable-zxid',
      '-A < 1 MARSHALLINGERROR z+2',
      '+A < 1 MARSHALLINGERROR z+1',
      '-A < 2 OK z+2 stat{c=old m=old p=old v=0 cv=0 av=0 len=0 kids=0}',
      '+A < 2 OK z+1 stat{c=old m=old p=old v=0 cv=0 av=0 len=0 kids=0}',
    ),
  ),
  row(
    'a body cut in the flags is MARSHALLINGERROR',
    truncated(create('~/a'), 1),
    exists('~/a'),
    differs(
      'undecodable-zxid',
      '-A < 1 MARSHALLINGERROR z+2',
      '+A < 1 MARSHALLINGERROR z+1',
      '-A < 2 NONODE z+2',
      '+A < 2 NONODE z+1',
    ),
  ),
  row(
    'a body cut in the ACL is MARSHALLINGERROR',
    truncated(create('~/a'), 8),
    exists('~/a'),
    differs(
      'undecodable-zxid',
      '-A < 1 MARSHALLINGERROR z+2',
      '+A < 1 MARSHALLINGERROR z+1',
      '-A < 2 NONODE z+2',
      '+A < 2 NONODE z+1',
    ),
  ),
  row(
    'a body cut in the path is MARSHALLINGERROR',
    bent('half a path', (w) => {
      w.int(100);
      w.int(0);
    }),
    differs('undecodable-zxid', '-A < 1 MARSHALLINGERROR z+2', '+A < 1 MARSHALLINGERROR z+1'),
  ),
  row(
    'a null path is MARSHALLINGERROR and takes a zxid',
    bent('null', (w) => createBody(w, null, acl('world:anyone:r'), 0)),
  ),
  row('an empty path is BADARGUMENTS', create('')),
  row(
    'a path of length -2 is MARSHALLINGERROR',
    bent('length -2', (w) => {
      w.int(-2);
      w.int(0);
      w.int(0);
      w.int(0);
    }),
    differs('undecodable-zxid', '-A < 1 MARSHALLINGERROR z+2', '+A < 1 MARSHALLINGERROR z+1'),
  ),
  row(
    'a path of length 2^31-1 is MARSHALLINGERROR',
    bent('length 2^31-1', (w) => {
      w.int(2_147_483_647);
      w.int(0);
      w.int(0);
    }),
    differs('undecodable-zxid', '-A < 1 MARSHALLINGERROR z+2', '+A < 1 MARSHALLINGERROR z+1'),
  ),
  row(
    'data of length -2 are MARSHALLINGERROR',
    bent('data -2', (w, at) => {
      w.ustring(at.path('~/a'));
      w.int(-2);
      w.int(0);
      w.int(0);
    }),
    differs('undecodable-zxid', '-A < 1 MARSHALLINGERROR z+2', '+A < 1 MARSHALLINGERROR z+1'),
  ),
  row(
    'an ACL of length -2 is taken as empty',
    bent('acl -2', (w, at) => {
      w.ustring(at.path('~/a'));
      w.int(0);
      w.int(-2);
      w.int(0);
    }),
  ),
  row(
    'an ACL of a million entries that are not there is MARSHALLINGERROR',
    bent('acl 10^6', (w, at) => {
      w.ustring(at.path('~/a'));
      w.int(0);
      w.int(1_000_000);
      w.int(0);
    }),
    differs('undecodable-zxid', '-A < 1 MARSHALLINGERROR z+2', '+A < 1 MARSHALLINGERROR z+1'),
  ),
  row(
    'a session goes on after MARSHALLINGERROR',
    truncated(create('~/a'), 1),
    create('~/a'),
    getData('~/a'),
    differs(
      'undecodable-zxid',
      '-A < 1 MARSHALLINGERROR z+2',
      '+A < 1 MARSHALLINGERROR z+1',
      '-A < 2 OK z+3 "~/a"',
      '+A < 2 OK z+2 "~/a"',
      '-A < 3 OK z+3 "" stat{c=z+3 m=z+3 p=z+3 v=0 cv=0 av=0 len=0 kids=0}',
      '+A < 3 OK z+2 "" stat{c=z+2 m=z+2 p=z+2 v=0 cv=0 av=0 len=0 kids=0}',
    ),
  ),
  row(
    'the record of createTTL will do for create',
    bent('ttl record', (w, at) => {
      createBody(w, at.path('~/a'), acl('world:anyone:cdrwa'), 0);
      w.long(5n);
    }),
    exists('~/a'),
  ),
  row(
    'setData may follow in the same write',
    pipeline(create('~/a', '1'), setData('~/a', '2', 0), getData('~/a')),
  ),
);

const MODES_BY_CREATE = [0, 1, 2, 3];

export const modesTable = group(
  'create modes',
  'main',
  ...MODES_BY_CREATE.map((flags) =>
    row(`create with flags ${flags}`, create('~/n', 'd', { flags }), getChildren2('~')),
  ),
  ...MODES_BY_CREATE.map((flags) =>
    row(`create2 with flags ${flags}`, create2('~/n', 'd', { flags }), getChildren2('~')),
  ),
  row(
    'create with flags 4 makes a plain znode',
    create('~/a', '', { flags: 4 }),
    exists('~/a'),
    create('~/a/b'),
    del('~/a/b'),
    exists('~/a'),
  ),
  row('sequential on a missing parent is NONODE', sequential('~/x/s-')),
);
