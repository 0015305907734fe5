/** Four-letter words: what they say, with the numbers taken out, and how they may be sent. */
import {
  addWatch,
  create,
  ephemeral,
  exists,
  getChildren,
  getData,
  multi,
  reconfig,
  setData,
  WATCH,
} from '../requests.js';
import { bytes, dial, differs, drop, group, on, open, row, wait, word } from '../steps.js';

/** Keys of `mntr` that every server has. */
const GAUGES = [
  'version',
  'server_state',
  'min_latency',
  'avg_latency',
  'max_latency',
  'packets_received',
  'packets_sent',
  'num_alive_connections',
  'outstanding_requests',
  'uptime',
  'znode_count',
  'watch_count',
  'ephemerals_count',
  'approximate_data_size',
  'global_sessions',
  'local_sessions',
  'open_file_descriptor_count',
  'max_file_descriptor_count',
  'connection_drop_probability',
  'last_client_response_size',
  'max_client_response_size',
  'min_client_response_size',
  'outstanding_tls_handshake',
  'auth_failed_count',
  'non_mtls_remote_conn_count',
  'non_mtls_local_conn_count',
].map((key) => `zk_${key}`);

/** Keys of `mntr` that say the same on every server in the same state. */
const SAME = [
  'zk_server_state',
  'zk_watch_count',
  'zk_ephemerals_count',
  'zk_connection_drop_probability',
  'zk_auth_failed_count',
];

export const wordTable = group(
  'four-letter words',
  'main',
  row('ruok', word('ruok')),
  row('isro', word('isro')),
  row('srvr', word('srvr')),
  row('srvr shows the last zxid', create('~/a'), word('srvr')),
  row('stat', open('A'), word('stat')),
  row('conf', word('conf')),
  row('dirs', word('dirs')),
  row('envi', word('envi')),
  row('gtmk', word('gtmk')),
  row('stmk sets what gtmk shows', word(stmk(10n)), word('gtmk'), word(stmk(306n)), word('gtmk')),
  row('crst', word('crst')),
  row('srst', word('srst')),
  row('wchs of nothing', word('wchs')),
  row(
    'wchs',
    create('~/a'),
    exists('~/a', WATCH),
    getData('~', WATCH),
    on('B', exists('~/a', WATCH)),
    word('wchs'),
  ),
  row('wchs does not count watches of children', getChildren('~', WATCH), word('wchs')),
  row('wchs counts persistent ones', addWatch('~/a', 0), addWatch('~/b', 1), word('wchs')),
  row('wchc of nothing', word('wchc')),
  row('wchc', exists('~/a', WATCH), exists('~/b', WATCH), on('B', exists('~/a', WATCH)), word('wchc')),
  row('wchp of nothing', word('wchp')),
  row('wchp', exists('~/a', WATCH), exists('~/b', WATCH), on('B', exists('~/a', WATCH)), word('wchp')),
  row('dump', ephemeral('~/e'), ephemeral('~/f'), on('B', exists('~')), word('dump')),
  row('cons of nobody', word('cons')),
  row('cons of a session', create('~/a'), word('cons')),
  row('cons after a read', create('~/a'), getData('~/a'), word('cons')),
  row(
    'cons shows the last operation',
    open('A'),
    word('cons'),
    setData('~'),
    word('cons'),
    multi(create('~/m')),
    word('cons'),
    getChildren('~'),
    word('cons'),
  ),
  row(
    'mntr has the gauges',
    word('mntr', { keys: GAUGES }),
    differs(
      'mntr-keys',
      '-  zk_non_mtls_local_conn_count\t...',
      '-  zk_non_mtls_remote_conn_count\t...',
      '-  zk_outstanding_tls_handshake\t...',
    ),
  ),
  row(
    'mntr counts',
    ephemeral('~/e'),
    exists('~/a', WATCH),
    getChildren('~', WATCH),
    word('mntr', { keys: SAME, values: true }),
  ),
  row('hash', ...Array.from({ length: 130 }, () => setData('~')), word('hash')),
  row('a newline behind the word is fine', word('ruok\n')),
  row('anything behind the word is fine', word('ruok and more')),
  row('the word may come byte by byte', word('ruok', { split: true })),
  row('the client may have closed its side', word('ruok', { halfClose: true })),
  row('srvr to a client that has closed its side', word('srvr', { halfClose: true })),
  row('words count with their case', word('RUOK')),
  ...['kill', 'reqs', 'lead', 'help', 'quit', 'xxxx'].map((name) => row(`${name} is no word`, word(name))),
  row(
    'three letters are a beginning',
    dial('A'),
    bytes('ruo and a length that is none', Buffer.from('ruo\xff', 'latin1')),
  ),
  row('a word in the middle of a session is a length', exists('~'), bytes('srvr', Buffer.from('srvr'))),
  row('words leave sessions alone', ephemeral('~/e'), word('crst'), word('srst'), exists('~/e')),
  row('cons forgets a dropped connection', open('A'), drop('A'), wait(300), word('cons')),
);

function stmk(mask: bigint): Buffer {
  const bytesOfMask = Buffer.alloc(8);
  bytesOfMask.writeBigInt64BE(mask);
  return Buffer.concat([Buffer.from('stmk'), bytesOfMask]);
}

export const reconfigTable = group(
  'reconfig',
  'main',
  row('reconfig is switched off', reconfig('server.5=127.0.0.1:1:2;3', null, null), create('~/a')),
  row('reconfig of nonsense is switched off too', reconfig('nonsense', 'nonsense', 'nonsense')),
);
