/** Access lists: what is stored, what is refused, who gets past them. */
import { OpCode } from '../../../src/types/index.js';
import {
  acl,
  auth,
  check,
  create,
  create2,
  createBody,
  del,
  exists,
  getACL,
  getAllChildrenNumber,
  getChildren,
  getData,
  multi,
  request,
  setACL,
  setData,
  truncated,
  withTail,
} from '../requests.js';
import { SUPER } from '../servers.js';
import { type Case, differs, group, on, pipeline, row } from '../steps.js';

/** `u:p` as the digest scheme stores it. */
const U = 'u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ=';
const OPEN = 'world:anyone:cdrwa';

/** ACLs that a server refuses, by what is wrong with them. */
const INVALID: readonly (readonly [string, readonly string[]])[] = [
  ['world with another id', ['world:foo:r']],
  ['world with an empty id', ['world::r']],
  ['an unknown scheme', ['nobody:x:r']],
  ['an empty scheme', [':x:r']],
  ['super', ['super:x:r']],
  ['digest without a colon', ['digest:u:r']],
  ['digest with two colons', ['digest:a:b:c:r']],
  ['digest with an empty hash', ['digest:u::r', OPEN]],
  ['digest with both empty', ['digest:::r', OPEN]],
  ['ip with letters', ['ip:localhost:r']],
  ['ip with five parts', ['ip:1.2.3.4.5:r']],
  ['ip with three parts', ['ip:1.2.3:r']],
  ['ip with 33 bits', ['ip:1.2.3.4/33:r']],
  ['ip with negative bits', ['ip:1.2.3.4/-1:r']],
  ['ip with a part of 256', ['ip:1.2.3.256:r']],
  ['ip with bits that are no number', ['ip:1.2.3.4/x:r']],
  ['auth without an identity', ['auth::r']],
  ['sasl without a provider', ['sasl:bob:r']],
  ['x509 without a provider', ['x509:CN=a:r']],
  ['one bad entry among good ones', [OPEN, 'nobody:x:r']],
];

/** ACLs that a server takes, to be read back. */
const VALID: readonly (readonly [string, readonly string[]])[] = [
  ['no permission at all', ['world:anyone:0']],
  ['permission bits that nobody knows', ['world:anyone:255']],
  ['a negative permission', ['world:anyone:-1']],
  ['two entries for the same id', ['world:anyone:r', 'world:anyone:w']],
  ['an exact repetition, once', [OPEN, OPEN]],
  ['repetitions that are not neighbours', [OPEN, 'ip:10.0.0.1:r', OPEN, 'ip:10.0.0.1:r']],
  ['digest with an empty name', ['digest::x:r', OPEN]],
  ['ip with all bits', ['ip:1.2.3.4/32:r', OPEN]],
  ['ip with no bits', ['ip:0.0.0.0/0:cdrwa']],
  ['ip without bits', ['ip:127.0.0.1:cdrwa']],
  ['ip of a network', ['ip:127.0.0.0/8:cdrwa']],
];

const WHO: readonly (readonly [string, string])[] = [
  ['read', 'r'],
  ['write', 'w'],
  ['create', 'c'],
  ['delete', 'd'],
  ['admin', 'a'],
  ['no', '0'],
];

/** What each single permission is good for. */
function permissionRows(): Case[] {
  return WHO.map(([name, letter]) =>
    row(
      `${name} permission alone`,
      create('~/a', 'x'),
      create('~/a/b'),
      setACL('~/a', acl(`world:anyone:${letter}`)),
      getData('~/a'),
      getChildren('~/a'),
      getAllChildrenNumber('~/a'),
      getACL('~/a'),
      setData('~/a'),
      create('~/a/c'),
      del('~/a/b'),
      multi(check('~/a')),
      setACL('~/a', acl(`world:anyone:${letter}`)),
    ),
  );
}

export const aclTable = group(
  'ACL',
  'main',
  ...INVALID.map(([name, entries]) =>
    row(`INVALIDACL: ${name}`, create('~/a', '', { acl: acl(...entries) }), exists('~/a')),
  ),
  ...INVALID.map(([name, entries]) =>
    row(`INVALIDACL of setACL: ${name}`, create('~/a'), setACL('~/a', acl(...entries)), getACL('~/a')),
  ),
  ...VALID.map(([name, entries]) =>
    row(`stored: ${name}`, create('~/a', '', { acl: acl(...entries) }), auth('digest', SUPER), getACL('~/a')),
  ),
  ...permissionRows(),
  row(
    'a null scheme is INVALIDACL',
    request(OpCode.create, 'create with a null scheme', (w, at) =>
      createBody(w, at.path('~/a'), [{ perms: 31, id: { scheme: null, id: 'anyone' } }], 0),
    ),
  ),
  row(
    'a null id of world is MARSHALLINGERROR',
    request(OpCode.create, 'create with a null id', (w, at) =>
      createBody(w, at.path('~/a'), [{ perms: 31, id: { scheme: 'world', id: null } }], 0),
    ),
    exists('~'),
  ),
  row(
    'a null id of digest is MARSHALLINGERROR',
    request(OpCode.create, 'create with a null digest id', (w, at) =>
      createBody(w, at.path('~/a'), [{ perms: 31, id: { scheme: 'digest', id: null } }], 0),
    ),
    exists('~'),
  ),
  row(
    'a null id of ip is MARSHALLINGERROR',
    request(OpCode.create, 'create with a null ip', (w, at) =>
      createBody(w, at.path('~/a'), [{ perms: 31, id: { scheme: 'ip', id: null } }], 0),
    ),
    exists('~'),
  ),
  row(
    'a null id of auth will do',
    auth('digest', 'u:p'),
    request(OpCode.create, 'create with auth:null', (w, at) =>
      createBody(w, at.path('~/a'), [{ perms: 31, id: { scheme: 'auth', id: null } }], 0),
    ),
    getACL('~/a'),
  ),

  row(
    'auth stands for the identity of the connection',
    auth('digest', 'u:p'),
    create('~/a', '', { acl: acl('auth::cdrwa') }),
    getACL('~/a'),
  ),
  row(
    'auth ignores its id',
    auth('digest', 'u:p'),
    create('~/a', '', { acl: acl('auth:someone else:cdrwa') }),
    getACL('~/a'),
  ),
  row(
    'auth stands for all identities',
    auth('digest', 'u:p'),
    auth('digest', 'v:q'),
    create2('~/a', '', { acl: acl('auth::r', OPEN) }),
    getACL('~/a'),
  ),
  row(
    'auth stands with its permissions',
    auth('digest', 'u:p'),
    create('~/a', '', { acl: acl('auth::ra') }),
    getACL('~/a'),
    setData('~/a'),
  ),
  row('auth as super', auth('digest', SUPER), create('~/a', '', { acl: acl('auth::cdrwa') }), getACL('~/a')),
  row(
    'repetitions are dropped before auth is replaced',
    auth('digest', 'u:p'),
    create('~/a', '', { acl: acl('auth::r', 'auth:x:r', OPEN) }),
    getACL('~/a'),
  ),
  row('the address is no identity for auth', auth('ip', ''), create('~/a', '', { acl: acl('auth::r') })),
  row(
    'auth works for setACL',
    create('~/a'),
    auth('digest', 'u:p'),
    setACL('~/a', acl('auth::cdrwa')),
    getACL('~/a'),
  ),

  row(
    'digest lets its owner in',
    create('~/a', 'x', { acl: acl(`digest:${U}:cdrwa`) }),
    getData('~/a'),
    auth('digest', 'u:p'),
    getData('~/a'),
    setData('~/a'),
  ),
  row(
    'digest keeps others out',
    create('~/a', 'x', { acl: acl(`digest:${U}:cdrwa`) }),
    auth('digest', 'u:wrong'),
    getData('~/a'),
    setData('~/a'),
  ),
  row(
    'an identity belongs to its connection',
    create('~/a', 'x', { acl: acl(`digest:${U}:cdrwa`) }),
    auth('digest', 'u:p'),
    on('B', getData('~/a')),
  ),
  row(
    'super gets past every ACL',
    create('~/a', 'x', { acl: acl('digest:no:one:cdrwa') }),
    auth('digest', SUPER),
    getData('~/a'),
    setData('~/a'),
    setACL('~/a', acl(OPEN)),
    getACL('~/a'),
  ),
  row(
    'super creates and deletes below a closed parent',
    create('~/p', '', { acl: acl('world:anyone:0') }),
    auth('digest', SUPER),
    create('~/p/c'),
    del('~/p/c'),
  ),
  row(
    'a wrong super password is an ordinary identity',
    create('~/a', 'x', { acl: acl('digest:no:one:cdrwa') }),
    auth('digest', 'super:wrong'),
    getData('~/a'),
  ),
  row(
    'ip lets its address in',
    create('~/a', 'x', { acl: acl('ip:127.0.0.1:cdrwa') }),
    getData('~/a'),
    setData('~/a'),
  ),
  row('ip keeps other addresses out', create('~/a', 'x', { acl: acl('ip:10.1.2.3:cdrwa') }), getData('~/a')),
  row(
    'ip looks at the leading bits',
    create('~/a', 'x', { acl: acl('ip:127.0.0.255/24:r') }),
    getData('~/a'),
  ),
  row(
    'ip looks at no more than the leading bits',
    create('~/a', 'x', { acl: acl('ip:127.0.1.0/24:r') }),
    getData('~/a'),
  ),
  row(
    'ip of 31 bits',
    create('~/a', 'x', { acl: acl('ip:127.0.0.0/31:r') }),
    create('~/b', 'x', { acl: acl('ip:127.0.0.2/31:r') }),
    getData('~/a'),
    getData('~/b'),
  ),
  row(
    'any matching entry will do',
    create('~/a', 'x', { acl: acl('ip:10.1.2.3:r', 'digest:no:one:w', 'world:anyone:r') }),
    getData('~/a'),
    setData('~/a'),
  ),

  row(
    'getACL hides the hash from those without ADMIN',
    create('~/a', '', { acl: acl(`digest:${U}:cdrwa`, 'world:anyone:r') }),
    getACL('~/a'),
  ),
  row(
    'getACL shows the hash with ADMIN',
    create('~/a', '', { acl: acl(`digest:${U}:cdrwa`, 'world:anyone:r') }),
    auth('digest', 'u:p'),
    getACL('~/a'),
  ),
  row(
    'getACL with ADMIN but without READ',
    create('~/a', '', { acl: acl(`digest:${U}:cdrwa`, 'world:anyone:a') }),
    getACL('~/a'),
  ),
  row(
    'getACL with neither is NOAUTH',
    create('~/a', '', { acl: acl(`digest:${U}:cdrwa`, 'world:anyone:wcd') }),
    getACL('~/a'),
  ),
  row(
    'getACL hides nothing of other schemes',
    create('~/a', '', { acl: acl('ip:10.0.0.1:r', 'world:anyone:r') }),
    getACL('~/a'),
  ),
  row(
    'getACL hides the hash of every entry',
    create('~/a', '', { acl: acl('digest:a:x:r', 'digest:b:y:w', 'world:anyone:r') }),
    getACL('~/a'),
  ),

  row(
    'setACL counts aversion',
    create('~/a'),
    setACL('~/a', acl(OPEN)),
    setACL('~/a', acl(OPEN)),
    exists('~/a'),
  ),
  row(
    'setACL takes the right aversion',
    create('~/a'),
    setACL('~/a', acl(OPEN), 0),
    setACL('~/a', acl(OPEN), 1),
  ),
  row(
    'setACL with an old aversion is BADVERSION',
    create('~/a'),
    setACL('~/a', acl(OPEN), 0),
    setACL('~/a', acl(OPEN), 0),
    exists('~/a'),
  ),
  row(
    'setACL looks at aversion, not at version',
    create('~/a'),
    setData('~/a'),
    setACL('~/a', acl(OPEN), 1),
    setACL('~/a', acl(OPEN), 0),
  ),
  row('setACL with version -2 is BADVERSION', create('~/a'), setACL('~/a', acl(OPEN), -2)),
  row('setACL of a missing znode is NONODE', setACL('~/a', acl(OPEN))),
  row('setACL with an empty list is INVALIDACL', create('~/a'), setACL('~/a', []), exists('~/a')),
  row('setACL with null is INVALIDACL', create('~/a'), setACL('~/a', null)),
  row('setACL: a bad path comes before a bad ACL', setACL('bad', [])),
  row('setACL: a bad ACL comes before a missing znode', setACL('~/none', [])),
  row(
    'setACL: NOAUTH comes before BADVERSION',
    create('~/a', '', { acl: acl('world:anyone:r') }),
    setACL('~/a', acl(OPEN), 7),
  ),
  row('setACL on a path that ends in a slash is BADARGUMENTS', create('~/a'), setACL('~/a/', acl(OPEN))),
  row('setACL on the empty path is BADARGUMENTS', setACL('', acl(OPEN))),
  row(
    'setACL of null path',
    request(OpCode.setACL, 'setACL null', (w) => {
      w.ustring(null);
      w.int(0);
      w.int(-1);
    }),
  ),
  row(
    'setACL without a body is MARSHALLINGERROR',
    create('~/a'),
    truncated(setACL('~/a', acl(OPEN)), 4),
    exists('~/a'),
    differs(
      'undecodable-zxid',
      '-A < 2 MARSHALLINGERROR z+3',
      '+A < 2 MARSHALLINGERROR z+2',
      '-A < 3 OK z+3 stat{c=z+2 m=z+2 p=z+2 v=0 cv=0 av=0 len=0 kids=0}',
      '+A < 3 OK z+2 stat{c=z+2 m=z+2 p=z+2 v=0 cv=0 av=0 len=0 kids=0}',
    ),
  ),
  row(
    'setACL ignores bytes behind the record',
    create('~/a'),
    withTail(setACL('~/a', acl('world:anyone:ra')), 4),
    getACL('~/a'),
  ),
  row(
    'setACL may close a znode to oneself',
    create('~/a', 'x'),
    setACL('~/a', acl('digest:no:one:cdrwa')),
    getData('~/a'),
    setACL('~/a', acl(OPEN)),
  ),
  row('setACL on /zookeeper/config is refused', setACL('/zookeeper/config', acl(OPEN))),
  row(
    'children do not inherit',
    create('~/p', '', { acl: acl('world:anyone:rc') }),
    create('~/p/c'),
    getACL('~/p/c'),
  ),
  row(
    'an ACL shared by many znodes is changed for one',
    create('~/a', '', { acl: acl(`digest:${U}:r`, OPEN) }),
    create('~/b', '', { acl: acl(`digest:${U}:r`, OPEN) }),
    setACL('~/a', acl(OPEN)),
    getACL('~/b'),
  ),
  row(
    'the same write may close and be closed',
    pipeline(create('~/a', 'x'), setACL('~/a', acl('world:anyone:0')), getData('~/a'), exists('~/none')),
  ),
);
