/** SASL, demanded authentication, and servers that do not check at all. */
import {
  acl,
  auth,
  closeSession,
  create,
  del,
  exists,
  getACL,
  getData,
  ping,
  request,
  sasl,
  setACL,
  setData,
  sync,
  WATCH,
  whoAmI,
  withXid,
} from '../requests.js';
import { OpCode } from '../../../src/types/index.js';
import { login } from '../sasl.js';
import { differs, group, on, open, pipeline, row, word } from '../steps.js';

const BOB = acl('sasl:bob:cdrwa');

export const noSaslTable = group(
  'SASL without a configuration',
  'main',
  row('a token is answered with null', sasl(''), whoAmI()),
  row('a null token is answered with null', sasl(null)),
  row('any token is answered with null', sasl('anything'), sasl('anything'), create('~/a')),
  row('no body', request(OpCode.sasl, 'sasl with no body')),
);

export const saslTable = group(
  'SASL',
  'sasl',
  row('the right password', login('bob', 'bobsecret'), whoAmI()),
  row('a wrong password', login('bob', 'wrong')),
  row('an unknown user', login('alice', 'alicesecret')),
  row(
    'an unknown user with the password of the one before',
    on('B', login('bob', 'bobsecret')),
    login('alice', 'bobsecret'),
    differs(
      'sasl-unknown-user',
      '-A < 2 OK 0 token of some bytes',
      '-  proof right',
      '+A < 2 AUTHFAILED 0 +4 bytes',
      '+A closed',
    ),
  ),
  row('another service', login('bob', 'bobsecret', { 'digest-uri': 'zookeeper/elsewhere' })),
  row('another realm', login('bob', 'bobsecret', { realm: '"elsewhere"' })),
  row('another nonce', login('bob', 'bobsecret', { nonce: '"none of yours"' })),
  row('a count of 2', login('bob', 'bobsecret', { nc: '00000002' })),
  row('no client nonce', login('bob', 'bobsecret', { cnonce: null })),
  row('no charset', login('bob', 'bobsecret', { charset: null })),
  row('no maxbuf', login('bob', 'bobsecret', { maxbuf: null })),
  row('a response of zeros', login('bob', 'bobsecret', { response: '0'.repeat(32) })),
  row(
    'a session outlives the failure',
    create('~/e', '', { flags: 1 }),
    login('bob', 'wrong'),
    on('B', exists('~/e')),
  ),
  row('a token that is no answer', sasl(''), sasl('nonsense')),
  row('the exchange takes no zxid', login('bob', 'bobsecret'), create('~/a')),
  row('requests before the exchange are done', create('~/a'), login('bob', 'bobsecret'), exists('~/a')),
  row(
    'an ACL for the user',
    create('~/a', 'x', { acl: BOB }),
    getData('~/a'),
    login('bob', 'bobsecret'),
    getData('~/a'),
    setData('~/a'),
  ),
  row(
    'an ACL for another user',
    create('~/a', 'x', { acl: acl('sasl:alice:cdrwa') }),
    login('bob', 'bobsecret'),
    getData('~/a'),
  ),
  row(
    'auth stands for the user',
    login('bob', 'bobsecret'),
    create('~/a', '', { acl: acl('auth::cdrwa') }),
    getACL('~/a'),
  ),
  row('digest and sasl add up', login('bob', 'bobsecret'), auth('digest', 'u:p'), whoAmI()),
  row(
    'the user super matches every sasl id',
    create('~/a', 'x', { acl: BOB }),
    login('super', 'adminsecret'),
    getData('~/a'),
    whoAmI(),
  ),
  row(
    'the user super does not match digest ids',
    create('~/a', 'x', { acl: acl('digest:u:x:cdrwa') }),
    login('super', 'adminsecret'),
    getData('~/a'),
  ),
  row('a sasl id with two @ is INVALIDACL', create('~/a', '', { acl: acl('sasl:a@b@c:r') })),
  row(
    'a sasl id with host and realm is stored',
    create('~/a', '', { acl: acl('sasl:a/b@c:r', 'world:anyone:r') }),
    getACL('~/a'),
  ),
  row('auth with the scheme sasl is AUTHFAILED', auth('sasl', 'bob')),
);

export const enforcedTable = group(
  'authentication demanded',
  'enforced',
  ...[
    create('~/a'),
    getData('~'),
    exists('~'),
    ping(),
    closeSession(),
    sync('/'),
    whoAmI(),
    getData('~', WATCH),
  ].map((inner) =>
    row(
      `${inner.text} before it is refused and the connection closes`,
      inner,
      on('B', auth('digest', 'u:p'), exists('~/a')),
    ),
  ),
  row('digest opens the way', auth('digest', 'u:p'), create('~/a'), getData('~/a')),
  row('another scheme does not', auth('ip', ''), create('~/a')),
  row('an unknown scheme does not', auth('nobody', '')),
  row('an ordinary xid is echoed', withXid(77, exists('~'))),
  row('in one write with auth', pipeline(auth('digest', 'u:p'), create('~/a'), exists('~/a'))),
  row('right behind the ConnectRequest', open('A', { pipelined: [auth('digest', 'u:p'), create('~/a')] })),
  row('four-letter words need none', word('ruok')),
);

export const openTable = group(
  'no access checks',
  'open',
  row(
    'anybody reads',
    create('~/a', 'x', { acl: acl('digest:no:one:cdrwa') }),
    getData('~/a'),
    exists('~/a'),
  ),
  row(
    'anybody writes',
    create('~/a', 'x', { acl: acl('world:anyone:r') }),
    setData('~/a'),
    create('~/a/b'),
    del('~/a/b'),
    setACL('~/a', acl('world:anyone:r')),
  ),
  row('getACL hides nothing', create('~/a', 'x', { acl: acl('digest:no:one:cdrwa') }), getACL('~/a')),
  row(
    'a bad ACL is INVALIDACL all the same',
    create('~/a', '', { acl: [] }),
    create('~/a', '', { acl: acl('nobody:x:r') }),
  ),
  row(
    'watchers are told',
    create('~/a', 'x', { acl: acl('digest:no:one:cdrwa') }),
    getData('~/a', WATCH),
    on('B', setData('~/a')),
    ping(),
  ),
  row(
    'the configuration may be written',
    setData('/zookeeper/config', 'x'),
    setData('/zookeeper/config', ''),
  ),
);
