/** The jute compiler: what is a schema, what is not and where, and that its output is the one in the repository. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { generate } from '../../../scripts/jute/generate.js';
import { parse } from '../../../scripts/jute/parse.js';
import { SCHEMA_FILES, classes } from '../helpers/jute.js';

function schema(...fields: string[]): string {
  return ['module m {', '  class C {', ...fields, '  }', '}'].join('\n');
}

const int = { kind: 'int', nullable: false };

const TYPES: [text: string, type: unknown][] = [
  ['int', int],
  ['long', { kind: 'long', nullable: false }],
  ['boolean', { kind: 'boolean', nullable: false }],
  ['ustring?', { kind: 'ustring', nullable: true }],
  ['buffer?', { kind: 'buffer', nullable: true }],
  ['vector<int>', { kind: 'vector', of: int, nullable: false }],
  [
    'vector<Stat>?',
    { kind: 'vector', of: { kind: 'record', name: 'Stat', nullable: false }, nullable: true },
  ],
  [
    'vector<vector<int>>',
    { kind: 'vector', of: { kind: 'vector', of: int, nullable: false }, nullable: false },
  ],
  ['Stat', { kind: 'record', name: 'Stat', nullable: false }],
];

const FAULTS: [what: string, text: string, line: number, message: string][] = [
  ['a field without a semicolon', schema('int a'), 3, 'not a field'],
  ['a field without a name', schema('int;'), 3, 'not a field'],
  ['a field of an unknown type', schema('', 'double a;'), 4, 'unknown type'],
  ['a record that may be null', schema('Stat? a;'), 3, 'unknown type'],
  [
    'a field after a trailing one',
    schema('trailing int a;', '', 'int b;'),
    5,
    'a field after a trailing one',
  ],
  ['a class inside a class', schema('class D {'), 3, 'a class inside a class'],
  ['text outside of a class', 'module m {\n\nnonsense\n}', 3, 'not part of a schema'],
];

describe('jute parser', () => {
  for (const [text, type] of TYPES) {
    it(`knows the type ${text}`, () => {
      const [parsed] = parse(schema(`${text} a;`), 'x.jute');
      expect(parsed?.fields).to.deep.equal([{ name: 'a', type, trailing: false }]);
    });
  }

  for (const [what, text, line, message] of FAULTS) {
    it(`names file and line of ${what}`, () => {
      expect(() => parse(text, 'x.jute')).to.throw(`x.jute:${line}: ${message}`);
    });
  }

  it('marks a trailing field', () => {
    const [parsed] = parse(schema('int a;', 'trailing boolean b;'), 'x.jute');
    expect(parsed?.fields.map((f) => f.trailing)).to.deep.equal([false, true]);
  });

  it('takes the comment right above a class as its documentation, and no other', () => {
    const text =
      '// of the module\nmodule m {\n// one\n// two\nclass C {\nint a;\n}\nclass D {\nint a;\n}\n}';
    const docs = parse(text, 'x.jute').map((c) => [c.name, c.doc]);
    expect(docs).to.deep.equal([
      ['C', 'one two'],
      ['D', ''],
    ]);
  });
});

describe('jute generator', () => {
  it('has made the records that the repository holds', () => {
    const file = 'src/codec/generated/records.ts';
    const current = readFileSync(file, 'utf8') === generate(classes);
    expect(current, `${file} is not what ${SCHEMA_FILES.join(', ')} say: run npm run generate`).to.equal(
      true,
    );
  });

  it('holds the count of a vector against the least size of a nested record, trailing fields not counted', () => {
    const text = `module m {
      class A { 
        int x;
        ustring? y;
        trailing long z;
      }
      class B {
        vector<A> all;
      }
    }`;
    expect(generate(parse(text, 'x.jute'))).to.contain('r.vector(8, readA)');
  });

  it('refuses a vector of records that no class defines', () => {
    expect(() => generate(parse(schema('vector<Missing> a;'), 'x.jute'))).to.throw('Missing');
  });
});
