/**
 * Why this file exists: the identity of a client with a certificate is the subject's name, letter for letter as Java's
 * `X500Principal.getName()` writes it (RFC 2253), because access lists hold it. Node.js writes names in another way, so
 * it is read from the certificate's bytes: X.501, in DER.
 */

/** Attributes that RFC 2253 names; all others appear as numbers, with their value in hexadecimal. */
const KEYWORDS = new Map([
  ['2.5.4.3', 'CN'],
  ['2.5.4.6', 'C'],
  ['2.5.4.7', 'L'],
  ['2.5.4.8', 'ST'],
  ['2.5.4.9', 'STREET'],
  ['2.5.4.10', 'O'],
  ['2.5.4.11', 'OU'],
  ['0.9.2342.19200300.100.1.1', 'UID'],
  ['0.9.2342.19200300.100.1.25', 'DC'],
]);

const SEQUENCE = 0x30;
const OBJECT_ID = 0x06;
const UTF8_STRING = 0x0c;
const BMP_STRING = 0x1e;
/** Printable, Teletex, IA5 and General strings: one byte per character, as far as names use them. */
const BYTE_STRINGS: ReadonlySet<number> = new Set([0x13, 0x14, 0x16, 0x1b]);
/** The optional version at the beginning of a certificate. */
const VERSION = 0xa0;

interface Element {
  readonly tag: number;
  /** With tag and length. */
  readonly whole: Buffer;
  readonly content: Buffer;
}

/**
 * The subject of a certificate.
 * @param certificate in DER, as OpenSSL has accepted it
 */
export function subjectName(certificate: Buffer): string {
  const [signed] = elements(only(elements(certificate), SEQUENCE).content);
  const fields = elements(expect(signed, SEQUENCE).content);
  // version?, serialNumber, signature, issuer, validity, subject
  const subject = fields[fields[0]?.tag === VERSION ? 5 : 4];
  const names = elements(expect(subject, SEQUENCE).content).map(({ content }) =>
    elements(content).map(attribute).join('+'),
  );
  // The most specific comes first in text and last in the certificate.
  return names.reverse().join(',');
}

function attribute({ content }: Element): string {
  const [type, value] = elements(content);
  const id = objectId(expect(type, OBJECT_ID).content);
  if (value === undefined) throw malformed();
  const keyword = KEYWORDS.get(id);
  const text = keyword === undefined ? undefined : textOf(value);
  return text === undefined
    ? `${keyword ?? id}=#${value.whole.toString('hex')}`
    : `${keyword ?? id}=${escaped(text)}`;
}

function textOf({ tag, content }: Element): string | undefined {
  if (tag === UTF8_STRING || BYTE_STRINGS.has(tag)) return content.toString('utf8');
  return tag === BMP_STRING ? Buffer.from(content).swap16().toString('utf16le') : undefined;
}

function escaped(text: string): string {
  const special = text.replace(/[,=+<>#;"\\]/g, '\\$&').replaceAll('\0', '\\00');
  const spaces = (edge: string): string => edge.replace(/[ \r]/g, '\\$&');
  return special.replace(/^[ \r]+/, spaces).replace(/[ \r]+$/, spaces);
}

function objectId(bytes: Buffer): string {
  const numbers: bigint[] = [];
  let number = 0n;
  for (const byte of bytes) {
    number = (number << 7n) | BigInt(byte & 0x7f);
    if (byte >= 0x80) continue;
    numbers.push(number);
    number = 0n;
  }
  const [first = 0n, ...rest] = numbers;
  // The first two are one: 40 times the first, which is at most 2, and the second.
  const root = first < 80n ? first / 40n : 2n;
  return [root, first - root * 40n, ...rest].join('.');
}

function elements(bytes: Buffer): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < bytes.byteLength;) {
    const tag = bytes[at];
    let length = bytes[at + 1];
    let start = at + 2;
    if (tag === undefined || length === undefined) throw malformed();
    if (length >= 0x80) {
      const size = length & 0x7f;
      if (size === 0 || size > 4 || start + size > bytes.byteLength) throw malformed();
      length = bytes.readUIntBE(start, size);
      start += size;
    }
    const end = start + length;
    if (end > bytes.byteLength) throw malformed();
    found.push({ tag, whole: bytes.subarray(at, end), content: bytes.subarray(start, end) });
    at = end;
  }
  return found;
}

function only(list: readonly Element[], tag: number): Element {
  if (list.length !== 1) throw malformed();
  return expect(list[0], tag);
}

function expect(element: Element | undefined, tag: number): Element {
  if (element?.tag !== tag) throw malformed();
  return element;
}

function malformed(): Error {
  return new Error('The certificate is not in DER.');
}
