/**
 * Why this file exists: what a member of an ensemble makes of its zoo.cfg and myid, and every reason for which it must not
 * join the others.
 */
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { ConfigError, peerTimes } from '../../../src/config/index.js';
import { BASE, resolve } from './support.js';

describe('a member of an ensemble', () => {
  const ensemble =
    'initLimit=10\nsyncLimit=5\nserver.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2;127.0.0.1:2183\n';
  const files = { '/data/myid': '2\n' };

  it('knows itself, the others and its limits', () => {
    const { config, warnings } = resolve(BASE + ensemble, { files });
    expect(config.ensemble).to.deep.include({
      id: 2,
      self: config.membership.members[1],
      membership: config.membership,
      initLimitMs: 30_000,
      syncLimitMs: 15_000,
      peerTimeoutMs: 1500,
      heartbeatMs: 150,
      leaseTimeMs: 1200,
      discoveryTimeoutMs: 2000,
      connectTimeoutMs: 500,
      quorumListenOnAllIps: false,
      electionPortBindRetry: 3,
      peerAddressCheck: true,
      leaderServes: true,
      localSessionsEnabled: false,
      localSessionsUpgradingEnabled: false,
      readOnlyMode: false,
    });
    expect(config.ensemble).to.be.frozen;
    expect(warnings).to.deep.equal([]);
  });

  it('takes what is set', () => {
    const text = [
      'zabkeeper.peerTimeoutMs=4000',
      'zabkeeper.peerAddressCheck=false',
      'quorumListenOnAllIPs=true',
      'electionPortBindRetry=0',
      'cnxTimeout=700',
      'leaderServes=no',
      'localSessionsEnabled=true',
      'localSessionsUpgradingEnabled=true',
    ].join('\n');
    const flags = { JVMFLAGS: '-Dreadonlymode.enabled=true' };
    expect(resolve(BASE + ensemble + text, { files, flags }).config.ensemble).to.deep.include({
      peerTimeoutMs: 4000,
      heartbeatMs: 150,
      leaseTimeMs: 1200,
      connectTimeoutMs: 700,
      quorumListenOnAllIps: true,
      electionPortBindRetry: 0,
      peerAddressCheck: false,
      leaderServes: false,
      localSessionsEnabled: true,
      localSessionsUpgradingEnabled: true,
      readOnlyMode: true,
    });
  });

  it('serves clients where its own line says', () => {
    const base = 'dataDir=/data\n' + ensemble;
    const third = { '/data/myid': '3' };
    expect(resolve(base, { files: third }).config).to.deep.include({
      clientPort: 2183,
      clientPortAddress: '127.0.0.1',
    });
    expect(() => resolve(base, { files })).to.throw(ConfigError, 'clientPort is not set');
  });

  const times: [tickTime: number, syncLimit: number, peerTimeoutMs: number][] = [
    [2000, 5, 1500],
    [500, 2, 1000],
    [250, 2, 500],
    [10, 2, 200],
  ];
  for (const [tickTime, syncLimit, peerTimeoutMs] of times) {
    it(`gives up after ${peerTimeoutMs} ms of silence with ${syncLimit} ticks of ${tickTime} ms`, () => {
      const text = ensemble.replace('syncLimit=5', `syncLimit=${syncLimit}\ntickTime=${tickTime}`);
      expect(resolve(BASE + text, { files }).config.ensemble).to.deep.include({ peerTimeoutMs });
    });
  }

  it('steps down before the others look elsewhere, whatever the timeout', () => {
    for (let peerTimeoutMs = 100; peerTimeoutMs < 10_000; peerTimeoutMs += 37) {
      const { heartbeatMs, leaseTimeMs } = peerTimes(peerTimeoutMs);
      expect(leaseTimeMs + heartbeatMs).to.be.lessThan(peerTimeoutMs);
      expect(heartbeatMs).to.be.within(10, 150);
      expect(leaseTimeMs).to.be.within(80, 1200);
    }
  });

  it('may be alone if it is to grow', () => {
    const text = BASE + 'initLimit=1\nsyncLimit=1\nstandaloneEnabled=false\nserver.2=a:1:2';
    const { config, warnings } = resolve(text, { files });
    expect(config.ensemble?.id).to.equal(2);
    expect(warnings.join()).to.include('An ensemble of 1 tolerates no failure');
  });

  it('may be an observer; peerType is compared with its line', () => {
    const text = BASE + ensemble + 'server.4=d:1:2:observer\npeerType=observer';
    const { config, warnings } = resolve(text, { files: { '/data/myid': '4' } });
    expect(config.ensemble?.self.role).to.equal('observer');
    expect(warnings).to.deep.equal([]);
    const other = resolve(BASE + ensemble + 'peerType=observer', { files });
    expect(other.warnings.join()).to.include('says observer, but the line server.2 says participant');
  });

  it('may vote by groups', () => {
    const text = BASE + ensemble + 'group.1=1:2:3\nweight.3=0';
    const { config } = resolve(text, { files });
    expect([...config.membership.groups]).to.deep.equal([['1', [1, 2, 3]]]);
    expect([...config.membership.weights]).to.deep.equal([[3, 0]]);
  });

  it('hears which of its options do nothing', () => {
    const { warnings } = resolve(BASE + ensemble + 'oraclePath=/o\nobserverMasterPort=1\ntcpKeepAlive=true', {
      files,
    });
    expect(warnings.join('\n')).to.include('later release: observerMasterPort, oraclePath.');
    expect(warnings.join('\n')).to.include('tcpKeepAlive (zoo.cfg, line 10) has no effect. Links between');
  });
});

describe('conf/ensemble/zoo.cfg', () => {
  it('is a configuration for each of its members, once they have their myid', () => {
    const text = readFileSync(new URL('../../../../conf/ensemble/zoo.cfg', import.meta.url), 'utf8');
    for (const id of [1, 2, 3]) {
      const { config, warnings } = resolve(text, { files: { '/var/lib/zabkeeper/myid': `${id}\n` } });
      expect(config.ensemble?.id).to.equal(id);
      expect(config.clientPort).to.equal(2181);
      expect(warnings).to.deep.equal([]);
    }
  });
});

describe('reasons not to join an ensemble', () => {
  const ensemble = 'server.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2\n';
  const limits = 'initLimit=5\nsyncLimit=2\n';
  const member = { '/data/myid': '1' };
  const rows: [claim: string, text: string, files: Record<string, string>, code: string, message: string][] =
    [
      ['an ensemble without initLimit', BASE + ensemble + 'syncLimit=1', member, 'MISSING', 'initLimit'],
      ['an ensemble without syncLimit', BASE + ensemble + 'initLimit=1', member, 'MISSING', 'syncLimit'],
      [
        'an ensemble without myid',
        BASE + ensemble + limits,
        {},
        'MEMBERSHIP',
        'The file /data/myid is missing. In an ensemble dataDir must hold a file myid with the number of this server, the N of its server.N line (one of 1, 2, 3).',
      ],
      [
        'a myid that is not among the members',
        BASE + ensemble + limits,
        { '/data/myid': '4' },
        'MEMBERSHIP',
        'The file /data/myid says 4, but there is no server.4 line; there are lines for 1, 2, 3.',
      ],
      [
        'an ensemble without both limits',
        BASE + ensemble,
        member,
        'MISSING',
        '(1) initLimit must be set to a number of ticks in an ensemble. (2) syncLimit must be set',
      ],
      [
        'an id beyond the byte that it becomes',
        BASE + ensemble + limits + 'server.255=d:1:2',
        member,
        'MEMBERSHIP',
        'The id of server.255 must be from 0 to 254 (255 only with extendedTypesEnabled=false).',
      ],
      [
        'a negative id',
        BASE + ensemble + limits + 'server.-1=d:1:2\nextendedTypesEnabled=false',
        member,
        'MEMBERSHIP',
        'from 0 to 255.',
      ],
      [
        'two members behind one port',
        BASE + ensemble + limits + 'server.4=A:3:2',
        member,
        'MEMBERSHIP',
        'a:2 is both the election port of server.1 and the election port of server.4',
      ],
      [
        'a quorum port that is another member’s election port',
        BASE + ensemble + limits + 'server.4=a:2:3',
        member,
        'MEMBERSHIP',
        'the election port of server.1 and the quorum port of server.4',
      ],
      [
        'a client port that is the own quorum port',
        'dataDir=/data\nclientPort=1\n' + ensemble + limits,
        member,
        'CONFLICT',
        'clientPort 1 is also the quorum port of server.1',
      ],
      [
        'a participant outside of the groups',
        BASE + ensemble + limits + 'group.1=1:2',
        member,
        'MEMBERSHIP',
        'Server 3 is in no group',
      ],
      [
        'weights without groups, as in ZooKeeper',
        BASE + ensemble + limits + 'weight.1=2',
        member,
        'MEMBERSHIP',
        'Server 1 is in no group',
      ],
      [
        'a server in two groups',
        BASE + ensemble + limits + 'group.1=1:2\ngroup.2=2:3',
        member,
        'MEMBERSHIP',
        'Server 2 is in two groups',
      ],
      [
        'a weight of nobody',
        BASE + ensemble + limits + 'group.1=1:2:3\nweight.4=1',
        member,
        'MEMBERSHIP',
        'There is a weight.4 line, but no server.4 line',
      ],
      [
        'a negative weight',
        BASE + ensemble + limits + 'group.1=1:2:3\nweight.3=-1',
        member,
        'MEMBERSHIP',
        'weight.3 is -1',
      ],
      [
        'nobody with a vote',
        BASE + ensemble + limits + 'group.1=1:2:3\nweight.1=0\nweight.2=0\nweight.3=0',
        member,
        'MEMBERSHIP',
        'nobody could vote',
      ],
      [
        'TLS between servers without a certificate',
        BASE + ensemble + limits + 'sslQuorum=true',
        member,
        'MISSING',
        'sslQuorum (zoo.cfg, line 8) is true, so ssl.quorum.keyStore.location must name a file',
      ],
      [
        'TLS between servers that trust nobody',
        BASE +
          ensemble +
          limits +
          'portUnification=true\nssl.quorum.keyStore.location=/k\nssl.quorum.clientAuth=none',
        member,
        'MISSING',
        'portUnification (zoo.cfg, line 8) is true, so ssl.quorum.trustStore.location must name a file',
      ],
      [
        'SASL between servers, in this release',
        BASE + ensemble + limits + 'quorum.auth.enableSasl=true\nquorum.auth.learnerRequireSasl=true',
        member,
        'UNSUPPORTED',
        'quorum.auth.learnerRequireSasl',
      ],
      [
        'a peer timeout too short for anything',
        BASE + ensemble + limits + 'zabkeeper.peerTimeoutMs=50',
        member,
        'VALUE',
        'zabkeeper.peerTimeoutMs',
      ],
      [
        'a check of peers that is neither on nor off',
        BASE + ensemble + limits + 'zabkeeper.peerAddressCheck=no',
        member,
        'VALUE',
        'zabkeeper.peerAddressCheck',
      ],
    ];
  for (const [claim, text, files, code, message] of rows) {
    it(claim, () => {
      expect(() => resolve(text, { files }))
        .to.throw(ConfigError, message)
        .that.includes({ code, exitCode: 2 });
    });
  }
});
