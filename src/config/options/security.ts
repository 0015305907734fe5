/**
 * Why this file exists: the part of the option table about who a client is, what it may do, and TLS.
 */
import type { Option } from '../option.js';
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
    status: 'later',
    doc: 'The subject of the client certificate whose holder is a superuser.',
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
    status: 'later',
    doc: 'Further superusers by client certificate.',
  }),
];

/** TLS for clients, or for members when `prefix` is `ssl.quorum`. */
function tls(prefix: 'ssl' | 'ssl.quorum'): readonly Option<unknown>[] {
  const quorum = prefix === 'ssl.quorum';
  const status = quorum ? 'ensemble' : 'later';
  const whom = quorum ? 'between members and for the admin server' : 'for clients';
  return [
    path(`${prefix}.keyStore.location`, {
      status,
      doc: `The key store ${whom}: private key and certificate chain.`,
    }),
    optionalText(`${prefix}.keyStore.password`, {
      status,
      secret: true,
      doc: 'The password of the key store.',
    }),
    path(`${prefix}.keyStore.passwordPath`, { status, doc: 'A file that holds this password; it wins.' }),
    choice(`${prefix}.keyStore.type`, 'auto', ['auto', 'JKS', 'PEM', 'PKCS12', 'BCFKS'], {
      status,
      defaultText: 'by file name',
      doc: 'The format of the key store.',
    }),
    path(`${prefix}.trustStore.location`, { status, doc: `The certificates trusted ${whom}.` }),
    optionalText(`${prefix}.trustStore.password`, {
      status,
      secret: true,
      doc: 'The password of the trust store.',
    }),
    path(`${prefix}.trustStore.passwordPath`, { status, doc: 'A file that holds this password; it wins.' }),
    choice(`${prefix}.trustStore.type`, 'auto', ['auto', 'JKS', 'PEM', 'PKCS12', 'BCFKS'], {
      status,
      defaultText: 'by file name',
      doc: 'The format of the trust store.',
    }),
    optionalText(`${prefix}.protocol`, {
      status,
      defaultText: 'TLSv1.3',
      doc: 'The TLS version to negotiate.',
    }),
    list(`${prefix}.enabledProtocols`, [], {
      status,
      defaultText: 'TLSv1.3,TLSv1.2',
      doc: 'The TLS versions that are accepted.',
    }),
    list(`${prefix}.ciphersuites`, [], {
      status,
      defaultText: "the library's",
      doc: 'The cipher suites that are accepted.',
    }),
    choice(`${prefix}.clientAuth`, 'need', ['none', 'want', 'need'], {
      status,
      doc: 'Whether the connecting side must show a certificate.',
    }),
    bool(`${prefix}.hostnameVerification`, true, {
      status,
      doc: 'Whether the name in a certificate must match its host.',
    }),
    bool(`${prefix}.clientHostnameVerification`, quorum, {
      status,
      doc: 'Whether that holds for the connecting side, too.',
    }),
    bool(`${prefix}.allowReverseDnsLookup`, quorum, {
      status,
      doc: 'Whether the host name may come from a reverse look-up.',
    }),
    bool(`${prefix}.crl`, false, { status, doc: 'Whether certificate revocation lists are checked.' }),
    bool(`${prefix}.ocsp`, false, { status, doc: 'Whether revocation is checked with OCSP.' }),
    int(`${prefix}.handshakeDetectionTimeoutMillis`, 5000, {
      status,
      unit: 'ms',
      doc: 'How long a port that takes both waits for the first bytes.',
    }),
    ignored(`${prefix}.context.supplier.class`, 'A Java class cannot be loaded.'),
  ];
}

/** Transport security. */
export const tlsOptions: readonly Option<unknown>[] = [
  ...tls('ssl'),
  ...tls('ssl.quorum'),
  ignored('ssl.sslProvider', 'TLS comes from Node.js.'),
  ignored('serverCnxnFactory', 'No other network library has to be chosen for TLS.', { quiet: true }),
  text('ssl.authProvider', 'x509', {
    status: 'later',
    doc: 'The scheme of the provider that turns a client certificate into an identity.',
  }),
  bool('client.portUnification', false, {
    status: 'later',
    doc: 'Whether `clientPort` accepts plain and TLS connections.',
  }),
  bool('client.certReload', false, {
    status: 'later',
    doc: 'Whether changed key and trust stores are read again while the server runs.',
  }),
  ignored('fips-mode', 'A mode of the Java cryptography library.'),
];
