/**
 * Clients over TLS, from the server's side: who gets in, as whom, and what becomes of connections when certificates
 * change. Foreign clients are in test/interop/tls.interop.ts.
 */
import { expect } from 'chai';
import { renameSync, writeFileSync } from 'node:fs';
import { connect as connectTls } from 'node:tls';
import { pino } from 'pino';
import { connect, startServer, type RunningServer, type ZooKeeper } from '../../src/index.js';
import { Authority, type Certificate } from '../helpers/certificates.js';
import { exchange, freePorts } from './ensemble.js';

const WAIT_MS_MAX = 8000;

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + WAIT_MS_MAX;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`Waited ${WAIT_MS_MAX} ms for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('clients over TLS', function () {
  this.timeout(30_000);
  let authority: Authority;
  let own: Certificate;
  let alice: Certificate;
  let lines: string[];
  before(() => {
    authority = new Authority();
    own = authority.issue('server');
    alice = authority.issue('alice');
  });
  after(() => authority[Symbol.dispose]());
  beforeEach(() => (lines = []));

  const start = async (properties: Readonly<Record<string, string>> = {}): Promise<RunningServer> => {
    const [port = 0] = await freePorts(1);
    return startServer({
      log: pino({ level: 'info' }, { write: (line: string) => void lines.push(line) }),
      properties: {
        secureClientPort: String(port),
        secureClientPortAddress: '127.0.0.1',
        'ssl.keyStore.location': own.store,
        'ssl.trustStore.location': authority.file,
        ...properties,
      },
    });
  };

  const client = (port: number, certificate?: Certificate, ca = authority.certificate): Promise<ZooKeeper> =>
    connect({
      servers: `127.0.0.1:${port}`,
      tls: { ca, ...(certificate === undefined ? {} : { cert: certificate.cert, key: certificate.key }) },
      connectTimeoutMs: 2000,
      retryDelayMsMin: 50,
    });

  const refusal = async (port: number, certificate?: Certificate): Promise<string> => {
    try {
      await using zk = await client(port, certificate);
      return `connected as session ${zk.sessionId}`;
    } catch (error) {
      return String(error);
    }
  };

  it('are the subject of their certificate, and the superuser if the configuration says so', async () => {
    await using server = await start({ 'X509AuthenticationProvider.superUser': 'CN=root,O=Example' });
    await using zk = await client(server.securePort, alice);
    const acl = [{ perms: 31, id: { scheme: 'x509', id: 'CN=alice,O=Example' } }];
    await zk.create('/alice', 'mine', { acl });
    expect((await zk.getData('/alice')).data?.toString()).to.equal('mine');
    await using bob = await client(server.securePort, authority.issue('bob'));
    const reading = await bob.getData('/alice').catch(String);
    expect(reading).to.match(/NOAUTH/);
    await using root = await client(server.securePort, authority.issue('root'));
    expect((await root.getData('/alice')).data?.toString()).to.equal('mine');
    await using plain = await connect({ servers: `127.0.0.1:${server.port}` });
    expect(await plain.getData('/alice').catch(String)).to.match(/NOAUTH/);
  });

  it('need a certificate with need, may do without one with want and none, and never have a bad one', async () => {
    using stranger = new Authority('Stranger');
    const foreign = stranger.issue('mallory');
    {
      await using server = await start();
      expect(await refusal(server.securePort)).to.match(/CONNECTIONLOSS/);
      expect(await refusal(server.securePort, foreign)).to.match(/CONNECTIONLOSS/);
      expect(await refusal(server.securePort, authority.issue('late', { expired: true }))).to.match(
        /CONNECTIONLOSS/,
      );
      const log = lines.join('');
      expect(log).to.match(/Refused a connection from 127\.0\.0\.1: it showed no certificate/);
      expect(server.status.connectionsCount).to.equal(0);
    }
    {
      await using server = await start({ 'ssl.clientAuth': 'want' });
      expect(await refusal(server.securePort)).to.match(/^connected/);
      expect(await refusal(server.securePort, alice)).to.match(/^connected/);
      expect(await refusal(server.securePort, foreign)).to.match(/CONNECTIONLOSS/);
      expect(lines.join('')).to.match(/its certificate is not accepted: no authority of the trust store/);
    }
    await using server = await start({ 'ssl.clientAuth': 'none' });
    expect(await refusal(server.securePort)).to.match(/^connected/);
  });

  it('must call from where their certificate says, if that is to be checked', async () => {
    await using server = await start({ 'ssl.clientHostnameVerification': 'true' });
    expect(await refusal(server.securePort, alice)).to.match(/^connected/);
    const elsewhere = authority.issue('elsewhere', { names: 'IP:192.0.2.1' });
    expect(await refusal(server.securePort, elsewhere)).to.match(/CONNECTIONLOSS/);
    expect(lines.join('')).to.match(/its certificate is for none of 127\.0\.0\.1/);
  });

  it('can do nothing without a certificate where x509 is enforced', async () => {
    await using server = await start({
      'ssl.clientAuth': 'want',
      'enforce.auth.enabled': 'true',
      'enforce.auth.schemes': 'x509',
    });
    await using zk = await client(server.securePort, alice);
    await zk.create('/a');
    await using stranger = await client(server.securePort);
    expect(await stranger.getData('/a').catch(String)).to.match(
      /SESSIONCLOSEDREQUIRESASLAUTH|CONNECTIONLOSS|AUTHFAILED/,
    );
  });

  it('share a port with plain ones: clients and four-letter words of both kinds', async () => {
    await using server = await start({ 'client.portUnification': 'true' });
    await using secure = await client(server.port, alice);
    await using plain = await connect({ servers: `127.0.0.1:${server.port}` });
    await secure.create('/a', 'over TLS');
    expect((await plain.getData('/a')).data?.toString()).to.equal('over TLS');
    expect(await exchange(server.port, 'ruok')).to.equal('imok');
    expect(await exchange(server.port, 'srvr')).to.match(/Mode: standalone/);
  });

  it('are served where there is no plain port', async () => {
    const [port = 0] = await freePorts(1);
    await using server = await start({ secureClientPort: String(port) });
    expect(server.securePort).to.equal(port);
    expect(await exchange(server.port, 'conf')).to.contain(`secureClientPort=${port}\n`);
  });

  it('are offered no version and no cipher suite that is not allowed', async () => {
    await using server = await start({
      'ssl.enabledProtocols': 'TLSv1.2',
      'ssl.ciphersuites': 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
    });
    const protocol = (
      maxVersion: 'TLSv1.2' | 'TLSv1.3',
      minVersion: 'TLSv1.2' | 'TLSv1.3',
    ): Promise<string> =>
      new Promise((resolve) => {
        const { cert, key } = alice;
        const ca = authority.certificate;
        const socket = connectTls({
          host: '127.0.0.1',
          port: server.securePort,
          ca,
          cert,
          key,
          maxVersion,
          minVersion,
        });
        socket.on('secureConnect', () => {
          resolve(`${String(socket.getProtocol())} ${socket.getCipher().name}`);
          socket.destroy();
        });
        socket.on('error', (error: Error) => resolve(error.message));
      });
    expect(await protocol('TLSv1.3', 'TLSv1.2')).to.equal('TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256');
    expect(await protocol('TLSv1.3', 'TLSv1.3')).to.match(/alert protocol version/);
  });

  it('keep their connections when the certificate changes; new ones see the new certificate', async () => {
    const first = authority.issue('first');
    const store = authority.path('changing.pem');
    writeFileSync(store, first.key + first.cert);
    await using server = await start({ 'ssl.keyStore.location': store });
    await using zk = await client(server.securePort, alice);
    const { sessionId } = zk;
    let disconnects = 0;
    zk.on('state', ({ type }) => {
      if (type !== 'connected') disconnects++;
    });
    expect(await nameOf(server.securePort)).to.equal('first');

    const second = authority.issue('second');
    // As tools do it: a new file takes the name.
    writeFileSync(`${store}.new`, second.key + second.cert);
    renameSync(`${store}.new`, store);
    await until('the new certificate', async () => (await nameOf(server.securePort)) === 'second');
    await zk.create('/still-there');
    expect([zk.sessionId, disconnects]).to.deep.equal([sessionId, 0]);

    // Half a file, then an expired one: both are refused, and the last good one stays.
    writeFileSync(store, second.key);
    await until('an error', () =>
      lines.some((line) => /cannot be used; those read before stay in use.*holds no certificate/.test(line)),
    );
    const old = authority.issue('old', { expired: true });
    writeFileSync(store, old.key + old.cert);
    await until('an error', () => lines.some((line) => /stay in use.*expired on/.test(line)));
    expect(await nameOf(server.securePort)).to.equal('second');
    writeFileSync(store, first.key + first.cert);
    await until('the certificate after that', async () => (await nameOf(server.securePort)) === 'first');
    await zk.create('/and-still');
    expect(disconnects).to.equal(0);
  });

  it('are no longer let in when their authority has left the trust store', async () => {
    using next = new Authority('Next');
    const trust = authority.path('trust.pem');
    writeFileSync(trust, authority.certificate);
    await using server = await start({ 'ssl.trustStore.location': trust });
    expect(await refusal(server.securePort, alice)).to.match(/^connected/);
    writeFileSync(trust, next.certificate);
    const successor = next.issue('alice');
    await until('the new authority', async () =>
      /^connected/.test(await refusal(server.securePort, successor)),
    );
    expect(await refusal(server.securePort, alice)).to.match(/CONNECTIONLOSS/);
  });

  /** Whom the server's certificate names. */
  function nameOf(port: number): Promise<string> {
    return new Promise((resolve, reject) => {
      const { cert, key } = alice;
      const socket = connectTls({ host: '127.0.0.1', port, ca: authority.certificate, cert, key }, () => {
        resolve(String(socket.getPeerCertificate().subject.CN));
        socket.destroy();
      });
      socket.on('error', reject);
    });
  }
});
