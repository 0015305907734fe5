/** The auth request: which schemes a server knows, and what an identity is good for. */
import { OpCode } from '../../../src/types/index.js';
import { acl, auth, create, exists, getACL, getData, request, truncated } from '../requests.js';
import { SUPER } from '../servers.js';
import { group, on, pipeline, row } from '../steps.js';

/** `u:p` as the digest scheme stores it. */
const U = 'u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ=';
const OPEN = 'world:anyone:cdrwa';

export const authTable = group(
  'auth',
  'main',
  row(
    'digest adds an identity',
    auth('digest', 'u:p'),
    create('~/a', '', { acl: acl('auth::r', OPEN) }),
    getACL('~/a'),
  ),
  row(
    'digest twice is one identity',
    auth('digest', 'u:p'),
    auth('digest', 'u:p'),
    create('~/a', '', { acl: acl('auth::r', OPEN) }),
    getACL('~/a'),
  ),
  row(
    'digest without a colon is an identity',
    auth('digest', 'u'),
    create('~/a', '', { acl: acl('auth::r', OPEN) }),
    auth('digest', SUPER),
    getACL('~/a'),
  ),
  row(
    'digest with two colons splits at the first',
    auth('digest', 'u:p:q'),
    create('~/a', '', { acl: acl('auth::r', OPEN) }),
    getACL('~/a'),
  ),
  row(
    'digest of nothing',
    auth('digest', ''),
    create('~/a', '', { acl: acl('auth::r', OPEN) }),
    getACL('~/a'),
  ),
  row(
    'digest of a colon',
    auth('digest', ':'),
    create('~/a', '', { acl: acl('auth::r', OPEN) }),
    getACL('~/a'),
  ),
  row(
    'digest of bytes beyond ASCII',
    auth('digest', 'zoë:日本'),
    create('~/a', '', { acl: acl('auth::r', OPEN) }),
    getACL('~/a'),
  ),
  row('digest of null is AUTHFAILED and a close', auth('digest', null)),
  row('an unknown scheme is AUTHFAILED and a close', auth('nobody', 'x')),
  row('an empty scheme is AUTHFAILED and a close', auth('', 'x')),
  row('a null scheme is AUTHFAILED and a close', auth(null, 'x')),
  row('world is AUTHFAILED and a close', auth('world', 'anyone')),
  row('super is AUTHFAILED and a close', auth('super', 'admin')),
  row('auth as a scheme is AUTHFAILED and a close', auth('auth', '')),
  row('sasl is AUTHFAILED and a close', auth('sasl', 'bob')),
  row('x509 is AUTHFAILED and a close', auth('x509', 'CN=a')),
  row(
    'ip is welcome whatever its data',
    auth('ip', '10.0.0.1'),
    create('~/a', 'x', { acl: acl('ip:10.0.0.1:r') }),
    getData('~/a'),
  ),
  row('the scheme counts with its case', auth('Digest', 'u:p')),
  row('auth takes no zxid', auth('digest', 'u:p'), create('~/a')),
  row(
    'AUTHFAILED does not end the session',
    create('~/e', '', { flags: 1 }),
    auth('nobody', ''),
    on('B', exists('~/e')),
  ),
  row(
    'the type of the packet is not looked at',
    request(OpCode.auth, 'auth of type 9', (w) => {
      w.int(9);
      w.ustring('digest');
      w.buffer(Buffer.from('u:p'));
    }),
    create('~/a', '', { acl: acl('auth::r', OPEN) }),
  ),
  row('a packet cut short closes the connection', truncated(auth('digest', 'u:p'), 2)),
  row('an empty packet closes the connection', request(OpCode.auth, 'auth with no body')),
  row(
    'auth counts for what follows in the same write',
    create('~/a', 'x', { acl: acl(`digest:${U}:cdrwa`) }),
    pipeline(auth('digest', 'u:p'), getData('~/a')),
  ),
);
