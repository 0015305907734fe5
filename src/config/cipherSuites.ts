/**
 * Why this file exists: ZooKeeper's options name cipher suites as Java does, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256;
 * OpenSSL, which Node.js uses, calls that one ECDHE-RSA-AES128-GCM-SHA256.
 */
import { getCiphers } from 'node:tls';

const known: ReadonlySet<string> = new Set(getCiphers().map((name) => name.toUpperCase()));

/** The name of OpenSSL for a suite, in either way of writing; undefined if this Node.js does not have it. */
export function cipherName(suite: string): string | undefined {
  const upper = suite.toUpperCase();
  const candidates = [upper, fromJava(upper)];
  return candidates.find((name) => known.has(name));
}

function fromJava(suite: string): string {
  const [, exchange = '', cipher = ''] = /^(?:TLS|SSL)_(.*)_WITH_(.*)$/.exec(suite) ?? [];
  const name = cipher
    // A suite of TLS 1.2 with ChaCha20 has no hash in its OpenSSL name, one with CBC no mode.
    .replace(/^CHACHA20_POLY1305_SHA256$/, 'CHACHA20-POLY1305')
    .replace(/^AES_(\d+)_CBC_/, 'AES$1-')
    .replace(/^AES_(\d+)_/, 'AES$1-');
  const prefix = exchange === 'RSA' ? '' : `${exchange}-`;
  return `${prefix}${name}`.replaceAll('_', '-');
}
