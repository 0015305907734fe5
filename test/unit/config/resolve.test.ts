/**
 * Why this file exists: what a server makes of zoo.cfg and flags, and every reason for which it refuses to start.
 */
import { expect } from 'chai';
import { ConfigError, resolveConfig } from '../../../src/config/index.js';
import { BASE, resolve } from './support.js';

describe('resolveConfig', () => {
  it('gives ZooKeeper’s defaults to what is not set', () => {
    const { config, warnings, infos } = resolve(BASE);
    expect(config).to.deep.include({
      clientPort: 2181,
      clientPortAddress: undefined,
      clientPortListenBacklog: -1,
      tickTime: 3000,
      minSessionTimeout: 6000,
      maxSessionTimeout: 60_000,
      maxClientCnxns: 60,
      dataDir: '/data',
      dataLogDir: '/data',
      maxFrameBytes: 0xfffff,
      maxFieldBytes: 2 * 0xfffff,
      globalOutstandingLimit: 1000,
      serverId: undefined,
    });
    expect(warnings).to.deep.equal([]);
    expect(infos).to.deep.equal([]);
  });

  it('differs from ZooKeeper in the defaults it means to differ in', () => {
    const { config } = resolve(BASE);
    expect(config.extendedTypesEnabled).to.equal(true);
    expect(config.fourLetterWords.join()).to.equal('ruok,srvr,stat,mntr,isro,conf,dirs,wchs,cons,envi');
  });

  it('freezes the result', () => {
    const { config } = resolve(BASE);
    expect(config).to.be.frozen;
    expect(config.auth).to.be.frozen;
    expect(config.fourLetterWords).to.be.frozen;
    expect(config.membership).to.be.frozen;
  });

  it('takes the keys of the command line form like keys of a file', () => {
    const { config } = resolveConfig({
      keys: { clientPort: '2182', dataDir: 'data', tickTime: '100' },
      cwd: '/cwd',
      readText: () => undefined,
    });
    expect(config).to.deep.include({
      clientPort: 2182,
      dataDir: '/cwd/data',
      tickTime: 100,
      configFile: undefined,
    });
  });

  it('takes relative paths from the current directory and mentions them unless they start with ./', () => {
    expect(resolve('dataDir=./d\ndataLogDir=../l\nclientPort=1').config).to.deep.include({
      dataDir: '/cwd/d',
      dataLogDir: '/l',
    });
    expect(resolve('dataDir=./d\nclientPort=1').warnings).to.deep.equal([]);
    expect(resolve('dataDir=d\nclientPort=1').warnings.join()).to.include(
      'dataDir (zoo.cfg, line 1) is a relative path',
    );
  });

  it('reads the server id from myid and needs none', () => {
    expect(resolve(BASE, { files: { '/data/myid': '7\n' } }).config.serverId).to.equal(7);
    expect(resolve(BASE).config.serverId).to.equal(undefined);
  });
});

describe('precedence of settings', () => {
  const rows: [claim: string, text: string, flags: Record<string, string>, limit: number][] = [
    ['a key of zoo.cfg works', 'globalOutstandingLimit=7', {}, 7],
    ['a flag works', '', { JVMFLAGS: '-Dzookeeper.globalOutstandingLimit=8' }, 8],
    ['zoo.cfg beats a flag', 'globalOutstandingLimit=7', { args: '-Dzookeeper.globalOutstandingLimit=8' }, 7],
    [
      'the later of two flags counts',
      '',
      {
        SERVER_JVMFLAGS: '-Dzookeeper.globalOutstandingLimit=8',
        JVMFLAGS: '-Dzookeeper.globalOutstandingLimit=9',
      },
      9,
    ],
    ['the last of equal keys counts', 'globalOutstandingLimit=7\nglobalOutstandingLimit=8', {}, 8],
    ['a flag may be hexadecimal', '', { JVMFLAGS: '-Dzookeeper.globalOutstandingLimit=0x10' }, 16],
    ['a flag may be octal, as in Java', '', { JVMFLAGS: '-Dzookeeper.globalOutstandingLimit=010' }, 8],
    ['an empty property means the default', 'globalOutstandingLimit=', {}, 1000],
  ];
  for (const [claim, text, flags, limit] of rows) {
    it(claim, () => {
      expect(resolve(BASE + text, { flags }).config.globalOutstandingLimit).to.equal(limit);
    });
  }

  it('a flag beats zoo.cfg where ZooKeeper looks at the flag alone', () => {
    const flags = { JVMFLAGS: '-Djute.maxbuffer=4194304' };
    expect(resolve(BASE + 'jute.maxbuffer=1000', { flags }).config.maxFrameBytes).to.equal(4194304);
    expect(resolve(BASE + 'jute.maxbuffer=1000').config.maxFrameBytes).to.equal(1000);
  });

  it('a flag can set keys that ZooKeeper reads from the file alone', () => {
    expect(resolve(BASE, { flags: { args: '-Dzookeeper.tickTime=500' } }).config.tickTime).to.equal(500);
  });

  it('the old name of a flag works, and the new one beats it', () => {
    const old = '-Dfsync.warningthresholdms=5';
    expect(resolve(BASE, { flags: { JVMFLAGS: old } }).config.fsyncWarningMs).to.equal(5);
    const both = `-Dzookeeper.fsync.warningthresholdms=6 ${old}`;
    expect(resolve(BASE, { flags: { JVMFLAGS: both } }).config.fsyncWarningMs).to.equal(6);
  });

  it('the client part of this server’s line stands for clientPort', () => {
    const line = 'dataDir=/data\nserver.3=a:2888:3888;127.0.0.1:2182\n';
    const files = { '/data/myid': '3' };
    const expected = { clientPort: 2182, clientPortAddress: '127.0.0.1' };
    expect(resolve(line, { files }).config).to.deep.include(expected);
    expect(resolve(line).config).to.deep.include(expected);
    expect(resolve(line + 'clientPort=2182', { files }).config).to.deep.include(expected);
  });
});

describe('warnings', () => {
  const rows: [claim: string, text: string, flags: string, warning: string][] = [
    ['an unknown key is named', 'foo=1', '', 'foo (zoo.cfg, line 3) is not an option and has no effect.'],
    ['a mistyped key gets a guess', 'ticktime=1', '', 'Did you mean tickTime?'],
    [
      'a key with the prefix of a flag is explained',
      'zookeeper.tickTime=1',
      '',
      'In zoo.cfg the key is tickTime',
    ],
    [
      'a repeated key is named',
      'skipACL=no\nskipACL=no',
      '',
      'skipACL is set twice, at zoo.cfg, line 3 and at zoo.cfg, line 4',
    ],
    [
      'a Java-only key says why',
      'preAllocSize=1',
      '',
      'preAllocSize (zoo.cfg, line 3) has no effect. The log grows',
    ],
    [
      'a Java-only family says why',
      'netty.x=1',
      '',
      'netty.x (zoo.cfg, line 3) has no effect. There is no Netty.',
    ],
    ['an ensemble-only key is named', 'initLimit=5\nsyncLimit=2', '', 'no effect: initLimit, syncLimit.'],
    [
      'a key for a later release is named',
      'observerMasterPort=2',
      '',
      'before a later release: observerMasterPort.',
    ],
    [
      'an unknown flag of ours is named',
      '',
      '-Dzookeeper.foo=1',
      '-Dzookeeper.foo of JVMFLAGS is not an option',
    ],
    ['a flag without its prefix is explained', '', '-DtickTime=1', 'the name is zookeeper.tickTime.'],
    [
      'a flag that loses is named',
      'skipACL=no',
      '-Dzookeeper.skipACL=yes',
      'set differently by zoo.cfg, line 3 and by -Dzookeeper.skipACL of JVMFLAGS; the former counts',
    ],
    ['a word that is no boolean counts as false', 'enforceQuota=yes', '', 'neither true nor false'],
    ['a single server line runs standalone', 'server.1=a:1:2', '', 'runs standalone'],
    ['an unknown provider is named', 'authProvider.1=com.example.My', '', 'authProvider.1=com.example.My'],
  ];
  for (const [claim, text, flags, warning] of rows) {
    it(claim, () => {
      expect(resolve(BASE + text, { flags: { JVMFLAGS: flags } }).warnings.join('\n')).to.include(warning);
    });
  }

  const silent: [claim: string, text: string][] = [
    ['a default spelled out', 'peerType=participant\nsslQuorum=false\nelectionAlg=3'],
    [
      'the connection factory that Java needs for TLS',
      'serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory',
    ],
    [
      'known authentication providers',
      'authProvider.1=org.apache.zookeeper.server.auth.SASLAuthenticationProvider',
    ],
  ];
  for (const [claim, text] of silent) {
    it(`are not given for ${claim}`, () => {
      expect(resolve(BASE + text).warnings).to.deep.equal([]);
    });
  }

  it('never show a password', () => {
    const flags = {
      JVMFLAGS:
        '-Dzookeeper.DigestAuthenticationProvider.superDigest=s3cret2 -Djavax.pw=s3cret -javaagent:x=s3cret',
    };
    const text =
      'DigestAuthenticationProvider.superDigest=s3cret1\nssl.keyStore.password=s3cret\nzabkeeper.sasl.user.bob=s3cret';
    const { warnings, infos } = resolve(BASE + text, { flags });
    expect([...warnings, ...infos].join('\n')).to.not.include('s3cret');
  });

  it('are not given for flags of the Java virtual machine; they are mentioned', () => {
    const { warnings, infos } = resolve(BASE, {
      flags: { JVMFLAGS: '-Xmx1g -XX:HeapDumpPath=/x -Dcom.sun.a=1' },
    });
    expect(warnings).to.deep.equal([]);
    expect(infos.join()).to.include('-Xmx1g -XX:HeapDumpPath -Dcom.sun.a');
  });
});

describe('reasons not to start', () => {
  const member = { '/data/myid': '1' };
  const rows: [claim: string, text: string, files: Record<string, string>, code: string, message: string][] =
    [
      ['dataDir is missing', 'clientPort=1', {}, 'MISSING', 'dataDir is not set'],
      ['dataDir is empty', 'clientPort=1\ndataDir=', {}, 'VALUE', 'dataDir (zoo.cfg, line 2)'],
      ['no client port at all', 'dataDir=/d', {}, 'MISSING', 'clientPort is not set'],
      [
        'a TLS port without a certificate',
        'dataDir=/d\nsecureClientPort=2281',
        {},
        'MISSING',
        'secureClientPort (zoo.cfg, line 2) is set, so ssl.keyStore.location must name a file',
      ],
      [
        'client certificates that nobody could check',
        'dataDir=/d\nsecureClientPort=2281\nssl.keyStore.location=/k',
        {},
        'MISSING',
        'ssl.clientAuth is need, so ssl.trustStore.location must name a file',
      ],
      [
        'one port for both without unification',
        'dataDir=/d\nclientPort=2181\nsecureClientPort=2181',
        {},
        'CONFLICT',
        'clientPort and secureClientPort are both 2181',
      ],
      [
        'a revocation check that is not made',
        BASE + 'secureClientPort=2281\nssl.keyStore.location=/k\nssl.trustStore.location=/t\nssl.crl=true',
        {},
        'UNSUPPORTED',
        'ssl.crl (zoo.cfg, line 6) is true, but this server cannot check revocation',
      ],
      [
        'a cipher suite that does not exist',
        BASE +
          'secureClientPort=2\nssl.keyStore.location=/k\nssl.trustStore.location=/t\nssl.ciphersuites=TLS_NONE',
        {},
        'VALUE',
        'names the cipher suite TLS_NONE',
      ],
      [
        'no version of TLS that exists',
        BASE +
          'secureClientPort=2\nssl.keyStore.location=/k\nssl.trustStore.location=/t\nssl.enabledProtocols=TLSv1',
        {},
        'VALUE',
        'names TLSv1; of the versions of TLS there are TLSv1.2 and TLSv1.3 here',
      ],
      [
        'an address without its port',
        'dataDir=/d\nclientPortAddress=::1',
        {},
        'CONFLICT',
        'clientPortAddress (zoo.cfg, line 2)',
      ],
      [
        'a secure address without its port',
        BASE + 'secureClientPortAddress=::1',
        {},
        'CONFLICT',
        'secureClientPortAddress',
      ],
      [
        'a port that is no number',
        'dataDir=/d\nclientPort=x',
        {},
        'VALUE',
        'The value "x" of clientPort (zoo.cfg, line 2) is not valid; expected a whole number from 1 to 65535.',
      ],
      ['port 0', 'dataDir=/d\nclientPort=0', {}, 'VALUE', 'from 1 to 65535'],
      [
        'a hexadecimal number in a key that ZooKeeper parses itself',
        BASE + 'tickTime=0x10',
        {},
        'VALUE',
        'tickTime',
      ],
      [
        'tickTime 0',
        BASE + 'tickTime=0',
        {},
        'VALUE',
        'tickTime (zoo.cfg, line 3) is not valid; expected a whole number from 1',
      ],
      ['an empty number', BASE + 'tickTime=', {}, 'VALUE', 'The value "" of tickTime'],
      [
        'session timeouts in the wrong order',
        BASE + 'minSessionTimeout=9\nmaxSessionTimeout=8',
        {},
        'CONFLICT',
        'minSessionTimeout (zoo.cfg, line 3) is 9 ms',
      ],
      [
        'a least timeout above the default greatest',
        BASE + 'minSessionTimeout=70000',
        {},
        'CONFLICT',
        'maxSessionTimeout with 60000 ms',
      ],
      ['a boolean that is none', BASE + 'standaloneEnabled=yes', {}, 'VALUE', 'expected true or false'],
      ['a boolean that is none, even without effect here', BASE + 'sslQuorum=1', {}, 'VALUE', 'sslQuorum'],
      ['another election algorithm', BASE + 'electionAlg=1', {}, 'VALUE', 'expected one of 3'],
      ['an unknown peer type', BASE + 'peerType=voter', {}, 'VALUE', 'participant, observer'],
      [
        'an unknown metrics provider',
        BASE + 'metricsProvider.className=my.Provider',
        {},
        'VALUE',
        'my.Provider',
      ],
      [
        'peer SASL required but not enabled',
        BASE + 'quorum.auth.learnerRequireSasl=true',
        {},
        'CONFLICT',
        'quorum.auth.enableSasl must be true',
      ],
      [
        'peer SASL required on one side alone',
        BASE + 'quorum.auth.enableSasl=true\nquorum.auth.serverRequireSasl=true',
        {},
        'CONFLICT',
        'quorum.auth.learnerRequireSasl must be true',
      ],
      [
        'enforced authentication without schemes',
        BASE + 'enforce.auth.enabled=true',
        {},
        'CONFLICT',
        'enforce.auth.schemes',
      ],
      [
        'an enforced scheme without provider',
        BASE + 'sessionRequireClientSASLAuth=true',
        {},
        'CONFLICT',
        'the scheme sasl, which is not available',
      ],
      ['an unknown log level', BASE + 'zabkeeper.logLevel=loud', {}, 'VALUE', 'zabkeeper.logLevel'],
      [
        'a myid that is no number',
        BASE,
        { '/data/myid': 'one\n' },
        'MEMBERSHIP',
        'The file /data/myid must hold one whole number, but holds "one".',
      ],
      [
        'a broken server line',
        BASE + 'server.1=a:1',
        {},
        'MEMBERSHIP',
        'server.1=a:1 (zoo.cfg, line 3) has no election port',
      ],
      [
        'several addresses without multiAddress',
        BASE + 'server.1=a:1:2|b:1:2',
        {},
        'MEMBERSHIP',
        'multiAddress.enabled=true',
      ],
      [
        'observers without participants',
        BASE + 'server.1=a:1:2:observer',
        {},
        'MEMBERSHIP',
        'no participants',
      ],
      [
        'observers with one participant',
        BASE + 'server.1=a:1:2\nserver.2=b:1:2:observer',
        {},
        'MEMBERSHIP',
        'only one participant',
      ],
      [
        'distributed without members',
        BASE + 'standaloneEnabled=false',
        {},
        'MEMBERSHIP',
        'at least one server.N line',
      ],
      [
        'a group of strangers',
        BASE + 'server.1=a:1:2\ngroup.1=1:2',
        {},
        'MEMBERSHIP',
        'A group names server 2',
      ],
      [
        'client addresses that disagree',
        BASE + 'server.1=a:1:2;2182',
        member,
        'CONFLICT',
        'port 2181, but the line of this server (server.1) says any address, port 2182',
      ],
      [
        'members in zoo.cfg beside a dynamic file',
        BASE + 'server.1=a:1:2\ndynamicConfigFile=/dyn',
        {},
        'MEMBERSHIP',
        'server.1 (zoo.cfg, line 3) must stand in the dynamic configuration file /dyn',
      ],
      ['a missing dynamic file', BASE + 'dynamicConfigFile=/dyn', {}, 'FILE', '/dyn'],
      [
        'a version in the dynamic file',
        BASE + 'dynamicConfigFile=/dyn',
        { '/dyn': 'server.1=a:1:2\nversion=1' },
        'MEMBERSHIP',
        'version (/dyn, line 2)',
      ],
      [
        'another key in the dynamic file',
        BASE + 'dynamicConfigFile=/dyn',
        { '/dyn': 'tickTime=1' },
        'MEMBERSHIP',
        'tickTime (/dyn, line 1)',
      ],
    ];
  for (const [claim, text, files, code, message] of rows) {
    it(claim, () => {
      expect(() => resolve(text, { files }))
        .to.throw(ConfigError, message)
        .that.includes({ code, exitCode: 2 });
    });
  }

  it('are told all at once, each once, without what merely follows from them', () => {
    const text = [
      'clientPort=x',
      'tickTime=0',
      'initLimit=5',
      'server.1=a:1',
      'server.2=b:1:2',
      'server.3=c:2:2',
      'metricsProvider.className=my.Provider',
    ].join('\n');
    const mistakes = [
      'There are 6 mistakes in the configuration.',
      '(1) The value "x" of clientPort (zoo.cfg, line 1) is not valid; expected a whole number from 1 to 65535.',
      '(2) The value "0" of tickTime (zoo.cfg, line 2) is not valid; expected a whole number from 1 to 2147483647 (ms).',
      '(3) dataDir is not set; it must name a directory.',
      '(4) server.1=a:1 (zoo.cfg, line 4) has no election port; add it after the quorum port.',
      '(5) server.3=c:2:2 (zoo.cfg, line 6) uses the same port for quorum and election; they must differ.',
      '(6) The value "my.Provider" of',
    ];
    expect(() => resolve(text))
      .to.throw(ConfigError, mistakes.join(' '))
      .that.includes({ code: 'VALUE', exitCode: 2 });
  });

  it('the message about a password does not hold it', () => {
    const jaas = { '/jaas': 'Server { x.DigestLoginModule required user_a="s3cret" }' };
    expect(() => resolve(BASE + 'java.security.auth.login.config=/jaas', { files: jaas }))
      .to.throw(ConfigError)
      .with.property('message')
      .that.does.not.include('s3cret');
  });
});

describe('a standalone server', () => {
  it('is no member of anything, and says that limits of ensembles mean nothing to it', () => {
    const { config, warnings } = resolve(BASE + 'initLimit=5\nserver.1=a:1:2');
    expect(config.ensemble).to.equal(undefined);
    expect(warnings.join('\n')).to.include('On a standalone server these options have no effect: initLimit.');
  });
});

describe('a dynamic configuration file', () => {
  it('gives the members and, in its name, their version', () => {
    const files = { '/cwd/zoo.cfg.dynamic.10000000a': 'server.1=a:1:2:participant;2181\n' };
    const { config } = resolve('dataDir=/data\ndynamicConfigFile=zoo.cfg.dynamic.10000000a', { files });
    expect(config.membership.version).to.equal('10000000a');
    expect(config.membership.members.map(({ id }) => id)).to.deep.equal([1]);
    expect(config.clientPort).to.equal(2181);
  });
});
