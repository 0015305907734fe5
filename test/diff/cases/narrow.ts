/** Servers with small limits and things switched off. */
import { CreateMode } from '../../../src/types/index.js';
import {
  acl,
  auth,
  create,
  create2,
  createContainer,
  createTTL,
  del,
  exists,
  getData,
  multi,
  reconfig,
  setACL,
  setData,
} from '../requests.js';
import { bytes, closes, dial, group, on, open, row, word } from '../steps.js';
import { SUPER } from '../servers.js';

const { persistentWithTTL: T, persistentSequentialWithTTL: ST } = CreateMode;

/** Bytes of a create of `~/a` besides its data; `~` has 10. */
const AROUND_DATA = 8 + 4 + 12 + 4 + 4 + 4 + 4 + 5 + 4 + 6 + 4;
const LIMIT = 4096;

export const narrowTable = group(
  'small limits',
  'narrow',
  row('the smallest timeout', open('A', { timeOut: 1 })),
  row('the largest timeout', open('A', { timeOut: 60_000 })),
  row('a frame of the largest size', create('~/a', Buffer.alloc(LIMIT - AROUND_DATA)), exists('~/a')),
  row(
    'a frame one byte larger closes the connection',
    create('~/a', Buffer.alloc(LIMIT - AROUND_DATA + 1)),
    on('B', exists('~/a')),
  ),
  row('a first frame that is too large closes the connection', dial('A'), bytes('00001001', '00001001')),
  row('a connection that says nothing is closed in the end', dial('A'), closes()),
  row(
    'a connection more than allowed is closed',
    open('A'),
    open('B'),
    open('C'),
    open('D'),
    dial('E'),
    on('E', closes()),
    on('A', exists('~')),
  ),
  row('a word more than allowed is closed', open('A'), open('B'), open('C'), open('D'), word('srvr')),
  row('a word that is allowed', word('srvr')),
  row('another word that is allowed', word('isro')),
  ...[
    'ruok',
    'stat',
    'cons',
    'conf',
    'mntr',
    'wchs',
    'dump',
    'envi',
    'dirs',
    'crst',
    'srst',
    'gtmk',
    'hash',
    'wchc',
    'wchp',
  ].map((name) => row(`${name} is not in the list`, word(name))),
  row('reconfig of a standalone server', reconfig('server.5=127.0.0.1:1:2;3', null, null), create('~/a')),
  row('reconfig of a standalone server as super', auth('digest', SUPER), reconfig(null, '1', null)),
);

export const noTtlTable = group(
  'extended types off',
  'narrow',
  row('createTTL is UNIMPLEMENTED', createTTL('~/t', 1000), exists('~/t')),
  row('createTTL with a number is UNIMPLEMENTED', createTTL('~/t', 1000, { flags: ST })),
  row('createTTL with a bad ttl is UNIMPLEMENTED', createTTL('~/t', 0)),
  row('createTTL with other flags', createTTL('~/t', 1000, { flags: 0 }), exists('~/t')),
  row(
    'create with flags 5 is UNIMPLEMENTED',
    create('~/t', '', { flags: T }),
    create2('~/t', '', { flags: ST }),
  ),
  row('flags 7 are BADARGUMENTS', create('~/t', '', { flags: 7 })),
  row('createTTL in a multi', multi(create('~/a'), createTTL('~/t', 1000)), exists('~/a')),
  row('containers are always on', createContainer('~/c'), exists('~/c')),
);

export const eagerTable = group(
  'eager access checks',
  'narrow',
  row(
    'setData without WRITE',
    create('~/a', '', { acl: acl('world:anyone:r') }),
    setData('~/a'),
    create('~/b'),
  ),
  row(
    'create without CREATE',
    create('~/p', '', { acl: acl('world:anyone:r') }),
    create('~/p/c'),
    create2('~/p/c'),
    create('~/b'),
  ),
  row(
    'delete without DELETE',
    create('~/p', '', { acl: acl('world:anyone:rc') }),
    create('~/p/c'),
    del('~/p/c'),
    create('~/b'),
  ),
  row(
    'setACL without ADMIN',
    create('~/a', '', { acl: acl('world:anyone:r') }),
    setACL('~/a', acl('world:anyone:cdrwa')),
    create('~/b'),
  ),
  row(
    'createContainer without CREATE',
    create('~/p', '', { acl: acl('world:anyone:r') }),
    createContainer('~/p/c'),
  ),
  row(
    'a multi without WRITE',
    create('~/a', '', { acl: acl('world:anyone:r') }),
    multi(setData('~/a')),
    create('~/b'),
  ),
  row(
    'a missing znode',
    setData('~/none'),
    del('~/none'),
    create('~/x/y'),
    setACL('~/none', acl('world:anyone:r')),
  ),
  row('what is allowed is done', create('~/a'), setData('~/a'), getData('~/a'), del('~/a')),
  row('super', create('~/a', '', { acl: acl('world:anyone:0') }), auth('digest', SUPER), setData('~/a')),
);
