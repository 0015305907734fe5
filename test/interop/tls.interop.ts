/**
 * Foreign clients over TLS, with certificates of an authority that exists only during the test: Apache's Java client,
 * kazoo and openssl against our server, each on the port for TLS and on one that takes both.
 */
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { Authority, openssl, type Certificate } from '../helpers/certificates.js';
import { freePort, LOOPBACK } from './network.js';
import { Program, run } from './process.js';
import { startServer, type TestServer } from './server.js';
import { uniquePath } from './suite.js';
import { asset, packageVersion, requireFiles, requirePythonModules, tools } from './tools.js';
import { SMALL_JVM } from './zkCli.js';

const COMPILE_LIMIT_MS = 60_000;
const CLIENT_LIMIT_MS = 45_000;
/** What the manifest of Debian's zookeeper.jar forgets. */
const NETTY_JARS = ['resolver', 'codec', 'transport-native-unix-common'].map(
  (part) => `/usr/share/java/netty-${part}.jar`,
);
const PASSWORD = 'a long password';
const JAAS = 'Server { org.apache.zookeeper.server.auth.DigestLoginModule required user_bob="builder"; };\n';
const SASL_PROVIDER = 'org.apache.zookeeper.server.auth.SASLAuthenticationProvider';

describe(`TLS with foreign clients (zookeeper ${packageVersion('libzookeeper-java')}, python3-kazoo ${packageVersion('python3-kazoo')})`, () => {
  let authority: Authority;
  let stranger: Authority;
  let alice: Certificate;
  let server: TestServer;
  let securePort = 0;
  let classes = '';

  before('make certificates and start a server', async () => {
    requireFiles(tools.java, tools.javac, tools.zookeeperJar, ...NETTY_JARS);
    requirePythonModules('kazoo', 'puresasl');
    authority = new Authority();
    stranger = new Authority('Somebody else');
    // Everything that a name can make difficult.
    alice = authority.issue('alice', {
      subject:
        '/DC=org/DC=example/O=Example, Inc. + Co/OU=a "b" <c>/CN=#alice/emailAddress=alice@example.org',
      kind: 'rsa',
    });
    const own = authority.issue('server', { kind: 'rsa' });
    securePort = await freePort();
    server = await startServer({
      config: {
        secureClientPort: securePort,
        secureClientPortAddress: LOOPBACK,
        'client.portUnification': true,
        serverCnxnFactory: 'org.apache.zookeeper.server.NettyServerCnxnFactory',
        'ssl.keyStore.location': own.store,
        'ssl.trustStore.location': authority.file,
        'authProvider.1': SASL_PROVIDER,
      },
      jaas: JAAS,
    });
    classes = await mkdtemp(path.join(tmpdir(), 'interop-tls-'));
    const flags = ['-J-XX:TieredStopAtLevel=1', '-d', classes, '-cp', tools.zookeeperJar];
    await run(tools.javac, [...flags, asset('java', 'Secure.java')], { limitMs: COMPILE_LIMIT_MS });
  });
  after('stop the server and delete everything', async () => {
    await server[Symbol.asyncDispose]();
    authority[Symbol.dispose]();
    stranger[Symbol.dispose]();
    await rm(classes, { recursive: true, force: true });
  });

  const java = async (
    port: number,
    stores: Readonly<Record<string, string>>,
    certificate: string,
  ): Promise<string> => {
    const properties = {
      'zookeeper.client.secure': 'true',
      'zookeeper.clientCnxnSocket': 'org.apache.zookeeper.ClientCnxnSocketNetty',
      ...stores,
    };
    const args = [
      ...SMALL_JVM,
      ...Object.entries(properties).map(([name, value]) => `-D${name}=${value}`),
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
      '-cp',
      [classes, tools.zookeeperJar, ...NETTY_JARS, tools.slf4jSimpleJar].join(':'),
      'Secure',
      `${LOOPBACK}:${port}`,
      uniquePath('java'),
      certificate,
    ];
    await using program = Program.start(tools.java, args);
    await program.wait(CLIENT_LIMIT_MS);
    return program.output;
  };

  const pemStores = (): Record<string, string> => ({
    'zookeeper.ssl.keyStore.location': alice.store,
    'zookeeper.ssl.trustStore.location': authority.file,
  });

  it("Apache's Java client with a PEM certificate is who its certificate says", async () => {
    expect(await java(securePort, pemStores(), alice.certFile)).to.match(/^passed$/m);
  });

  it("Apache's Java client gets through the port that takes both", async () => {
    expect(await java(server.port, pemStores(), alice.certFile)).to.match(/^passed$/m);
  });

  it("Apache's Java client with a certificate of another authority is refused, and the log says why", async () => {
    const mallory = stranger.issue('mallory', { kind: 'rsa' });
    const stores = { ...pemStores(), 'zookeeper.ssl.keyStore.location': mallory.store };
    expect(await java(securePort, stores, mallory.certFile)).to.match(/^refused$/m);
    expect(server.output).to.match(/Refused a connection from 127\.0\.0\.1: .*certificate/);
  });

  const kazoo = async (port: number, certificate: Certificate, ...sasl: string[]): Promise<string> => {
    const subject = execFileSync('openssl', [
      ...['x509', '-in', certificate.certFile, '-noout', '-subject', '-nameopt', 'RFC2253'],
    ])
      .toString()
      .trim()
      .replace('subject=', '');
    const { certFile, keyFile } = certificate;
    const args = [`${LOOPBACK}:${port}`, uniquePath('kazoo'), authority.file, certFile, keyFile, subject];
    await using program = Program.start(tools.python, [asset('kazoo', 'secure.py'), ...args, ...sasl], {
      env: { PYTHONDONTWRITEBYTECODE: '1' },
    });
    await program.wait(CLIENT_LIMIT_MS);
    return program.output;
  };

  it('kazoo with a certificate works, with frames larger than a TLS record', async () => {
    expect(await kazoo(securePort, authority.issue('kazoo'))).to.match(/^passed$/m);
  });

  it('kazoo logs in with SASL over TLS, and is both', async () => {
    expect(await kazoo(securePort, authority.issue('kazoo'), 'bob', 'builder')).to.match(/^passed$/m);
  });

  it('kazoo with an expired certificate is refused', async () => {
    const old = authority.issue('old', { expired: true });
    expect(await kazoo(securePort, old)).to.match(/^refused$/m);
    expect(server.output).to.match(/Refused a connection from 127\.0\.0\.1: .*expired/);
  });

  it('openssl s_client gets the answer to a four-letter word over TLS 1.2 and 1.3', async () => {
    for (const version of ['-tls1_2', '-tls1_3']) {
      const args = [
        ...['s_client', '-quiet', version, '-connect', `${LOOPBACK}:${securePort}`],
        ...[
          '-CAfile',
          authority.file,
          '-verify_return_error',
          '-cert',
          alice.certFile,
          '-key',
          alice.keyFile,
        ],
      ];
      await using program = Program.start('openssl', args);
      program.write('ruok');
      await program.expect(/imok/, CLIENT_LIMIT_MS);
    }
  });

  it('a plain four-letter word on the port for TLS is refused', async () => {
    await using program = Program.start(tools.netcat, ['-w', '5', LOOPBACK, String(securePort)]);
    program.write('ruok');
    await program.wait(CLIENT_LIMIT_MS);
    expect(program.output).not.to.contain('imok');
  });

  it('reads a PKCS12 key store of openssl and a PKCS12 trust store of keytool', async () => {
    const own = authority.issue('pkcs12', { kind: 'rsa' });
    const keyStore = authority.path('server.p12');
    const trustStore = authority.path('trust.p12');
    openssl(
      'pkcs12',
      '-export',
      '-in',
      own.certFile,
      '-inkey',
      own.keyFile,
      '-passout',
      `pass:${PASSWORD}`,
      '-out',
      keyStore,
    );
    const keytool = [
      '-importcert',
      '-noprompt',
      '-alias',
      'ca',
      '-file',
      authority.file,
      '-storetype',
      'PKCS12',
    ];
    execFileSync('keytool', [...keytool, '-keystore', trustStore, '-storepass', PASSWORD], { stdio: 'pipe' });
    const port = await freePort();
    await using other = await startServer({
      config: {
        secureClientPort: port,
        'ssl.keyStore.location': keyStore,
        'ssl.keyStore.password': PASSWORD,
        'ssl.trustStore.location': trustStore,
        'ssl.trustStore.password': PASSWORD,
      },
    });
    expect(await java(port, pemStores(), alice.certFile)).to.match(/^passed$/m);
    expect(other.output).not.to.contain(PASSWORD);
  });
});
