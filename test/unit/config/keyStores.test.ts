/**
 * Why this file exists: a key store that is not usable must stop the start with a sentence that says what is wrong and
 * what to do, and no message may hold a password.
 */
import { expect } from 'chai';
import { chmodSync, writeFileSync } from 'node:fs';
import { ConfigError, readTls, type StoreConfig, type TlsConfig } from '../../../src/config/index.js';
import { Authority, openssl } from '../../helpers/certificates.js';

const PASSWORD = 'never to be shown';

function storeOf(option: string, path: string, more: Partial<StoreConfig> = {}): StoreConfig {
  const name = `${option}.location (zoo.cfg, line 3)`;
  return { name, option, path, type: 'auto', password: undefined, passwordPath: undefined, ...more };
}

function tlsOf(keyStore: StoreConfig | undefined, trustStore?: StoreConfig): TlsConfig {
  return {
    keyStore,
    trustStore,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    ciphers: undefined,
    clientAuth: 'need',
    verifyServerHost: true,
    verifyClientHost: false,
    reverseLookup: false,
    detectionTimeoutMs: 1000,
    reload: true,
  };
}

function mistake(config: TlsConfig): string {
  try {
    readTls(config);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.exitCode).to.equal(2);
    expect(error.message).not.to.contain(PASSWORD);
    return error.message;
  }
  throw new Error('it was taken');
}

describe('key stores', () => {
  const authority = new Authority();
  const own = authority.issue('server');
  after(() => authority[Symbol.dispose]());

  const key = (path: string, more: Partial<StoreConfig> = {}): TlsConfig =>
    tlsOf(storeOf('ssl.keyStore', path, more));
  const trust = (path: string, more: Partial<StoreConfig> = {}): TlsConfig =>
    tlsOf(undefined, storeOf('ssl.trustStore', path, more));
  const file = (name: string, content: string): string => {
    writeFileSync(authority.path(name), content);
    return authority.path(name);
  };

  it('PEM: key and certificates in one file, in either order, with text between them', () => {
    for (const text of [own.key + own.cert, `${own.cert}some words\n${own.key}`]) {
      const { context, validTo } = readTls(key(file('order.pem', text)));
      expect(context.cert).to.contain('BEGIN CERTIFICATE');
      expect(validTo?.getTime()).to.be.greaterThan(Date.now());
    }
  });

  it('PEM: the certificate of the key comes first, whatever the order of the chain', () => {
    const text = authority.certificate + own.cert + own.key;
    expect(readTls(key(file('chain.pem', text))).context.cert).to.equal(own.cert + authority.certificate);
  });

  it('PEM: an encrypted key, with its password from a file', () => {
    const encrypted = openssl('pkcs8', '-topk8', '-in', own.keyFile, '-passout', `pass:${PASSWORD}`);
    const both = file('both.pem', encrypted + own.cert);
    const passwordPath = file('password', `${PASSWORD}\n`);
    expect(readTls(key(both, { passwordPath })).context.key).to.contain('BEGIN PRIVATE KEY');
    expect(mistake(key(both))).to.match(/encrypted private key, and no password is set.*passwordPath/);
    expect(mistake(key(both, { password: 'wrong' }))).to.match(/its password does not open/);
    expect(mistake(key(both, { passwordPath: '/nonexistent' }))).to.match(/\/nonexistent.*does not exist/);
  });

  for (const kind of ['ec', 'rsa'] as const) {
    it(`PKCS12: key (${kind}) and certificate, and the same certificate as with PEM`, () => {
      const issued = authority.issue(`p12-${kind}`, { kind });
      const path = authority.path(`${kind}.p12`);
      const args = ['-in', issued.certFile, '-inkey', issued.keyFile, '-passout', `pass:${PASSWORD}`];
      openssl('pkcs12', '-export', ...args, '-out', path);
      const { context } = readTls(key(path, { password: PASSWORD }));
      expect(context.cert).to.equal(issued.cert);
      expect(mistake(key(path, { password: 'wrong' }))).to.match(
        /the password does not open it\. Compare it with ssl\.keyStore\.password/,
      );
      expect(mistake(key(path))).to.match(/the password does not open it\. Name a file/);
    });
  }

  it('PKCS12: a trust store, which holds no key', () => {
    const path = authority.path('trust.p12');
    const args = ['-nokeys', '-in', authority.file, '-passout', `pass:${PASSWORD}`];
    openssl('pkcs12', '-export', ...args, '-out', path);
    expect(readTls(trust(path, { password: PASSWORD })).context.ca).to.deep.equal([authority.certificate]);
    expect(mistake(key(path, { password: PASSWORD }))).to.match(/holds no private key/);
  });

  it('says what to do about each that cannot be used', () => {
    const other = authority.issue('other');
    const old = authority.issue('old', { expired: true });
    expect(mistake(key('/nonexistent/a.pem'))).to.equal(
      'The file /nonexistent/a.pem, named by ssl.keyStore.location (zoo.cfg, line 3), cannot be read: it does not exist. ' +
        'Correct the path, or let the user that runs this process read it.',
    );
    expect(mistake(key(file('empty.pem', '')))).to.match(/is empty/);
    expect(mistake(key(own.certFile))).to.match(
      /holds no private key.*cat server\.key server\.crt > server\.pem/,
    );
    expect(mistake(key(own.keyFile))).to.match(/holds no certificate.*cat server\.key/);
    expect(mistake(key(file('mixed.pem', other.key + own.cert)))).to.match(
      /belongs to none of its certificates/,
    );
    expect(mistake(key(old.store))).to.match(/expired on \d{4}-\d\d-\d\d \(CN=old,O=Example\)\. Renew it/);
    expect(mistake(key(file('some.txt', 'hello')))).to.match(/neither PEM nor PKCS12/);
    expect(mistake(key(file('half.pem', own.key + own.cert.slice(0, 200))))).to.match(/holds no certificate/);
    expect(mistake(key(file('broken.pem', own.key + own.cert.replace(/\n[A-Za-z]/, '\n!'))))).to.match(
      /a certificate that cannot be read/,
    );
    expect(mistake(trust(file('nothing.pem', own.key)))).to.match(/holds no certificate/);
  });

  it('JKS: says how to convert it', () => {
    writeFileSync(authority.path('old.jks'), Buffer.from('feedfeed0000000200000000', 'hex'));
    expect(mistake(key(authority.path('old.jks')))).to.match(
      /JKS store, which only Java reads.*keytool -importkeystore -srckeystore \S+old\.jks -destkeystore \S+old\.p12 -deststoretype PKCS12/,
    );
  });

  it('a file without permission', function () {
    if (process.getuid?.() === 0) this.skip();
    const path = file('secret.pem', own.key + own.cert);
    chmodSync(path, 0);
    expect(mistake(key(path))).to.match(/permission is denied.*let the user that runs this process read it/);
  });
});
