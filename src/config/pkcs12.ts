/**
 * Why this file exists: the TLS library of Node.js takes a PKCS#12 file only if it holds a private key, and never tells
 * what is in it. Trust stores hold certificates alone, so what a file holds is read here, with node-forge, and goes on
 * as PEM.
 */
import forge from 'node-forge';

/** What a PKCS#12 file holds, each as PEM. */
export interface Pkcs12Contents {
  readonly keys: readonly string[];
  readonly certificates: readonly string[];
}

/** The file is none, or the password does not open it. The message is a clause. */
export class Pkcs12Error extends Error {
  override readonly name = 'Pkcs12Error';
}

/** @throws Pkcs12Error */
export function readPkcs12(bytes: Buffer, password: string): Pkcs12Contents {
  const { oids } = forge.pki;
  try {
    const asn1 = forge.asn1.fromDer(forge.util.createBuffer(bytes.toString('latin1')));
    const bags = forge.pkcs12.pkcs12FromAsn1(asn1, false, password);
    const all = (type: string | undefined): forge.pkcs12.Bag[] =>
      type === undefined ? [] : (bags.getBags({ bagType: type })[type] ?? []);
    return {
      keys: [...all(oids['pkcs8ShroudedKeyBag']), ...all(oids['keyBag'])].map(keyOf),
      certificates: all(oids['certBag']).map(certificateOf),
    };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (/password|MAC could not|padding/i.test(message))
      throw new Pkcs12Error('the password does not open it', { cause: error });
    throw new Pkcs12Error(`it is no PKCS#12 file that can be read (${message.replace(/\.$/, '')})`, {
      cause: error,
    });
  }
}

/** Keys and certificates of a kind that node-forge does not know, such as elliptic curves, come undecoded. */
function keyOf({ key, asn1 }: forge.pkcs12.Bag): string {
  const info =
    key === undefined || isNull(key) ? asn1 : forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(key));
  return pem('PRIVATE KEY', info);
}

function certificateOf({ cert, asn1 }: forge.pkcs12.Bag): string {
  return pem('CERTIFICATE', cert === undefined || isNull(cert) ? asn1 : forge.pki.certificateToAsn1(cert));
}

/** The types of node-forge do not know of it. */
function isNull(value: unknown): boolean {
  return value === null;
}

function pem(type: string, asn1: forge.asn1.Asn1): string {
  const base64 = Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'latin1').toString('base64');
  return `-----BEGIN ${type}-----\n${base64.replace(/.{64}/g, '$&\n').trimEnd()}\n-----END ${type}-----\n`;
}
