/**
 * Why this file exists: JVMFLAGS is split as a shell would split it, quotes included.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { shellWords } from '../../../src/config/index.js';

const rows: [claim: string, text: string, words: string[]][] = [
  ['nothing gives no words', '', []],
  ['white space alone gives no words', ' \t\n ', []],
  ['words are separated by any white space', '-Xmx1g \t-Da=b\n-Dc=d', ['-Xmx1g', '-Da=b', '-Dc=d']],
  ['double quotes keep white space', '-Da="b c" -Dd', ['-Da=b c', '-Dd']],
  ['single quotes keep everything', `'-Da=b "\\c'`, ['-Da=b "\\c']],
  ['a backslash keeps the next character', '-Da=b\\ c', ['-Da=b c']],
  ['in double quotes a backslash escapes a quote', '"-Da=\\"b\\""', ['-Da="b"']],
  ['in double quotes other backslashes stay', '"-Da=C:\\data"', ['-Da=C:\\data']],
  ['empty quotes make an empty word', `-Da '' -Db`, ['-Da', '', '-Db']],
  ['a quote that is never closed stands for itself', "-Da=it's -Db", ["-Da=it's", '-Db']],
  ['a backslash at the very end stands for itself', '-Da=b\\', ['-Da=b\\']],
];

describe('shellWords', () => {
  for (const [claim, text, words] of rows) {
    it(claim, () => {
      expect(shellWords(text)).to.deep.equal(words);
    });
  }

  it('returns the words that were quoted, whatever they hold', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (words) => {
        const text = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
        expect(shellWords(text)).to.deep.equal(words);
      }),
    );
  });
});
