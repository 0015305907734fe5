/**
 * Why this file exists: the four-letter words as one table. A client sends the word as the first four bytes of a
 * connection, the server answers in text and closes. Formats are those of ZooKeeper 3.9.5 to the byte, because they
 * are read by regular expressions; docs/operations.md is checked against this table.
 */
import type { Status } from '../server/index.js';
import { conf, dirs } from './conf.js';
import { cons } from './connections.js';
import { dump } from './dump.js';
import { envi } from './envi.js';
import { lines } from './format.js';
import { hash } from './hash.js';
import { mntr } from './mntr.js';
import { mntrSample } from './mntrSample.js';
import { srvr, stat } from './srvr.js';
import { gtmk, stmk } from './traceMask.js';
import { wchc, wchp, wchs } from './watches.js';

/** One word. */
export interface FourLetterWord {
  readonly name: string;
  /** The name as the first four bytes of a connection, read as a big-endian int32. */
  readonly code: number;
  /** Bytes that belong to the word and follow it. */
  readonly argumentBytes: number;
  /** What it answers while the server does not serve; null for a word that answers all the same. */
  readonly notServing: string | null;
  /** What it is for, for operators. */
  readonly doc: string;
  /** An answer, each line with its newline; parts that depend on the machine are examples. */
  readonly sample: string;
  readonly answer: (status: Status, argument: Buffer) => string | Promise<string>;
}

const NOT_SERVING = 'This ZooKeeper instance is not currently serving requests';

/** In alphabetical order. */
export const fourLetterWords: readonly FourLetterWord[] = [
  define({
    name: 'conf',
    doc: 'The configuration in effect; in an ensemble with its members.',
    sample: lines(
      'clientPort=2181',
      'secureClientPort=-1',
      'dataDir=/data/version-2',
      'dataDirSize=40960',
      'dataLogDir=/datalog/version-2',
      'dataLogSize=81920',
      'tickTime=2000',
      'maxClientCnxns=60',
      'minSessionTimeout=4000',
      'maxSessionTimeout=40000',
      'clientPortListenBacklog=-1',
      'serverId=0',
    ),
    answer: conf,
  }),
  define({
    name: 'cons',
    doc: 'Every connection with its session, traffic and last request.',
    sample: lines(
      ' /127.0.0.1:51770[1](queued=0,recved=5,sent=6,sid=0x100002b2c4d0000,lop=ADDW,est=1795204918215,to=30000,lcxid=0x4,lzxid=0x6,lresp=2860448,llat=0,minlat=0,avglat=2,maxlat=5)',
      ' /127.0.0.1:43668[0](queued=0,recved=1,sent=0)',
      '',
    ),
    answer: cons,
  }),
  define({
    name: 'crst',
    doc: 'Resets the numbers of every connection.',
    sample: lines('Connection stats reset.'),
    answer: (status) => {
      status.resetConnectionStats();
      return lines('Connection stats reset.');
    },
  }),
  define({
    name: 'dirs',
    doc: 'Bytes of the files in `dataDir` and `dataLogDir`.',
    sample: lines('datadir_size: 40960', 'logdir_size: 81920'),
    answer: dirs,
  }),
  define({
    name: 'dump',
    doc: 'Sessions by the time they expire (on followers and observers with their timeouts), ephemeral znodes by session, connections by the time they expire.',
    sample: lines(
      'SessionTracker dump:',
      'Session Sets (1)/(1):',
      '1 expire at Fri Nov 20 20:02:29 UTC 2026:',
      '\t0x100002b2c4d0000',
      'ephemeral nodes dump:',
      'Sessions with Ephemerals (1):',
      '0x100002b2c4d0000:',
      '\t/lock/holder',
      'Connections dump:',
      'Connections Sets (2)/(2):',
      '1 expire at Fri Nov 20 20:02:17 UTC 2026:',
      '\tip: /127.0.0.1:43668 sessionId: 0x0',
      '1 expire at Fri Nov 20 20:02:29 UTC 2026:',
      '\tip: /127.0.0.1:51770 sessionId: 0x100002b2c4d0000',
    ),
    answer: dump,
  }),
  define({
    name: 'envi',
    doc: 'Version, machine, user and memory. The `java.` keys describe Node.js, memory is that of its heap.',
    notServing: null,
    sample: lines(
      'Environment:',
      'zookeeper.version=3.9.5-zabkeeper-0.1.0, built on 2026-01-01 00:00 UTC',
      'host.name=server1',
      'java.version=20.20.2',
      'java.vendor=Node.js',
      'java.home=/usr',
      'java.class.path=<NA>',
      'java.library.path=<NA>',
      'java.io.tmpdir=/tmp',
      'java.compiler=<NA>',
      'os.name=Linux',
      'os.arch=amd64',
      'os.version=6.1.0',
      'user.name=zookeeper',
      'user.home=/home/zookeeper',
      'user.dir=/',
      'os.memory.free=12MB',
      'os.memory.max=2096MB',
      'os.memory.total=34MB',
    ),
    answer: envi,
  }),
  define({
    name: 'gtmk',
    doc: 'The trace mask, without newline. It has no effect.',
    notServing: null,
    sample: '306',
    answer: gtmk,
  }),
  define({
    name: 'hash',
    doc: 'A digest of the tree for every 128th zxid, the last 1024 of them: two servers that differ at a zxid differ in data.',
    notServing: NOT_SERVING,
    sample: lines('80: 1371985504', '100: 6214351233'),
    answer: hash,
  }),
  define({
    name: 'isro',
    doc: 'Whether the server takes writes: `rw`, `ro` (read-only) or `null` (not serving). No newline.',
    notServing: 'null',
    sample: 'rw',
    answer: (status) => (status.readOnly ? 'ro' : 'rw'),
  }),
  define({
    name: 'mntr',
    doc: 'Everything that is measured, one `key<TAB>value` a line.',
    sample: mntrSample,
    answer: mntr,
  }),
  define({
    name: 'ruok',
    doc: '`imok`, without newline: the process is up. It says nothing about serving; ask `srvr` or `isro` for that.',
    notServing: null,
    sample: 'imok',
    answer: () => 'imok',
  }),
  define({
    name: 'srst',
    doc: 'Resets latencies, fsync times, packets and sizes of replies and proposals.',
    sample: lines('Server stats reset.'),
    answer: (status) => {
      status.resetServerStats();
      return lines('Server stats reset.');
    },
  }),
  define({
    name: 'srvr',
    doc: 'The server at a glance, its role included; always on the whitelist.',
    sample: lines(
      'Zookeeper version: 3.9.5-zabkeeper-0.1.0, built on 2026-01-01 00:00 UTC',
      'Latency min/avg/max: 0/2.2/5',
      'Received: 7',
      'Sent: 8',
      'Connections: 2',
      'Outstanding: 0',
      'Zxid: 0x6',
      'Mode: standalone',
      'Node count: 9',
    ),
    answer: srvr,
  }),
  define({
    name: 'stat',
    doc: '`srvr` with the connections.',
    sample: lines(
      'Zookeeper version: 3.9.5-zabkeeper-0.1.0, built on 2026-01-01 00:00 UTC',
      'Clients:',
      ' /127.0.0.1:51770[1](queued=0,recved=5,sent=6)',
      ' /127.0.0.1:43668[0](queued=0,recved=1,sent=0)',
      '',
      'Latency min/avg/max: 0/2.2/5',
      'Received: 7',
      'Sent: 8',
      'Connections: 2',
      'Outstanding: 0',
      'Zxid: 0x6',
      'Mode: standalone',
      'Node count: 9',
    ),
    answer: stat,
  }),
  define({
    name: 'stmk',
    argumentBytes: 8,
    doc: 'Followed by 8 bytes: sets the trace mask and repeats it, without newline. It has no effect.',
    notServing: null,
    sample: '306',
    answer: stmk,
  }),
  define({
    name: 'wchc',
    doc: 'Watched paths by session. Watches on children are missing here and in the next two.',
    sample: lines('0x100002b2c4d0000', '\t/lock', '\t/lock/holder', ''),
    answer: wchc,
  }),
  define({
    name: 'wchp',
    doc: 'Watching sessions by path.',
    sample: lines('/lock', '\t0x100002b2c4d0000', '/lock/holder', '\t0x100002b2c4d0000', ''),
    answer: wchp,
  }),
  define({
    name: 'wchs',
    doc: 'How many watches there are.',
    sample: lines('1 connections watching 2 paths', 'Total watches:2'),
    answer: wchs,
  }),
];

/** Fills in what most words have in common. */
function define(
  word: Omit<FourLetterWord, 'code' | 'argumentBytes' | 'notServing'> & Partial<FourLetterWord>,
): FourLetterWord {
  return {
    code: Buffer.from(word.name).readInt32BE(0),
    argumentBytes: 0,
    notServing: `${NOT_SERVING}\n`,
    ...word,
  };
}
