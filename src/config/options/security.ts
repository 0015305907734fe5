/**
 * Why this file exists: the part of the option table about who a client is, what it may do, and TLS.
 */
import type { OptionStatus } from '../option.js';
import { bool, choice, family, ignored, int, list, optionalText, path, text, yesNo } from '../option.js';

const digestAlgorithms = [
  'SHA1',
  'SHA-1',
  'SHA256',
  'SHA-256',
  'SHA384',
  'SHA-384',
  'SHA512',
  'SHA-512',
  'SHA3-256',
  'SHA3-384',
  'SHA3-512',
] as const;

/** Identities and rights. */
export const authOptions = {
  skipAcl: yesNo('skipACL', false, {
    doc: '`yes` turns all ACL checks off: everybody may do everything.',
  }),
  digestEnabled: bool('DigestAuthenticationProvider.enabled', true, {
    doc: 'Whether the `digest` scheme can be used.',
  }),
  superDigest: optionalText('DigestAuthenticationProvider.superDigest', {
    secret: true,
    doc: 'The digest id `super:<base64>` of the superuser, whom no ACL stops. A client becomes it by authenticating with the matching `super:<password>`.',
  }),
  digestAlg: choice('DigestAuthenticationProvider.digestAlg', 'SHA1', digestAlgorithms, {
    doc: 'The hash of digest ids. Ids made with another one no longer match after a change.',
  }),
  superUser: optionalText('superUser', {
    doc: 'The SASL user that is a superuser.',
  }),
  letAnySaslUserDoX: optionalText('letAnySaslUserDoX', {
    doc: 'An id of the `sasl` scheme in ACLs that stands for every SASL user.',
  }),
  enforceAuth: bool('enforce.auth.enabled', false, {
    doc: 'Whether clients must authenticate before they may do anything.',
  }),
  enforceSchemes: list('enforce.auth.schemes', [], {
    doc: 'The schemes of which one is enough for `enforce.auth.enabled`.',
  }),
  requireSasl: bool('sessionRequireClientSASLAuth', false, {
    doc: 'Whether clients must authenticate with SASL; the same as enforcing the scheme `sasl`.',
  }),
  allowSaslFailed: bool('allowSaslFailedClients', false, {
    doc: 'Whether a client stays connected, without an identity, after SASL failed.',
  }),
  ensembleName: optionalText('ensembleAuthName', {
    doc: 'Names of this ensemble, comma-separated. A client that presents another one with the `ensemble` scheme is disconnected.',
  }),
  jaasFile: path('java.security.auth.login.config', {
    scope: 'jvm',
    doc: 'The JAAS file with the SASL users: options `user_<name>="<password>"` of `DigestLoginModule`.',
  }),
  jaasSection: text('sasl.serverconfig', 'Server', {
    doc: 'The section of the JAAS file that describes the server. When set, the section must exist.',
  }),
  saslSuperPassword: optionalText('SASLAuthenticationProvider.superPassword', {
    secret: true,
    doc: 'The password of the SASL user `super`; overrides `user_super` of the JAAS file.',
  }),
  eagerAclCheck: bool('enableEagerACLCheck', false, {
    status: 'javaOnly',
    doc: 'Whether a follower checks ACLs itself before it forwards a write to the leader.',
  }),
  x509SuperUser: optionalText('X509AuthenticationProvider.superUser', {
    doc: 'The subject of the client certificate whose holder is a superuser, as in ACLs: `CN=admin,O=Example`.',
  }),
  useForwardedFor: bool('IPAuthenticationProvider.usexforwardedfor', false, {
    status: 'later',
    doc: 'Whether the admin server takes the client address from `X-Forwarded-For`.',
  }),
  removeHost: bool('kerberos.removeHostFromPrincipal', false, {
    status: 'later',
    doc: 'Whether the host part of a Kerberos principal is dropped from the identity.',
  }),
  removeRealm: bool('kerberos.removeRealmFromPrincipal', false, {
    status: 'later',
    doc: 'Whether the realm of a Kerberos principal is dropped from the identity.',
  }),
  canonicalizeHosts: bool('kerberos.canonicalizeHostNames', false, {
    status: 'later',
    doc: 'Whether host names of members are made canonical for Kerberos.',
  }),
  authToLocal: optionalText('security.auth_to_local', {
    status: 'later',
    doc: 'Rules that map Kerberos principals to names.',
  }),
  serverRealm: optionalText('server.realm', {
    status: 'later',
    doc: 'The Kerberos realm of the servers.',
  }),
  serverPrincipal: optionalText('server.principal', {
    status: 'later',
    doc: 'The Kerberos principal of the servers.',
  }),
  requireKerberosConfig: ignored('requireKerberosConfig', 'A check of the Java Kerberos library.'),
  kerberosMinRelogin: ignored('kerberos.minReLoginTimeMs', 'A setting of the Java Kerberos library.'),
  kinit: ignored('kinit', 'A setting of the Java Kerberos library.'),
};

/** Families of keys about identities. */
export const authFamilies = [
  family('authProvider.N', {
    type: 'class name',
    doc: "An authentication provider to register. ZooKeeper's own classes are recognised by name: SASL, X509, digest, IP and ensemble.",
  }),
  family('superUser.N', { doc: 'Further SASL superusers.' }),
  family('X509AuthenticationProvider.superUser.N', {
    doc: 'Further superusers by client certificate.',
  }),
];

/** How whom the options are about is told to. */
interface TlsFacts {
  readonly whom: string;
  readonly status: OptionStatus;
  readonly clientAuth: string;
  readonly clientHostnames: boolean;
  readonly clientHostnamesDoc: string;
  readonly reverseLookup: { readonly status: OptionStatus; readonly doc: string };
}

const STORE_TYPES = ['auto', 'JKS', 'PEM', 'PKCS12', 'BCFKS'] as const;

const STORE_TYPE_DOC =
  'its content decides unless it is named here. PEM and PKCS12 can be read; a JKS store must be converted (docs/security.md).';

/** TLS for clients (`ssl`), or for members (`ssl.quorum`). */
function tls(prefix: 'ssl' | 'ssl.quorum', facts: TlsFacts) {
  const { status, whom } = facts;
  return {
    keyStore: path(`${prefix}.keyStore.location`, {
      status,
      doc: `The key store ${whom}: private key and certificate chain.`,
    }),
    keyStorePassword: optionalText(`${prefix}.keyStore.password`, {
      status,
      secret: true,
      doc: 'The password of the key store, or of the private key in a PEM file.',
    }),
    keyStorePasswordPath: path(`${prefix}.keyStore.passwordPath`, {
      status,
      doc: 'A file that holds this password; it wins.',
    }),
    keyStoreType: choice(`${prefix}.keyStore.type`, 'auto', STORE_TYPES, {
      status,
      defaultText: 'by content',
      doc: `The format of the key store; ${STORE_TYPE_DOC}`,
    }),
    trustStore: path(`${prefix}.trustStore.location`, {
      status,
      doc: `The certificates of the authorities trusted ${whom}.`,
    }),
    trustStorePassword: optionalText(`${prefix}.trustStore.password`, {
      status,
      secret: true,
      doc: 'The password of the trust store.',
    }),
    trustStorePasswordPath: path(`${prefix}.trustStore.passwordPath`, {
      status,
      doc: 'A file that holds this password; it wins.',
    }),
    trustStoreType: choice(`${prefix}.trustStore.type`, 'auto', STORE_TYPES, {
      status,
      defaultText: 'by content',
      doc: `The format of the trust store; ${STORE_TYPE_DOC}`,
    }),
    protocol: optionalText(`${prefix}.protocol`, {
      status,
      defaultText: 'TLSv1.3 and TLSv1.2',
      doc: 'The one TLS version that is accepted.',
    }),
    enabledProtocols: list(`${prefix}.enabledProtocols`, [], {
      status,
      defaultText: 'TLSv1.3,TLSv1.2',
      doc: 'The TLS versions that are accepted; wins over `protocol`. Older ones than TLSv1.2 are not offered.',
    }),
    ciphersuites: list(`${prefix}.ciphersuites`, [], {
      status,
      defaultText: "Node.js's",
      doc: "The cipher suites that are accepted, in Java's words or in OpenSSL's.",
    }),
    clientAuth: choice(`${prefix}.clientAuth`, 'need', ['none', 'want', 'need'], {
      status,
      doc: facts.clientAuth,
    }),
    hostnameVerification: bool(`${prefix}.hostnameVerification`, true, {
      status,
      doc: 'Whether the name in a certificate must match its host.',
    }),
    clientHostnameVerification: bool(`${prefix}.clientHostnameVerification`, facts.clientHostnames, {
      status,
      doc: facts.clientHostnamesDoc,
    }),
    allowReverseDnsLookup: bool(`${prefix}.allowReverseDnsLookup`, false, facts.reverseLookup),
    crl: bool(`${prefix}.crl`, false, {
      status,
      doc: 'Whether certificate revocation lists are checked. With true the server does not start, since it cannot do it.',
    }),
    ocsp: bool(`${prefix}.ocsp`, false, {
      status,
      doc: 'Whether revocation is checked with OCSP. With true the server does not start, since it cannot do it.',
    }),
    detectionTimeout: int(`${prefix}.handshakeDetectionTimeoutMillis`, 5000, {
      status,
      unit: 'ms',
      min: 1,
      doc: 'How long a port that takes plain and TLS connections waits for the first byte.',
    }),
    contextSupplier: ignored(`${prefix}.context.supplier.class`, 'A Java class cannot be loaded.'),
  };
}

/** One family of TLS options. */
export type TlsOptions = ReturnType<typeof tls>;

/** Transport security of clients. */
export const clientTlsOptions = tls('ssl', {
  whom: 'for clients',
  status: 'active',
  clientAuth: 'Whether a client must show a certificate (`need`), may (`want`), or is not asked for one.',
  clientHostnames: false,
  clientHostnamesDoc:
    "Whether a client's certificate must name the address that it connects from, or its host name.",
  reverseLookup: {
    status: 'active',
    doc: 'Whether the host name of a client may come from a reverse look-up of its address.',
  },
});

/** Transport security of members. */
export const quorumTlsOptions = tls('ssl.quorum', {
  whom: 'between members',
  status: 'ensemble',
  clientAuth: 'Whether the connecting server must show a certificate, too.',
  clientHostnames: true,
  clientHostnamesDoc:
    'Whether the certificate of a connecting server must name a host of the `server.N` line of the server that it says to be.',
  reverseLookup: {
    status: 'javaOnly',
    doc: 'The certificate of a connecting server is held against its `server.N` line.',
  },
});

/** What concerns TLS for clients beside that. */
export const tlsOptions = {
  sslProvider: ignored('ssl.sslProvider', 'TLS comes from Node.js.'),
  cnxnFactory: ignored('serverCnxnFactory', 'No other network library has to be chosen for TLS.', {
    quiet: true,
  }),
  authProvider: choice('ssl.authProvider', 'x509', ['x509'], {
    doc: 'The scheme of the provider that turns a client certificate into an identity. There is one.',
  }),
  portUnification: bool('client.portUnification', false, {
    doc: 'Whether `clientPort` accepts plain and TLS connections; the first byte decides.',
  }),
  certReload: bool('client.certReload', true, {
    doc: 'Whether changed key and trust stores of `ssl.` are read again while the server runs. ZooKeeper does not by default.',
  }),
  fipsMode: ignored('fips-mode', 'A mode of the Java cryptography library.'),
};
