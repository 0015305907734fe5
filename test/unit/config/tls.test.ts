/** Why this file exists: what Apache's TLS options mean here; a slip opens a server, or locks everybody out. */
import { expect } from 'chai';
import type { TlsConfig } from '../../../src/config/index.js';
import { BASE, resolve } from './support.js';

const STORES = 'secureClientPort=2281\nssl.keyStore.location=k.pem\nssl.trustStore.location=/t.pem\n';

function tls(text: string): TlsConfig {
  const { clientTls } = resolve(BASE + STORES + text).config;
  if (clientTls === undefined) throw new Error('there is no TLS');
  return clientTls;
}

describe('TLS options', () => {
  it('without any there is no TLS, and with a port or unification there is', () => {
    expect(resolve(BASE).config.clientTls).to.equal(undefined);
    expect(resolve(BASE).config.secureClient).to.equal(undefined);
    const unified = STORES.replace('secureClientPort=2281', 'client.portUnification=true');
    expect(resolve(BASE + unified).config).to.include({
      clientPortUnification: true,
      secureClient: undefined,
    });
    expect(resolve(BASE + unified).config.clientTls).not.to.equal(undefined);
    expect(resolve(BASE + STORES).config.secureClient).to.deep.equal({ port: 2281, address: undefined });
  });

  it('secureClientPort can be the only port', () => {
    expect(resolve(`dataDir=/d\n${STORES}`).config.clientPort).to.equal(undefined);
  });

  it('demands certificates, reads changed files, and takes TLS 1.2 and 1.3, unless told otherwise', () => {
    expect(tls('')).to.include({
      clientAuth: 'need',
      reload: true,
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.3',
      ciphers: undefined,
      verifyServerHost: true,
      verifyClientHost: false,
    });
    expect(tls('ssl.clientAuth=NONE').clientAuth).to.equal('none');
    expect(tls('client.certReload=false').reload).to.equal(false);
    expect(tls('ssl.clientHostnameVerification=true').verifyClientHost).to.equal(true);
    expect(
      tls('ssl.clientHostnameVerification=true\nssl.hostnameVerification=false').verifyClientHost,
    ).to.equal(false);
  });

  const versions: [text: string, min: string, max: string][] = [
    ['ssl.protocol=TLSv1.2', 'TLSv1.2', 'TLSv1.2'],
    ['ssl.enabledProtocols=TLSv1.3', 'TLSv1.3', 'TLSv1.3'],
    ['ssl.enabledProtocols=TLSv1.2,TLSv1.3\nssl.protocol=TLSv1.2', 'TLSv1.2', 'TLSv1.3'],
    ['ssl.enabledProtocols=TLSv1.1,TLSv1.2', 'TLSv1.2', 'TLSv1.2'],
  ];
  for (const [text, minVersion, maxVersion] of versions) {
    it(`${text.replace('\n', ' and ')} takes ${minVersion} to ${maxVersion}`, () => {
      expect(tls(text)).to.include({ minVersion, maxVersion });
    });
  }

  it('says which version is not offered', () => {
    const { warnings } = resolve(`${BASE}${STORES}ssl.enabledProtocols=TLSv1.1,TLSv1.2`);
    expect(warnings.join()).to.contain('names TLSv1.1, which is not offered here; TLSv1.2 is');
  });

  it("takes cipher suites in Java's words and in OpenSSL's", () => {
    const names = [
      ['TLS_AES_256_GCM_SHA384', 'TLS_AES_256_GCM_SHA384'],
      ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
      ['TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
      ['TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384', 'ECDHE-RSA-AES256-SHA384'],
      ['TLS_RSA_WITH_AES_128_CBC_SHA', 'AES128-SHA'],
      ['ecdhe-rsa-aes128-gcm-sha256', 'ECDHE-RSA-AES128-GCM-SHA256'],
    ];
    const suites = names.map(([java]) => java).join(',');
    expect(tls(`ssl.ciphersuites=${suites}`).ciphers).to.equal(names.map(([, own]) => own).join(':'));
  });

  it('paths count from the current directory, and passwords appear in no warning', () => {
    const secret = 'never to be shown';
    const { config, warnings } = resolve(
      `${BASE}${STORES}ssl.keyStore.password=${secret}\nssl.keyStore.type=pkcs12\nssl.fooPassword=1`,
    );
    expect(config.clientTls?.keyStore).to.include({
      path: '/cwd/k.pem',
      type: 'PKCS12',
      password: secret,
      option: 'ssl.keyStore',
    });
    expect(warnings.join()).not.to.contain(secret);
  });
});
