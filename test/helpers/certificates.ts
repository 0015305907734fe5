/**
 * Authorities and certificates for tests, made with openssl when they are needed: what a test proves about expiry, names
 * and formats should not depend on files that somebody made once.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a certificate is to say. */
export interface CertificateWish {
  /** As openssl writes it. @default /O=Example/CN=<name> */
  readonly subject?: string;
  /** Hosts and addresses. @default DNS:localhost,IP:127.0.0.1 */
  readonly names?: string;
  /** Ended yesterday. */
  readonly expired?: boolean;
  /** Days that it is good for. @default 90 */
  readonly days?: number;
  /** @default ec */
  readonly kind?: 'ec' | 'rsa';
  /** Instead of the file's name. */
  readonly file?: string;
}

/** A certificate with its key: files, and their text. */
export interface Certificate {
  /** Key and certificate in one PEM file, as the options `keyStore.location` want it. */
  readonly store: string;
  readonly keyFile: string;
  readonly certFile: string;
  readonly key: string;
  readonly cert: string;
}

/** A directory with an authority. `using` removes it. */
export class Authority implements Disposable {
  readonly directory: string;
  /** The certificate of the authority, for `trustStore.location`. */
  readonly file: string;
  readonly certificate: string;
  #serial = 0;

  constructor(name = 'Test CA') {
    this.directory = mkdtempSync(join(tmpdir(), 'certificates-'));
    this.file = this.path('ca.pem');
    openssl(
      'req',
      '-x509',
      ...newKey('ec', this.path('ca.key')),
      '-out',
      this.file,
      '-days',
      '90',
      '-subj',
      `/O=Example/CN=${name}`,
    );
    this.certificate = readFileSync(this.file, 'utf8');
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  /** Makes a key and a certificate for it; the files are called after `name`. */
  issue(name: string, wish: CertificateWish = {}): Certificate {
    const { subject = `/O=Example/CN=${name}`, names = 'DNS:localhost,IP:127.0.0.1', days = 90 } = wish;
    const [keyFile, certFile, request, extensions] = ['.key', '.crt', '.csr', '.ext'].map((end) =>
      this.path(`${name}${end}`),
    ) as [string, string, string, string];
    openssl(
      'req',
      ...newKey(wish.kind ?? 'ec', keyFile),
      '-out',
      request,
      '-subj',
      subject,
      '-utf8',
      '-multivalue-rdn',
    );
    writeFileSync(extensions, `subjectAltName=${names}\n`);
    const period = wish.expired === true ? ['-days', '-1'] : ['-days', String(days)];
    const serial = String(++this.#serial);
    openssl(
      'x509',
      '-req',
      '-in',
      request,
      '-CA',
      this.file,
      '-CAkey',
      this.path('ca.key'),
      '-set_serial',
      serial,
      ...period,
      '-extfile',
      extensions,
      '-out',
      certFile,
    );
    const key = readFileSync(keyFile, 'utf8');
    const cert = readFileSync(certFile, 'utf8');
    const store = this.path(wish.file ?? `${name}.pem`);
    writeFileSync(store, key + cert, { mode: 0o600 });
    return { store, keyFile, certFile, key, cert };
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Runs openssl; an error shows what it said. */
export function openssl(...args: readonly string[]): string {
  return execFileSync('openssl', args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 30_000,
  });
}

function newKey(kind: 'ec' | 'rsa', file: string): string[] {
  const algorithm = kind === 'rsa' ? ['rsa:2048'] : ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  return ['-newkey', ...algorithm, '-nodes', '-keyout', file];
}
