/** setData: versions, and what of the Stat moves. */
import { OpCode } from '../../../src/types/index.js';
import {
  acl,
  create,
  ephemeral,
  exists,
  getData,
  request,
  setData,
  truncated,
  withTail,
} from '../requests.js';
import { differs, group, on, pipeline, row } from '../steps.js';

export const setDataTable = group(
  'setData',
  'main',
  row('data, version, mzxid and length move', create('~/a', 'old'), setData('~/a', 'newer'), getData('~/a')),
  row('the Stat in the reply is the one after', create('~/a', 'old'), exists('~/a'), setData('~/a', 'x')),
  row('the parent does not change', create('~/a'), exists('~'), setData('~/a'), exists('~')),
  row('null replaces data', create('~/a', 'old'), setData('~/a', null), getData('~/a')),
  row('empty replaces data', create('~/a', 'old'), setData('~/a', ''), getData('~/a')),
  row('data replace null', create('~/a', null), setData('~/a', 'x'), getData('~/a')),
  row('the same data count as a change', create('~/a', 'x'), setData('~/a', 'x'), setData('~/a', 'x')),
  row(
    'each version follows the one before',
    create('~/a'),
    setData('~/a', '1', 0),
    setData('~/a', '2', 1),
    setData('~/a', '3', 2),
  ),
  row(
    'an old version is BADVERSION',
    create('~/a'),
    setData('~/a', '1', 0),
    setData('~/a', '2', 0),
    getData('~/a'),
  ),
  row('a future version is BADVERSION', create('~/a'), setData('~/a', '1', 1), getData('~/a')),
  row('version -2 is no wildcard', create('~/a'), setData('~/a', '1', -2)),
  row('version -1 is any', create('~/a'), setData('~/a'), setData('~/a', 'x', -1)),
  row('the largest version is BADVERSION', create('~/a'), setData('~/a', 'x', 2_147_483_647)),
  row('a missing znode is NONODE', setData('~/a')),
  row('a missing znode comes before its version', setData('~/a', 'x', 5)),
  row(
    'an ephemeral may be written by others',
    ephemeral('~/e', 'x'),
    on('B', setData('~/e', 'y')),
    getData('~/e'),
  ),
  row(
    'WRITE is needed',
    create('~/a', 'x', { acl: acl('world:anyone:rcda') }),
    setData('~/a'),
    getData('~/a'),
  ),
  row('WRITE is enough', create('~/a', 'x', { acl: acl('world:anyone:w') }), setData('~/a')),
  row(
    'NOAUTH comes before BADVERSION',
    create('~/a', 'x', { acl: acl('world:anyone:r') }),
    setData('~/a', 'y', 9),
  ),
  row('the root can be written', setData('/', 'root'), getData('/'), setData('/', '')),
  row('the empty path is BADARGUMENTS', setData('')),
  row('a path that ends in a slash is BADARGUMENTS', create('~/a'), setData('~/a/')),
  row('/zookeeper can be written', setData('/zookeeper', 'x'), setData('/zookeeper', '')),
  row('/zookeeper/quota can be written', setData('/zookeeper/quota', 'x'), setData('/zookeeper/quota', '')),
  row('/zookeeper/config cannot', setData('/zookeeper/config', 'x')),
  row(
    'an empty body is MARSHALLINGERROR',
    request(OpCode.setData, 'setData with no body'),
    create('~/a'),
    differs(
      'undecodable-zxid',
      '-A < 1 MARSHALLINGERROR z+2',
      '+A < 1 MARSHALLINGERROR z+1',
      '-A < 2 OK z+3 "~/a"',
      '+A < 2 OK z+2 "~/a"',
    ),
  ),
  row(
    'a body without the version is MARSHALLINGERROR',
    create('~/a'),
    truncated(setData('~/a'), 4),
    getData('~/a'),
    differs(
      'undecodable-zxid',
      '-A < 2 MARSHALLINGERROR z+3',
      '+A < 2 MARSHALLINGERROR z+2',
      '-A < 3 OK z+3 "" stat{c=z+2 m=z+2 p=z+2 v=0 cv=0 av=0 len=0 kids=0}',
      '+A < 3 OK z+2 "" stat{c=z+2 m=z+2 p=z+2 v=0 cv=0 av=0 len=0 kids=0}',
    ),
  ),
  row(
    'a null path is BADARGUMENTS',
    request(OpCode.setData, 'setData null', (w) => {
      w.ustring(null);
      w.buffer(null);
      w.int(-1);
    }),
  ),
  row('bytes behind the record are ignored', create('~/a'), withTail(setData('~/a', 'x'), 3), getData('~/a')),
  row(
    'writes and reads in one write go in order',
    create('~/a'),
    pipeline(setData('~/a', '1'), getData('~/a'), setData('~/a', '2'), getData('~/a')),
  ),
  row(
    'two sessions see each other',
    create('~/a', '0'),
    on('B', getData('~/a')),
    setData('~/a', '1'),
    on('B', getData('~/a'), setData('~/a', '2', 1)),
    getData('~/a'),
  ),
  row(
    'a race of versions has one winner',
    create('~/a'),
    on('B', setData('~/a', 'b', 0)),
    setData('~/a', 'a', 0),
    getData('~/a'),
  ),
  row(
    'a hundred thousand bytes are taken',
    create('~/a'),
    setData('~/a', Buffer.alloc(100_000, 'x')),
    exists('~/a'),
  ),
);
