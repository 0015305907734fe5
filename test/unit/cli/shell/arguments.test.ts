import { expect } from 'chai';
import { parseArguments, splitLine } from '../../../../src/cli/shell/arguments.js';
import type { ShellCommand } from '../../../../src/cli/shell/command.js';
import { commandTable, sortedCommands } from '../../../../src/cli/shell/commands/index.js';
import { ShellError } from '../../../../src/cli/shell/errors.js';

function command(name: string): ShellCommand {
  const found = commandTable.get(name);
  if (found === undefined) throw new Error(`there is no command ${name}`);
  return found;
}

describe('a line of the shell', () => {
  const rows: [line: string, words: string[]][] = [
    ['ls /', ['ls', '/']],
    ['   get   -s  /a  ', ['get', '-s', '/a']],
    ['set /a "two words"', ['set', '/a', 'two words']],
    ["set /a 'two words'", ['set', '/a', 'two words']],
    [`set /a '{"json": "yes"}'`, ['set', '/a', '{"json": "yes"}']],
    ['create /a ""', ['create', '/a', '']],
    ["set /a it's", ['set', '/a', "it's"]],
    ['set /a "open end', ['set', '/a', 'open', 'end']],
    ['"ls" "/with blank"', ['ls', '/with blank']],
    ['ls\t/a', ['ls', '/a']],
    ['', []],
    ['   ', []],
  ];
  for (const [line, words] of rows) {
    it(`${JSON.stringify(line)} is ${JSON.stringify(words)}`, () => {
      expect(splitLine(line)).to.deep.equal(words);
    });
  }
});

describe('the arguments of a command', () => {
  const rows: [name: string, words: string[], operands: string[], options: Record<string, string | true>][] =
    [
      ['get', ['/a'], ['/a'], {}],
      ['get', ['-s', '-w', '/a'], ['/a'], { s: true, w: true }],
      ['get', ['-sw', '/a'], ['/a'], { s: true, w: true }],
      ['deleteall', ['/a', '-b', '5'], ['/a'], { b: '5' }],
      ['delete', ['-v', '-1', '/a'], ['/a'], { v: '-1' }],
      ['set', ['/a', '-5'], ['/a', '-5'], {}],
      ['set', ['--', '/a', '-s'], ['/a', '-s'], {}],
      ['set', ['/a', ''], ['/a', ''], {}],
      ['ls', ['-?', '-R', '/'], ['/'], { '?': true, R: true }],
      ['setquota', ['-N', '5', '/a'], ['/a'], { N: '5' }],
      [
        'reconfig',
        ['-add', 'server.4=h:1:2;3', '-remove', '1,2'],
        [],
        { add: 'server.4=h:1:2;3', remove: '1,2' },
      ],
    ];
  for (const [name, words, operands, options] of rows) {
    it(`${name} ${words.join(' ')}`, () => {
      const args = parseArguments(command(name), words);
      expect(args.operands).to.deep.equal(operands);
      for (const { name: option } of command(name).options) {
        expect(args.has(option), option).to.equal(option in options);
        const value = options[option];
        expect(args.value(option), option).to.equal(value === true ? undefined : value);
      }
    });
  }

  const refused: [name: string, words: string[], message: string][] = [
    ['get', [], 'get [-s] [-w] [-b] [-x] path'],
    ['set', ['/a'], 'set path data [-s] [-v version] [-b]'],
    ['get', ['-z', '/a'], 'Unrecognized option: -z'],
    ['set', ['/a', '-v'], 'Missing argument for option: v'],
    ['reconfig', ['-members'], 'Missing argument for option: members'],
    ['version', ['x'], 'version '],
    ['addWatch', ['/a', '/b'], 'addWatch [-m mode] path'],
  ];
  for (const [name, words, message] of refused) {
    it(`refuses ${name} ${words.join(' ')}`, () => {
      expect(() => parseArguments(command(name), words))
        .to.throw(ShellError)
        .with.property('message')
        .that.matches(new RegExp(`^${message.replaceAll(/[[\]|]/g, '\\$&')}`));
    });
  }

  it('an option that must be a number says which', () => {
    const args = parseArguments(command('delete'), ['-v', 'abc', '/a']);
    expect(() => args.int('v')).to.throw('-v argument must be an int value, not abc');
  });
});

describe('the table of commands', () => {
  it("has all of ZooKeeper 3.8's", () => {
    const apache =
      'addWatch addauth close config connect create delete deleteall delquota get getAcl getAllChildrenNumber getEphemerals ' +
      'history listquota ls printwatches quit reconfig redo removewatches set setAcl setquota stat sync version whoami';
    expect([...commandTable.keys()]).to.include.members(apache.split(' '));
  });

  it('says about each what it does and what its JSON is', () => {
    for (const { name, doc, json, options } of sortedCommands()) {
      expect(doc, name).to.match(/^[A-Z].*\.$/s);
      expect(json, name).to.not.equal('');
      for (const option of options) expect(option.doc, `${name} -${option.name}`).to.match(/^\S.*[^.]$/);
    }
  });
});
