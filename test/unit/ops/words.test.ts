/** Why this file exists: the texts of the four-letter words, and the rules by which they are given. */
import { expect } from 'chai';
import {
  answer,
  expandedNames,
  fourLetterWord,
  fourLetterWords,
  histograms,
  metrics,
  summaries,
} from '../../../src/ops/index.js';
import type { FourLetterWord } from '../../../src/ops/index.js';
import { WRITE_STAGES, type Status } from '../../../src/server/index.js';
import { NO_SESSION, OpCode, sessionIdOf, zxidOf } from '../../../src/types/index.js';
import {
  MEMBERSHIP,
  SESSION,
  exampleConfig,
  exampleConnection,
  exampleMember,
  exampleStatus,
} from './exampleStatus.js';

const NOTHING = Buffer.alloc(0);

function word(name: string): FourLetterWord {
  const found = fourLetterWord(Buffer.from(name).readInt32BE(0));
  if (found === undefined) throw new Error(`${name} is missing`);
  return found;
}

async function ask(
  name: string,
  status: Status = exampleStatus(),
  argument: Buffer = NOTHING,
): Promise<string> {
  return answer(word(name), status, argument);
}

/** The keys of mntr without `zk_`. */
function keysOf(text: string): string[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^zk_(.*)\t.*$/, '$1'));
}

describe('four-letter words', () => {
  it('are the eighteen of ZooKeeper 3.9, in alphabetical order', () => {
    const names = 'conf cons crst dirs dump envi gtmk hash isro mntr ruok srst srvr stat stmk wchc wchp wchs';
    expect(fourLetterWords.map(({ name }) => name).join(' ')).to.equal(names);
  });

  it('are found by their first four bytes and nothing else is', () => {
    for (const entry of fourLetterWords) expect(fourLetterWord(entry.code)).to.equal(entry);
    for (const bytes of [0, 44, 45, -1, 0x7fffffff]) expect(fourLetterWord(bytes)).to.equal(undefined);
    for (const unknown of ['lead', 'reqs', 'kill', 'RUOK', 'GET ']) {
      expect(fourLetterWord(Buffer.from(unknown).readInt32BE(0)), unknown).to.equal(undefined);
    }
  });

  describe('answer the example server with the sample of the table', () => {
    for (const { name, sample, argumentBytes } of fourLetterWords) {
      if (name === 'envi') continue;
      it(name, async () => {
        const argument = Buffer.alloc(argumentBytes);
        if (argumentBytes === 8) argument.writeBigInt64BE(306n);
        const ofProcess = /^(zk_(?:open|max)_file_descriptor_count\t)-?\d+$/gm;
        const text = await ask(name, exampleStatus(), argument);
        expect(text.replace(ofProcess, '$1N')).to.equal(sample.replace(ofProcess, '$1N'));
      });
    }

    it('envi, but for the values of this machine', async () => {
      const keys = (text: string): string[] => text.split('\n').map((line) => line.replace(/=.*/, '='));
      const text = await ask('envi');
      expect(keys(text)).to.deep.equal(keys(word('envi').sample));
      expect(text).to.contain(`java.version=${process.versions.node}\njava.vendor=Node.js\n`);
      expect(text).to.match(/^os\.memory\.free=\d+MB\nos\.memory\.max=\d+MB\nos\.memory\.total=\d+MB\n/m);
      expect(text).not.to.match(/=$/m);
    });
  });

  it('are refused when they are not on the whitelist; srvr always is', async () => {
    const status = exampleStatus({ config: exampleConfig({ '4lw.commands.whitelist': 'ruok, isro' }) });
    for (const { name } of fourLetterWords) {
      const refused = `${name} is not executed because it is not in the whitelist.\n`;
      if (['ruok', 'isro', 'srvr'].includes(name)) expect(await ask(name, status)).not.to.equal(refused);
      else expect(await ask(name, status)).to.equal(refused);
    }
  });

  it('say that the server does not serve', async () => {
    const status = exampleStatus({ serving: false });
    const refused = 'This ZooKeeper instance is not currently serving requests';
    for (const { name } of fourLetterWords) {
      const text = await ask(name, status, Buffer.alloc(8));
      if (['ruok', 'envi', 'gtmk', 'stmk'].includes(name)) expect(text, name).not.to.contain(refused);
      else if (name === 'isro') expect(text).to.equal('null');
      else expect(text, name).to.equal(name === 'hash' ? refused : `${refused}\n`);
    }
  });

  it('are refused rather than called not serving when both hold', async () => {
    const status = exampleStatus({
      serving: false,
      config: exampleConfig({ '4lw.commands.whitelist': 'srvr' }),
    });
    expect(await ask('isro', status)).to.equal('isro is not executed because it is not in the whitelist.\n');
  });

  it('of a read-only server say so', async () => {
    const status = exampleStatus({ readOnly: true });
    expect(await ask('isro', status)).to.equal('ro');
    for (const name of ['srvr', 'stat']) {
      const text = await ask(name, status);
      expect(text).to.match(/^Zookeeper version: .*\nREAD-ONLY mode; serving only read-only clients\n/);
      expect(text).to.contain('\nMode: read-only\n');
    }
    expect(await ask('mntr', status)).to.contain('\nzk_server_state\tread-only\n');
  });

  it('crst and srst reset what they say', async () => {
    const calls: string[] = [];
    const status = exampleStatus({
      resetConnectionStats: () => calls.push('connections'),
      resetServerStats: () => calls.push('server'),
    });
    await ask('crst', status);
    expect(calls).to.deep.equal(['connections']);
    await ask('srst', status);
    expect(calls).to.deep.equal(['connections', 'server']);
  });

  it('fail where the sizes of the directories cannot be read', async () => {
    const status = exampleStatus({ sizes: () => Promise.reject(new Error('EACCES')) });
    for (const name of ['dirs', 'conf']) {
      let reason: unknown;
      await ask(name, status).catch((error: unknown) => (reason = error));
      expect(reason, name).to.be.an('error').with.property('message', 'EACCES');
    }
  });
});

describe('the version', () => {
  const versions: [claim: string, changes: Partial<Status>, expected: string][] = [
    [
      'ends without a revision where none is known',
      {},
      '3.9.5-zabkeeper-0.1.0, built on 2026-01-01 00:00 UTC',
    ],
    [
      'ends with the revision',
      { revision: '293c895a8d966a3ecb92872be4a1daf87d725da2' },
      '3.9.5-zabkeeper-0.1.0-293c895a8d966a3ecb92872be4a1daf87d725da2, built on 2026-01-01 00:00 UTC',
    ],
    [
      'keeps to the characters that clients read',
      { version: '1.0.0-rc.1+build 5' },
      '3.9.5-zabkeeper-1.0.0-rc.1-build-5, built on 2026-01-01 00:00 UTC',
    ],
    [
      'has the build in UTC',
      { builtAt: Date.UTC(2031, 8, 7, 23, 59, 59) },
      '3.9.5-zabkeeper-0.1.0, built on 2031-09-07 23:59 UTC',
    ],
  ];
  for (const [claim, changes, expected] of versions) {
    it(claim, async () => {
      const status = exampleStatus(changes);
      expect(await ask('srvr', status)).to.match(/^Zookeeper version: /);
      for (const [name, before] of [
        ['srvr', 'Zookeeper version: '],
        ['stat', 'Zookeeper version: '],
        ['mntr', 'zk_version\t'],
        ['envi', 'zookeeper.version='],
      ] as const) {
        expect((await ask(name, status)).split('\n')).to.include(before + expected);
      }
    });
  }
});

describe('latencies', () => {
  const latencies: [latency: Status['latency'], expected: string][] = [
    [{ min: 0, avg: 0, max: 0 }, '0/0.0/0'],
    [{ min: 1, avg: 5, max: 12 }, '1/5.0/12'],
    [{ min: 0.4, avg: 1.23456, max: 9.6 }, '0/1.2346/10'],
    [{ min: 0, avg: 0.00001, max: 1 }, '0/0.0/1'],
    [{ min: 0, avg: 0.0001, max: 1 }, '0/0.0001/1'],
    [{ min: 0, avg: 12345678.5, max: 99999999 }, '0/12345678.5/99999999'],
    [{ min: Infinity, avg: NaN, max: -Infinity }, '0/0.0/0'],
  ];
  for (const [latency, expected] of latencies) {
    it(`are written as ${expected}`, async () => {
      expect(await ask('srvr', exampleStatus({ latency }))).to.contain(
        `\nLatency min/avg/max: ${expected}\n`,
      );
    });
  }
});

describe('cons', () => {
  async function line(changes: Parameters<typeof exampleConnection>[0]): Promise<string> {
    return (await ask('cons', exampleStatus({ connections: () => [exampleConnection(changes)] }))).replace(
      /\n\n$/,
      '',
    );
  }

  const addresses: [address: string, expected: string][] = [
    ['10.0.0.1', ' /10.0.0.1:51770[1]('],
    ['::1', ' /[0:0:0:0:0:0:0:1]:51770[1]('],
    ['::', ' /[0:0:0:0:0:0:0:0]:51770[1]('],
    ['fe80::12:0:3', ' /[fe80:0:0:0:0:12:0:3]:51770[1]('],
    ['2001:db8::', ' /[2001:db8:0:0:0:0:0:0]:51770[1]('],
    ['1:2:3:4:5:6:7:8', ' /[1:2:3:4:5:6:7:8]:51770[1]('],
    ['64:ff9b::192.0.2.33', ' /[64:ff9b:0:0:0:0:c000:221]:51770[1]('],
  ];
  for (const [address, expected] of addresses) {
    it(`writes ${address} as Java does`, async () => {
      expect(await line({ address })).to.satisfy((text: string) => text.startsWith(expected));
    });
  }

  it('shows a connection that is not read', async () => {
    expect(await line({ reading: false })).to.contain(':51770[0](');
  });

  it('knows every operation a client can ask for', async () => {
    const unnamed = ['auth', 'sasl', 'error'];
    for (const [name, lastOp] of Object.entries(OpCode)) {
      const text = await line({ lastOp });
      if (unnamed.includes(name)) expect(text, name).to.contain(',lop=NA,');
      else expect(text, name).to.match(/,lop=(?!NA)[A-Z0-9]{4,6},/);
    }
  });

  it('shows a session without requests as ZooKeeper does', async () => {
    expect(await line({ lastOp: undefined, lastCxid: undefined })).to.contain(',lop=SESS,');
    expect(await line({ lastOp: undefined, lastCxid: undefined })).to.contain(',lcxid=0x0,');
    expect(await line({ lastOp: OpCode.ping, lastCxid: -2 }))
      .to.contain(',lop=PING,')
      .and.contain(',lcxid=0x0,');
  });

  it('writes identifiers unsigned', async () => {
    const text = await line({ sessionId: sessionIdOf(-0x7fffffffffff0000n), lastZxid: zxidOf(-1n) });
    expect(text).to.contain(',sid=0x8000000000010000,').and.contain(',lzxid=0xffffffffffffffff,');
  });
});

describe('dump', () => {
  it('gives a connection the time of its session, or that to ask for one', async () => {
    const at = Date.UTC(2030, 4, 5, 6, 7, 8);
    const known = sessionIdOf(1n);
    const text = await ask(
      'dump',
      exampleStatus({
        config: exampleConfig({ 'nio.sessionlessCnxnTimeout': '10000' }),
        sessionBuckets: () => [{ expiresAt: at, ids: [known, sessionIdOf(2n)] }],
        ephemerals: () => new Map(),
        connections: () => [
          exampleConnection({ port: 1, sessionId: known }),
          exampleConnection({ port: 2, sessionId: NO_SESSION, establishedAt: at - 10_000 }),
          exampleConnection({ port: 3, sessionId: sessionIdOf(3n), establishedAt: at - 60_000 }),
        ],
      }),
    );
    expect(text).to.equal(
      [
        'SessionTracker dump:',
        'Session Sets (1)/(2):',
        '2 expire at Sun May 05 06:07:08 UTC 2030:',
        '\t0x1',
        '\t0x2',
        'ephemeral nodes dump:',
        'Sessions with Ephemerals (0):',
        'Connections dump:',
        'Connections Sets (2)/(3):',
        '1 expire at Sun May 05 06:06:38 UTC 2030:',
        '\tip: /127.0.0.1:3 sessionId: 0x3',
        '2 expire at Sun May 05 06:07:08 UTC 2030:',
        '\tip: /127.0.0.1:1 sessionId: 0x1',
        '\tip: /127.0.0.1:2 sessionId: 0x0',
        '',
      ].join('\n'),
    );
  });
});

describe('of a member of an ensemble', () => {
  it('conf has its ports, its limits and the membership, without a newline behind it', async () => {
    expect(await ask('conf', exampleMember('follower'))).to.satisfy((text: string) =>
      text.endsWith(
        [
          '',
          'clientPortListenBacklog=-1',
          'serverId=2',
          'initLimit=10',
          'syncLimit=5',
          'electionAlg=3',
          'electionPort=3802',
          'quorumPort=2802',
          'peerType=0',
          'membership: ',
          MEMBERSHIP,
        ].join('\n'),
      ),
    );
    expect(await ask('conf', exampleMember('observer')))
      .to.contain('\nserverId=4\n')
      .and.contain('\npeerType=1\n');
  });

  it('conf ends before the membership while it is read-only', async () => {
    const text = await ask('conf', { ...exampleMember('follower'), readOnly: true });
    expect(text).to.match(/\nquorumPort=2802\npeerType=0\n$/);
  });

  it('srvr and stat name the role; a leader has the sizes of its proposals', async () => {
    for (const word of ['srvr', 'stat']) {
      expect(await ask(word, exampleMember('leader'))).to.match(
        /\nMode: leader\nNode count: 9\nProposal sizes last\/min\/max: 92\/48\/111\n$/,
      );
      expect(await ask(word, exampleMember('follower'))).to.match(/\nMode: follower\nNode count: 9\n$/);
      expect(await ask(word, exampleMember('observer'))).to.match(/\nMode: observer\nNode count: 9\n$/);
    }
  });

  it('dump lists the sessions of a learner with their timeouts, because only the leader knows when they end', async () => {
    const text = await ask('dump', exampleMember('follower'));
    expect(text).to.satisfy((found: string) =>
      found.startsWith(
        [
          'SessionTracker dump:',
          'Global Sessions(1):',
          '0x100002b2c4d0000\t30000ms',
          'ephemeral nodes dump:',
          'Sessions with Ephemerals (1):',
          '0x100002b2c4d0000:',
          '\t/lock/holder',
          'Connections dump:',
          'Connections Sets (2)/(2):',
          '',
        ].join('\n'),
      ),
    );
    expect(await ask('dump', exampleMember('leader'))).to.contain('\nSession Sets (1)/(1):\n1 expire at ');
  });

  it('dump tells local sessions from global ones where there may be local ones', async () => {
    const changes: Partial<Status> = {
      localSessionBuckets: () => [
        { expiresAt: Date.UTC(2026, 10, 20, 20, 2, 31), ids: [sessionIdOf(0x200002b2c4d0000n)] },
      ],
    };
    const keys = { localSessionsEnabled: 'true' };
    const local =
      'SessionTracker dump:\nLocal Session Sets (1)/(1):\n1 expire at Fri Nov 20 20:02:31 UTC 2026:\n\t0x200002b2c4d0000\n';
    expect(await ask('dump', exampleMember('leader', changes, keys))).to.contain(
      `${local}Global Session Sets (1)/(1):\n`,
    );
    expect(await ask('dump', exampleMember('follower', changes, keys))).to.contain(
      `${local}Global Sessions(1):\n`,
    );
  });

  it('dump gives a connection the time from when its client was heard of', async () => {
    const since = Date.now();
    const connection = exampleConnection({ sessionId: SESSION, lastResponseAt: performance.now() });
    const text = await ask('dump', exampleMember('follower', { connections: () => [connection] }));
    const at = /\n1 expire at (.*):\n\tip: \/127\.0\.0\.1:51770 sessionId: 0x100002b2c4d0000\n$/.exec(
      text,
    )?.[1];
    expect(Date.parse(String(at))).to.be.within(since + 29_000, since + 33_000);
  });
});

describe('mntr', () => {
  it('has each key once, and no other keys than the list of metrics', async () => {
    const expanded = [
      ...summaries.flatMap(({ name, quantiles }) => expandedNames(name, quantiles)),
      ...histograms.flatMap(({ name }) =>
        WRITE_STAGES.flatMap((stage) => expandedNames(`${stage}_${name}`, false)),
      ),
    ];
    const known = ['version', 'server_state', 'peer_state', ...metrics.map(({ name }) => name), ...expanded];
    const seen = new Set<string>();
    for (const status of [exampleStatus(), exampleMember('leader'), exampleMember('observer')]) {
      const keys = keysOf(await ask('mntr', status));
      expect(keys).to.have.lengthOf(new Set(keys).size);
      expect(known).to.include.members(keys);
      for (const key of keys) seen.add(key);
    }
    expect([...seen]).to.have.members(known);
  });

  it('has of an ensemble what a server of each role knows', async () => {
    const alone = keysOf(await ask('mntr'));
    const added = async (status: Status): Promise<string[]> =>
      keysOf(await ask('mntr', status)).filter((key) => !alone.includes(key));
    const everywhere = [
      'proposal_count',
      'commit_count',
      'diff_count',
      'snap_count',
      'looking_count',
      'peer_alarms',
      'avg_election_time',
      'min_election_time',
      'max_election_time',
      'cnt_election_time',
      'sum_election_time',
    ];
    const serving = ['peer_state', 'quorum_size', ...everywhere];
    expect(await added(exampleMember('follower'))).to.have.members(serving);
    expect(await added(exampleMember('observer'))).to.have.members([...serving, 'observer_master_id']);
    expect(await added(exampleMember('leader'))).to.have.members([
      ...serving,
      'leader_uptime',
      'learners',
      'synced_followers',
      'synced_non_voting_followers',
      'synced_observers',
      'pending_syncs',
      'last_proposal_size',
      'max_proposal_size',
      'min_proposal_size',
    ]);
    expect(await added({ ...exampleMember('follower'), readOnly: true })).to.have.members(everywhere);
  });

  it('names role and phase as ZooKeeper does', async () => {
    for (const [mode, state] of [
      ['leader', 'leading'],
      ['follower', 'following'],
      ['observer', 'observing'],
    ] as const) {
      expect(await ask('mntr', exampleMember(mode))).to.contain(
        `\nzk_server_state\t${mode}\nzk_peer_state\t${state} - broadcast\n`,
      );
    }
  });

  it('counts the files of this process', async function () {
    if (process.platform !== 'linux') this.skip();
    const numbers = /\nzk_open_file_descriptor_count\t(\d+)\nzk_max_file_descriptor_count\t(\d+)\n/.exec(
      await ask('mntr'),
    );
    expect(Number(numbers?.[1])).to.be.greaterThan(2).and.lessThan(Number(numbers?.[2]));
  });

  it('has zeros for a disk that was never written', async () => {
    const fsync = { count: 0, sum: 0, min: Infinity, max: -Infinity };
    expect(await ask('mntr', exampleStatus({ fsync }))).to.match(
      /zk_avg_fsynctime\t0\.0\nzk_min_fsynctime\t0\nzk_max_fsynctime\t0\nzk_cnt_fsynctime\t0\nzk_sum_fsynctime\t0\n/,
    );
  });
});

describe('the trace mask', () => {
  function mask(value: bigint): Buffer {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64BE(value);
    return bytes;
  }

  it('is kept, per server', async () => {
    const one = exampleStatus();
    const other = exampleStatus();
    expect(await ask('stmk', one, mask(-2n))).to.equal('-2');
    expect(await ask('gtmk', one)).to.equal('-2');
    expect(await ask('gtmk', other)).to.equal('306');
  });

  it('stays when the client sends less than a mask', async () => {
    const status = exampleStatus();
    expect(await ask('stmk', status, mask(1n).subarray(0, 7))).to.equal('');
    expect(await ask('gtmk', status)).to.equal('306');
  });

  it('is the one word with an argument', () => {
    const withArgument = fourLetterWords.filter(({ argumentBytes }) => argumentBytes > 0);
    expect(withArgument.map(({ name, argumentBytes }) => [name, argumentBytes])).to.deep.equal([['stmk', 8]]);
  });
});

describe('hash and the watch words', () => {
  it('print nothing but the final line when there is nothing', async () => {
    const status = exampleStatus({
      digests: () => [],
      watches: { total: 3, dataTotal: 0, byPath: () => new Map(), bySession: () => new Map() },
    });
    expect(await ask('hash', status)).to.equal('');
    expect(await ask('wchc', status)).to.equal('\n');
    expect(await ask('wchp', status)).to.equal('\n');
    expect(await ask('wchs', status)).to.equal('0 connections watching 0 paths\nTotal watches:0\n');
  });

  it('print a digest as Java prints a long', async () => {
    const digests = (): Status['digests'] extends () => infer T ? T : never => [
      { zxid: zxidOf(0x1_0000_0080n), digest: 2n ** 64n - 1n },
    ];
    expect(await ask('hash', exampleStatus({ digests }))).to.equal('100000080: -1\n');
  });
});
