/** The end of sessions by request, and requests that are no requests. */
import { OpCode } from '../../../src/types/index.js';
import {
  check,
  closeSession,
  create,
  ephemeral,
  exists,
  getChildren,
  getData,
  multi,
  ping,
  request,
  setData,
  WATCH,
  withTail,
  withXid,
} from '../requests.js';
import {
  differs,
  bytes,
  closes,
  drop,
  frame,
  group,
  maybeAnswered,
  maybeConnected,
  on,
  open,
  pipeline,
  row,
  slowly,
  type Case,
} from '../steps.js';

export const sessionTable = group(
  'sessions',
  'main',
  row('closeSession is answered, then the connection closes', closeSession()),
  row('closeSession is a txn', on('B', closeSession()), create('~/a')),
  row(
    'closeSession removes ephemerals',
    on('B', ephemeral('~/e'), ephemeral('~/f'), create('~/p'), closeSession()),
    getChildren('~'),
  ),
  row(
    'all ephemerals go with one zxid',
    on('B', ephemeral('~/e'), ephemeral('~/f'), closeSession()),
    exists('~'),
    create('~/a'),
  ),
  row(
    'the parent counts each of them',
    on('B', ephemeral('~/e'), ephemeral('~/f')),
    exists('~'),
    on('B', closeSession()),
    exists('~'),
  ),
  row(
    'ephemerals of others stay',
    ephemeral('~/a'),
    on('B', ephemeral('~/b'), closeSession()),
    getChildren('~'),
  ),
  row(
    'an ephemeral that somebody deleted does not matter',
    on('B', ephemeral('~/e')),
    multi(),
    on('C', setData('~/e')),
    on('B', closeSession()),
    exists('~/e'),
  ),
  row(
    'what is pipelined before closeSession is done',
    on('B', pipeline(create('~/a'), closeSession())),
    exists('~/a'),
  ),
  row(
    'an ephemeral made right before closeSession goes too',
    on('B', pipeline(ephemeral('~/e'), closeSession())),
    exists('~/e'),
  ),
  row('closeSession ignores a body', withTail(closeSession(), 20)),
  row('closeSession with a negative xid', withXid(-7, closeSession())),
  row(
    'a session closed by one connection is gone for the next',
    open('A'),
    ephemeral('~/e'),
    drop(),
    open('B', { session: 'A' }),
    on('B', closeSession()),
    on('C', exists('~/e')),
  ),
  row('a dropped connection leaves ephemerals', on('B', ephemeral('~/e')), drop('B'), exists('~/e')),
  row(
    'a new connection owns the ephemerals of its session',
    on('B', ephemeral('~/e')),
    drop('B'),
    open('D', { session: 'B' }),
    on('D', exists('~/e'), closeSession()),
    exists('~/e'),
  ),
  row('xids belong to their connection', pipeline(exists('~'), exists('~')), on('B', exists('~'))),
);

/** Requests of types that a client must not send. */
function unknownRow(type: number): Case {
  return row(`type ${type} is UNIMPLEMENTED and a close`, create('~/a'), request(type, `type ${type}`));
}

const UNKNOWN = [
  0, 10, 23, 24, 50, 99, 108, 110, 200, 1000, 2_147_483_647, -1, -2, -9, -12, -100, -2_147_483_648,
];

export const unknownTable = group(
  'unknown requests',
  'main',
  ...UNKNOWN.map(unknownRow),
  row(
    'a body does not matter',
    request(99, 'type 99 with a path', (w) => w.ustring('/a')),
  ),
  row(
    'the session goes on',
    ephemeral('~/e'),
    request(99, 'type 99'),
    closes(),
    open('B', { session: 'A' }),
    on('B', exists('~/e')),
  ),
  row('it takes no zxid', request(99, 'type 99'), closes(), on('B', create('~/a'))),
  row(
    'check outside of a multi',
    create('~/a'),
    maybeAnswered(check('~/a', 0)),
    differs('check-alone', '-A < nothing', '+A < 2 UNIMPLEMENTED -1', '+A closed'),
  ),
  row(
    'check of a missing znode outside of a multi',
    maybeAnswered(check('~/none', 0)),
    differs('check-alone', '-A < 1 NONODE z+2', '+A < 1 UNIMPLEMENTED -1', '+A closed'),
  ),
);

const DELETE_CONTAINER = differs(
  'internal-requests',
  '-A < 2 BADARGUMENTS z+3',
  '+A < 2 UNIMPLEMENTED -1',
  ' B > exists ~/a',
  '-B < 1 OK z+4 stat{c=z+2 m=z+2 p=z+2 v=0 cv=0 av=0 len=0 kids=0}',
  '+B < 1 OK z+3 stat{c=z+2 m=z+2 p=z+2 v=0 cv=0 av=0 len=0 kids=0}',
  '+A closed',
);

export const internalTable = group(
  'requests between servers',
  'main',
  row(
    'createSession from a client',
    maybeConnected(request(OpCode.createSession, 'createSession', (w) => w.int(5000))),
    differs(
      'internal-requests',
      '-A < connected S1 server=1 timeout=30000 version=0 password same',
      '+A < 1 UNIMPLEMENTED -1',
      '+A closed',
    ),
  ),
  row(
    'deleteContainer from a client',
    create('~/a'),
    request(OpCode.deleteContainer, 'deleteContainer ~/a', (w, at) => w.raw(Buffer.from(at.path('~/a')))),
    on('B', exists('~/a')),
    DELETE_CONTAINER,
  ),
  row(
    'deleteContainer with a length in front of the path',
    create('~/a'),
    request(OpCode.deleteContainer, 'deleteContainer ~/a', (w, at) => w.ustring(at.path('~/a'))),
    on('B', exists('~/a')),
    DELETE_CONTAINER,
  ),
);

export const malformedTable = group(
  'frames',
  'main',
  row('a request may come byte by byte', slowly(create('~/a', 'x'), 1), getData('~/a')),
  row('a request may come in pieces', slowly(create('~/a', 'x'.repeat(100)), 7), getData('~/a')),
  row('a length of 0 closes the connection', open('A'), bytes('00000000', '00000000')),
  row('a length of 4 closes the connection', open('A'), frame('00000001', '00000001')),
  row('a length of 7 closes the connection', open('A'), frame('7', '00000001000000')),
  row('a length of 8 is a request', open('A'), frame('ping', 'fffffffe0000000b')),
  row('a negative length closes the connection', open('A'), bytes('80000000', '80000000')),
  row('a length of -1 closes the connection', open('A'), bytes('ffffffff', 'ffffffff')),
  row('a length of 2^31-1 closes the connection', open('A'), bytes('7fffffff', '7fffffff')),
  row(
    'a length of 1048575 is the largest',
    open('A'),
    bytes(
      '000fffff and a ping',
      Buffer.concat([Buffer.from('000ffffffffffffe0000000b', 'hex'), Buffer.alloc(0xfffff - 8)]),
    ),
  ),
  row('a length of 1048576 closes the connection', open('A'), bytes('00100000', '00100000')),
  row('a four-letter word on a session closes the connection', open('A'), bytes('ruok', Buffer.from('ruok'))),
  row(
    'the session goes on after a bad length',
    ephemeral('~/e'),
    bytes('ffffffff', 'ffffffff'),
    open('B', { session: 'A' }),
    on('B', exists('~/e')),
  ),
  row('a frame that never ends is no request', open('A'), on('B', create('~/a')), drop()),
  row(
    'a megabyte of data is taken',
    create('~/a', Buffer.alloc(1_000_000, 'x')),
    exists('~/a', WATCH),
    on('B', setData('~/a', '')),
    ping(),
  ),
  row(
    'a hundred requests in one write',
    pipeline(
      ...Array.from({ length: 100 }, (_, i) => (i % 3 === 0 ? create(`~/n${i}`) : exists(`~/n${i - 1}`))),
    ),
  ),
  row(
    'malformed UTF-8 in a path is BADARGUMENTS',
    request(OpCode.create, 'create of bytes ff fe', (w, at) => {
      w.buffer(Buffer.concat([Buffer.from(`${at.path('~')}/`), Buffer.of(0xff, 0xfe)]));
      w.int(0);
      w.int(1);
      w.int(31);
      w.ustring('world');
      w.ustring('anyone');
      w.int(0);
    }),
  ),
  row(
    'malformed UTF-8 is looked up',
    request(OpCode.exists, 'exists of bytes c3 28', (w, at) => {
      w.buffer(Buffer.concat([Buffer.from(`${at.path('~')}/`), Buffer.of(0xc3, 0x28)]));
      w.boolean(false);
    }),
  ),
  row(
    'requests after one that does not decode are done',
    pipeline(request(OpCode.getData, 'getData with no body'), create('~/a'), exists('~/a')),
  ),
);
