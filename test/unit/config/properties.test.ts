/**
 * Why this file exists: operators' zoo.cfg files use every corner of the Java properties format. The rows were compared
 * with `java.util.Properties`; the properties below them hold for any text.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { ConfigError, parseProperties } from '../../../src/config/index.js';

const rows: [claim: string, text: string, expected: Record<string, string>][] = [
  ['a key and a value are separated by =', 'tickTime=2000', { tickTime: '2000' }],
  ['a colon separates as well', 'tickTime:2000', { tickTime: '2000' }],
  ['white space alone separates as well', 'tickTime 2000', { tickTime: '2000' }],
  ['white space around the separator belongs to neither side', '  tickTime \t=  2000', { tickTime: '2000' }],
  ['white space at the end is trimmed as ZooKeeper does', 'tickTime=2000 \t', { tickTime: '2000' }],
  ['only the first separator counts', 'server.1=a:2888:3888', { 'server.1': 'a:2888:3888' }],
  ['a second = is part of the value', 'superDigest=super:ab==', { superDigest: 'super:ab==' }],
  ['# starts a comment', '# tickTime=1\n  # tickTime=2', {}],
  ['! starts a comment', '! tickTime=1', {}],
  ['# inside a value is part of it', 'dataDir=/data#1', { dataDir: '/data#1' }],
  ['a key without separator has an empty value', 'tickTime', { tickTime: '' }],
  ['blank lines mean nothing', '\n \t\n\f\ntickTime=1\n\n', { tickTime: '1' }],
  ['lines end with LF, CR or both', 'a=1\rb=2\r\nc=3\nd=4', { a: '1', b: '2', c: '3', d: '4' }],
  ['a backslash at the end continues the line', 'words=ruok,\\\n   stat', { words: 'ruok,stat' }],
  ['two backslashes at the end do not', 'dataDir=C:\\\\\ntickTime=1', { dataDir: 'C:\\', tickTime: '1' }],
  ['a continued line may start with #', 'a=1\\\n#2', { a: '1#2' }],
  ['a comment is never continued', '# note \\\na=1', { a: '1' }],
  ['a blank line ends a continuation', 'a=1\\\n\nb=2', { a: '1', b: '2' }],
  ['a backslash at the end of the file is dropped', 'a=1\\', { a: '1' }],
  ['escaped separators belong to the key', 'a\\=b\\:c\\ d=1', { 'a=b:c d': '1' }],
  ['\\t, \\n, \\r and \\f are control characters', 'a=1\\t2\\n3\\r4\\f5', { a: '1\t2\n3\r4\f5' }],
  ['\\uXXXX is a character', 'a=\\u00e9\\u0041', { a: 'éA' }],
  ['other escapes lose their backslash', 'a=\\q\\z', { a: 'qz' }],
  ['the last of several equal keys is the last one returned', 'a=1\na=2', { a: '2' }],
];

describe('parseProperties', () => {
  for (const [claim, text, expected] of rows) {
    it(claim, () => {
      expect(Object.fromEntries(parseProperties(text).map(({ key, value }) => [key, value]))).to.deep.equal(
        expected,
      );
    });
  }

  it('numbers lines by where an entry starts', () => {
    const lines = parseProperties('# head\r\na=1\\\n 2\n\nb=3').map(({ key, line }) => [key, line]);
    expect(lines).to.deep.equal([
      ['a', 2],
      ['b', 5],
    ]);
  });

  it('names file and line of a broken unicode escape', () => {
    expect(() => parseProperties('a=1\ndataDir=C:\\user', 'zoo.cfg'))
      .to.throw(ConfigError, 'zoo.cfg, line 2')
      .with.property('code', 'SYNTAX');
  });

  it('reads back whatever a careful writer wrote', () => {
    // Java trims what ZooKeeper reads, so keys and values with white space at their ends do not survive.
    const word = fc
      .string({ unit: 'binary', maxLength: 12 })
      .filter((text) => text === text.trim() && !/^[\0-\x20]|[\0-\x20]$/.test(text));
    const key = word.filter((text) => text !== '');
    fc.assert(
      fc.property(fc.array(fc.tuple(key, word)), (pairs) => {
        const text = pairs.map(([name, value]) => `${escape(name)} = ${escape(value)}`).join('\n');
        expect(parseProperties(text).map((entry) => [entry.key, entry.value])).to.deep.equal(pairs);
      }),
    );
  });

  it('reads any text without failing, except for broken unicode escapes', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '=', ':', ' ', '\\', '\n', '\r', '#', '!', 'u') }),
        (text) => {
          try {
            parseProperties(text);
          } catch (error) {
            expect(error).to.be.instanceOf(ConfigError);
            expect(text).to.include('\\');
          }
        },
      ),
    );
  });
});

/** Writes every character as an escape: slow, and nothing to get wrong. */
function escape(text: string): string {
  return Array.from(
    { length: text.length },
    (_, index) => `\\u${text.charCodeAt(index).toString(16).padStart(4, '0')}`,
  ).join('');
}
