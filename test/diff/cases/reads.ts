/** Requests that change nothing: what they show, and that they take no zxid. */
import { OpCode } from '../../../src/types/index.js';
import {
  acl,
  auth,
  create,
  createTTL,
  createContainer,
  del,
  ephemeral,
  exists,
  getACL,
  getAllChildrenNumber,
  getChildren,
  getChildren2,
  getData,
  getEphemerals,
  ping,
  request,
  setACL,
  setData,
  sync,
  truncated,
  WATCH,
  whoAmI,
  withTail,
  withXid,
} from '../requests.js';
import { differs, group, on, pipeline, row } from '../steps.js';
import { SUPER } from '../servers.js';

/** Reads of a single path, each with its word. */
const BY_PATH = [
  ['exists', exists],
  ['getData', getData],
  ['getChildren', getChildren],
  ['getChildren2', getChildren2],
  ['getACL', getACL],
  ['getAllChildrenNumber', getAllChildrenNumber],
] as const;

const CLOSED = acl('world:anyone:wcd');

const EXISTS_UNCHECKED = differs(
  'exists-needs-read',
  '-A < 2 OK z+2 stat{c=z+2 m=z+2 p=z+2 v=0 cv=0 av=0 len=1 kids=0}',
  '+A < 2 NOAUTH z+2',
);

export const readsTable = group(
  'exists, getData, getChildren and others',
  'main',
  ...BY_PATH.flatMap(([name, read]) => [
    row(`${name} of a missing znode is NONODE`, read('~/none'), create('~/a')),
    row(`${name} below a missing znode is NONODE`, read('~/none/x')),
    row(`${name} of a path that ends in a slash is NONODE`, create('~/a'), read('~/a/')),
    row(`${name} of a path with an empty component is NONODE`, create('~/a'), read('~//a')),
    row(`${name} of a path without a slash is NONODE`, read('a')),
    row(`${name} of a path with NUL`, read('~/a\u0000')),
    row(`${name} takes no zxid`, create('~/a'), read('~/a'), read('~/b'), create('~/c')),
    row(
      `${name} without a body is MARSHALLINGERROR`,
      request(read('').type, `${name} with no body`),
      create('~/a'),
    ),
    row(`${name} cut short is MARSHALLINGERROR`, truncated(read('~'), 1), exists('~')),
    row(
      `${name} of a null path`,
      request(read('').type, `${name} null`, (w) => {
        w.ustring(null);
        w.boolean(false);
      }),
      create('~/a'),
    ),
    row(`${name} ignores bytes behind the record`, create('~/a', 'x'), withTail(read('~/a'), 4)),
    row(`${name} of an open znode`, create('~/a', 'x'), create('~/a/b'), create('~/a/c'), read('~/a')),
    row(`${name} of a leaf`, create('~/a', 'x'), read('~/a')),
    row(
      `${name} of a znode without READ`,
      create('~/a', 'x', { acl: CLOSED }),
      read('~/a'),
      ...(read === exists ? [EXISTS_UNCHECKED] : []),
    ),
    row(
      `${name} of a znode without READ as super`,
      create('~/a', 'x', { acl: CLOSED }),
      auth('digest', SUPER),
      read('~/a'),
    ),
    row(`${name} of a deleted znode`, create('~/a'), del('~/a'), read('~/a')),
  ]),
  row('exists with watch of a missing znode is NONODE', exists('~/a', WATCH)),
  row('getData shows null data as null', create('~/a', null), getData('~/a')),
  row(
    'the empty path is the root for getChildren',
    request(OpCode.getChildren, 'getChildren of ""', (w) => {
      w.ustring('');
      w.boolean(true);
    }),
    ping(),
  ),
  row(
    'the Stat of an ephemeral names its owner',
    on('B', ephemeral('~/e')),
    exists('~/e'),
    on('B', exists('~/e')),
  ),
  row('the Stat of a container names no owner', createContainer('~/c'), exists('~/c'), getData('~/c')),
  row('the Stat of a ttl znode names no owner', createTTL('~/t', 100_000), exists('~/t')),
  row(
    'numChildren counts children, not descendants',
    create('~/a'),
    create('~/a/b'),
    create('~/a/b/c'),
    exists('~/a'),
  ),
  row(
    'setACL moves aversion alone',
    create('~/a'),
    setACL('~/a', acl('world:anyone:ra')),
    exists('~/a'),
    getData('~/a'),
  ),
  row(
    'a child that is written changes nothing',
    create('~/a'),
    create('~/a/b'),
    exists('~/a'),
    setData('~/a/b'),
    exists('~/a'),
  ),
  row('/zookeeper/config is empty on a standalone server', getData('/zookeeper/config')),
  row('/zookeeper/config may be read by all', getACL('/zookeeper/config')),
  row('/zookeeper has two children', getChildren('/zookeeper'), getACL('/zookeeper')),
  row('/zookeeper/quota may be written by all', getACL('/zookeeper/quota')),
  row('the ACL of the root is open', getACL('/')),
  row(
    'getAllChildrenNumber counts descendants',
    create('~/a'),
    create('~/a/b'),
    create('~/a/b/c'),
    create('~/d'),
    getAllChildrenNumber('~'),
  ),
  row(
    'getAllChildrenNumber does not count brothers',
    create('~/a'),
    create('~/ab'),
    create('~/a/b'),
    getAllChildrenNumber('~/a'),
  ),

  row(
    'getEphemerals lists those of the own session',
    ephemeral('~/e'),
    ephemeral('~/f'),
    create('~/p'),
    getEphemerals('~'),
  ),
  row(
    'getEphemerals lists none of others',
    on('B', ephemeral('~/e')),
    getEphemerals('~'),
    on('B', getEphemerals('~')),
  ),
  row(
    'getEphemerals goes by prefix, not by parent',
    ephemeral('~/ea'),
    ephemeral('~/eb'),
    create('~/e'),
    ephemeral('~/e/x'),
    getEphemerals('~/e'),
  ),
  row('getEphemerals of / lists all', ephemeral('~/e'), getEphemerals('/')),
  row('getEphemerals of nothing lists all', ephemeral('~/e'), getEphemerals('')),
  row('getEphemerals of a prefix that matches none', ephemeral('~/e'), getEphemerals('~/x')),
  row(
    'getEphemerals of null',
    ephemeral('~/e'),
    request(OpCode.getEphemerals, 'getEphemerals null', (w) => w.ustring(null)),
  ),
  row('getEphemerals without a body is MARSHALLINGERROR', request(OpCode.getEphemerals, 'getEphemerals')),
  row('getEphemerals forgets a deleted one', ephemeral('~/e'), del('~/e'), getEphemerals('~')),

  row('whoAmI starts with the address', whoAmI()),
  row('whoAmI shows no password', auth('digest', 'u:p'), whoAmI()),
  row('whoAmI shows several', auth('digest', 'u:p'), auth('digest', 'v:q'), whoAmI()),
  row('whoAmI of super', auth('digest', SUPER), whoAmI()),
  row(
    'whoAmI ignores a body',
    request(OpCode.whoAmI, 'whoAmI with 3 bytes', (w) => w.raw(Buffer.alloc(3))),
  ),
  row('whoAmI takes no zxid', whoAmI(), create('~/a')),

  row('sync echoes its path', sync('~')),
  row('sync does not look at its path', sync('no/such//path/')),
  row('sync of null', sync(null)),
  row('sync of nothing', sync('')),
  row('sync without a body is MARSHALLINGERROR', request(OpCode.sync, 'sync'), create('~/a')),
  row('sync takes no zxid', sync('/'), create('~/a')),
  row('sync between a write and a read', pipeline(create('~/a'), sync('~/a'), exists('~/a'))),

  row('a ping has xid -2', ping()),
  row('a ping has xid -2 whatever was asked', withXid(77, ping())),
  row('a ping shows the last zxid', create('~/a'), ping(), on('B', setData('~/a')), ping()),
  row('a ping ignores a body', withTail(ping(), 100)),
  row('pings stay in order', pipeline(create('~/a'), ping(), setData('~/a'), ping(), exists('~/a'))),
);

export const xidTable = group(
  'xids',
  'main',
  row('an xid may be used twice', withXid(5, exists('~')), withXid(5, getData('~'))),
  row('an xid may fall', withXid(9, exists('~')), withXid(3, exists('~'))),
  row('xid 0 will do', withXid(0, exists('~'))),
  row('a negative xid will do', withXid(-100, exists('~'))),
  row('the largest xid will do', withXid(2_147_483_647, exists('~')), withXid(-2_147_483_648, exists('~'))),
  row('a write with xid -4 is a write', withXid(-4, create('~/a'))),
  row('a write with xid -8 is a write', withXid(-8, create('~/a'))),
  row('auth with an ordinary xid has it back', withXid(12, auth('digest', 'u:p')), whoAmI()),
  row('closeSession with xid 0', withXid(0, request(OpCode.closeSession, 'closeSession'))),
  row(
    'replies come in the order of requests',
    pipeline(
      withXid(4, create('~/a')),
      withXid(2, exists('~/a')),
      withXid(3, getData('~/b')),
      withXid(1, setData('~/a')),
    ),
  ),
);
