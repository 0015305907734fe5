/** Containers and znodes with a time to live: how they are made, what they look like; their end is in time.ts. */
import { CreateMode, OpCode, TTL_MAX_MS } from '../../../src/types/index.js';
import {
  acl,
  create,
  createContainer,
  createTTL,
  del,
  ephemeral,
  exists,
  getChildren,
  getChildren2,
  getData,
  request,
  setData,
  truncated,
} from '../requests.js';
import { differs, group, row } from '../steps.js';

const {
  persistent,
  ephemeral: E,
  persistentSequential: S,
  ephemeralSequential: ES,
  container,
  persistentWithTTL: T,
  persistentSequentialWithTTL: ST,
} = CreateMode;

export const containerTable = group(
  'containers',
  'main',
  row('a container is answered with its Stat', createContainer('~/c'), exists('~/c')),
  row(
    'a container may have children',
    createContainer('~/c'),
    create('~/c/a'),
    ephemeral('~/c/e'),
    getChildren2('~/c'),
  ),
  row('a container holds data', createContainer('~/c'), setData('~/c', 'x'), getData('~/c')),
  row('a container may be deleted', createContainer('~/c'), del('~/c'), exists('~/c')),
  row('a container with children is NOTEMPTY', createContainer('~/c'), create('~/c/a'), del('~/c')),
  row('a second one is NODEEXISTS', createContainer('~/c'), createContainer('~/c')),
  row('without a parent is NONODE', createContainer('~/x/c')),
  row('below an ephemeral is NOCHILDRENFOREPHEMERALS', ephemeral('~/e'), createContainer('~/e/c')),
  row('an empty ACL is INVALIDACL', createContainer('~/c', { acl: [] })),
  row(
    'CREATE is needed on the parent',
    create('~/p', '', { acl: acl('world:anyone:r') }),
    createContainer('~/p/c'),
  ),
  row('flags 0 of createContainer', createContainer('~/c', { flags: persistent }), exists('~/c')),
  row('flags 7 of createContainer are BADARGUMENTS', createContainer('~/c', { flags: 7 })),
  row('flags 5 of createContainer', createContainer('~/c', { flags: T }), exists('~/c')),
  row('an invalid path is BADARGUMENTS', createContainer('~/c/../d'), createContainer('bad')),
  row(
    'createContainer without a body',
    request(OpCode.createContainer, 'createContainer with no body'),
    create('~/a'),
    differs(
      'undecodable-zxid',
      '-A < 1 MARSHALLINGERROR z+2',
      '+A < 1 MARSHALLINGERROR z+1',
      '-A < 2 OK z+3 "~/a"',
      '+A < 2 OK z+2 "~/a"',
    ),
  ),
);

export const ttlTable = group(
  'ttl',
  'main',
  row('a ttl znode is answered with its Stat', createTTL('~/t', 100_000), exists('~/t')),
  row('a ttl znode may have children', createTTL('~/t', 100_000), create('~/t/a'), getChildren('~/t')),
  row(
    'a ttl znode may be written and deleted',
    createTTL('~/t', 100_000),
    setData('~/t', 'x', 0),
    del('~/t', 1),
  ),
  row(
    'a ttl znode with a number',
    createTTL('~/t-', 100_000, { flags: ST }),
    createTTL('~/t-', 100_000, { flags: ST }),
    getChildren('~'),
  ),
  row('the smallest ttl is 1 ms', createTTL('~/t', 1)),
  row('the largest ttl is 2^40-1 ms', createTTL('~/t', TTL_MAX_MS)),
  ...[0n, -1n, -100n, TTL_MAX_MS + 1n, 2n ** 62n, -(2n ** 63n)].map((ttl) =>
    row(
      `a ttl of ${ttl} is BADARGUMENTS`,
      createTTL('~/t', ttl),
      createTTL('~/t', ttl, { flags: ST }),
      getChildren('~'),
    ),
  ),
  ...[persistent, E, S, ES, container].map((flags) =>
    row(`flags ${flags} with a ttl are BADARGUMENTS`, createTTL('~/t', 1000, { flags }), getChildren('~')),
  ),
  row('flags 7 with a ttl are BADARGUMENTS', createTTL('~/t', 1000, { flags: 7 })),
  row('a second one is NODEEXISTS', createTTL('~/t', 1000), createTTL('~/t', 1000)),
  row('without a parent is NONODE', createTTL('~/x/t', 1000)),
  row('a bad ttl comes before a bad path', createTTL('bad', 0)),
  row('a bad ttl comes before a bad ACL', createTTL('~/t', 0, { acl: [] })),
  row('an empty ACL is INVALIDACL', createTTL('~/t', 1000, { acl: [] })),
  row(
    'the record of create is too short',
    request(OpCode.createTTL, 'createTTL without a ttl', (w, at) => {
      create('~/t', '', { flags: T }).write(w, at);
    }),
    exists('~/t'),
    differs(
      'undecodable-zxid',
      '-A < 1 MARSHALLINGERROR z+2',
      '+A < 1 MARSHALLINGERROR z+1',
      '-A < 2 NONODE z+2',
      '+A < 2 NONODE z+1',
    ),
  ),
  row(
    'cut short',
    truncated(createTTL('~/t', 1000), 1),
    exists('~/t'),
    differs(
      'undecodable-zxid',
      '-A < 1 MARSHALLINGERROR z+2',
      '+A < 1 MARSHALLINGERROR z+1',
      '-A < 2 NONODE z+2',
      '+A < 2 NONODE z+1',
    ),
  ),
  row('below an ephemeral is NOCHILDRENFOREPHEMERALS', ephemeral('~/e'), createTTL('~/e/t', 1000)),
);
