/**
 * Why this file exists: who may do what follows from many options at once; a slip here opens or locks a server.
 */
import { expect } from 'chai';
import type { AuthConfig } from '../../../src/config/index.js';
import { ConfigError, resolveConfig } from '../../../src/config/index.js';

const SASL_PROVIDER = 'authProvider.1=org.apache.zookeeper.server.auth.SASLAuthenticationProvider\n';
const JAAS =
  'Server { org.apache.zookeeper.server.auth.DigestLoginModule required user_super="a" user_bob="b"; };';
const WITH_JAAS = 'java.security.auth.login.config=/jaas\n';

function auth(text: string, jaas?: string): AuthConfig {
  return resolveConfig({
    file: { name: 'zoo.cfg', text: `dataDir=/d\nclientPort=1\n${text}` },
    cwd: '/',
    readText: (path) => (path === '/jaas' ? jaas : undefined),
  }).config.auth;
}

describe('authentication settings', () => {
  it('without any, digest works and nobody is super', () => {
    expect(auth('')).to.deep.equal({
      skipAcl: false,
      digestEnabled: true,
      superDigest: undefined,
      digestAlgorithm: 'sha1',
      superUsers: [],
      x509SuperUsers: [],
      x509: false,
      letAnySaslUserDoX: undefined,
      enforcedSchemes: [],
      ensembleNames: undefined,
      sasl: undefined,
    });
  });

  it('client certificates are identities where clients can show one, or the provider is registered', () => {
    const tls = 'secureClientPort=2\nssl.keyStore.location=/k\nssl.trustStore.location=/t\n';
    const provider = 'authProvider.x=org.apache.zookeeper.server.auth.X509AuthenticationProvider\n';
    const enforced = 'enforce.auth.enabled=true\nenforce.auth.schemes=x509\n';
    expect(auth(tls).x509).to.equal(true);
    expect(auth(provider).x509).to.equal(true);
    expect(auth(`${tls}${enforced}`).enforcedSchemes).to.deep.equal(['x509']);
    expect(() => auth(enforced)).to.throw(ConfigError, 'x509, which is not available');
    expect(
      auth('X509AuthenticationProvider.superUser=CN=a,O=b\nX509AuthenticationProvider.superUser.2=CN=c\n')
        .x509SuperUsers,
    ).to.deep.equal(['CN=a,O=b', 'CN=c']);
  });

  const hashes: [java: string, node: string][] = [
    ['SHA1', 'sha1'],
    ['sha-256', 'sha256'],
    ['SHA512', 'sha512'],
    ['SHA3-256', 'sha3-256'],
  ];
  for (const [java, node] of hashes) {
    it(`the digest algorithm ${java} is ${node}`, () => {
      expect(auth(`DigestAuthenticationProvider.digestAlg=${java}`).digestAlgorithm).to.equal(node);
    });
  }

  it('super users add up', () => {
    expect(auth('superUser=a\nsuperUser.1=b\nsuperUser.x=a').superUsers).to.deep.equal(['a', 'b']);
  });

  it('only the word yes turns ACLs off', () => {
    expect(auth('skipACL=yes').skipAcl).to.equal(true);
    expect(auth('skipACL=true').skipAcl).to.equal(false);
  });

  it('the ensemble scheme needs its provider', () => {
    expect(auth('ensembleAuthName=a, b').ensembleNames).to.equal(undefined);
    const provider = 'authProvider.9=org.apache.zookeeper.server.auth.EnsembleAuthenticationProvider\n';
    expect(auth(`${provider}ensembleAuthName=a, b`).ensembleNames).to.deep.equal(['a', 'b']);
    expect(auth(provider).ensembleNames).to.deep.equal([]);
  });

  it('enforced schemes must be available', () => {
    const enforced = 'enforce.auth.enabled=true\nenforce.auth.schemes=digest, ip';
    expect(auth(enforced).enforcedSchemes).to.deep.equal(['digest', 'ip']);
    expect(() => auth(`${enforced}\nDigestAuthenticationProvider.enabled=false`)).to.throw(
      ConfigError,
      'digest',
    );
    expect(auth(`${SASL_PROVIDER}sessionRequireClientSASLAuth=true`).enforcedSchemes).to.deep.equal(['sasl']);
  });
});

describe('SASL users', () => {
  const rows: [
    claim: string,
    text: string,
    jaas: string | undefined,
    users: Record<string, string> | undefined,
  ][] = [
    ['come from the section Server', WITH_JAAS, JAAS, { super: 'a', bob: 'b' }],
    [
      'come from the section that is named',
      `${WITH_JAAS}sasl.serverconfig=Other`,
      JAAS.replace('Server', 'Other'),
      { super: 'a', bob: 'b' },
    ],
    ['do not exist when the file lacks the section', WITH_JAAS, JAAS.replace('Server', 'Client'), undefined],
    [
      'include super with its own option',
      `${WITH_JAAS}SASLAuthenticationProvider.superPassword=x`,
      JAAS,
      { super: 'x', bob: 'b' },
    ],
    ['can stand in zoo.cfg', 'zabkeeper.sasl.user.eve=c', undefined, { eve: 'c' }],
    [
      'of zoo.cfg join those of the file and override them',
      `${WITH_JAAS}zabkeeper.sasl.user.bob=c`,
      JAAS,
      { super: 'a', bob: 'c' },
    ],
    ['may have dots in their names', 'zabkeeper.sasl.user.a.b=c', undefined, { 'a.b': 'c' }],
    ['do not exist by default', '', undefined, undefined],
  ];
  for (const [claim, text, jaas, users] of rows) {
    it(claim, () => {
      const { sasl } = auth(text, jaas);
      expect(sasl === undefined ? undefined : Object.fromEntries(sasl.users)).to.deep.equal(users);
    });
  }

  it('appear in ACLs if a provider is registered or zoo.cfg defines them', () => {
    expect(auth(WITH_JAAS, JAAS).sasl?.aclScheme).to.equal(false);
    expect(auth(WITH_JAAS + SASL_PROVIDER, JAAS).sasl?.aclScheme).to.equal(true);
    expect(auth('zabkeeper.sasl.user.a=b').sasl?.aclScheme).to.equal(true);
  });

  const refused: [claim: string, text: string, message: string][] = [
    [
      'a JAAS file that is missing',
      WITH_JAAS,
      'The JAAS file /jaas, named by java.security.auth.login.config (zoo.cfg, line 3)',
    ],
    [
      'a named section without a file',
      'sasl.serverconfig=Other',
      'sasl.serverconfig (zoo.cfg, line 3) is set',
    ],
  ];
  for (const [claim, text, message] of refused) {
    it(`cannot come from ${claim}`, () => {
      expect(() => auth(text)).to.throw(ConfigError, message);
    });
  }
  it('cannot come from a named section that the file lacks', () => {
    expect(() => auth(`${WITH_JAAS}sasl.serverconfig=Other`, JAAS)).to.throw(ConfigError, 'no section Other');
  });
});
