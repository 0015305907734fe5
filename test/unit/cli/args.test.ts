/**
 * Why this file exists: `-Dname=value` arguments and ZooKeeper's forms of naming a configuration, as a table.
 */
import { expect } from 'chai';
import { defaultConfigFile, serverLocation, splitFlags } from '../../../src/cli/args.js';

describe('splitFlags', () => {
  const rows: [claim: string, args: string[], flags: string[], rest: string[]][] = [
    [
      'takes -D flags out wherever they stand',
      ['-Da=1', 'server', '-Db', 'zoo.cfg'],
      ['-Da=1', '-Db'],
      ['server', 'zoo.cfg'],
    ],
    [
      'leaves other options alone',
      ['server', '--ready-file', 'x', '-h'],
      [],
      ['server', '--ready-file', 'x', '-h'],
    ],
    ['leaves a bare -D to the parser, which refuses it', ['server', '-D'], [], ['server', '-D']],
    [
      'leaves alone the arguments of cli, which may be data',
      ['cli', 'set', '/a', '-Da=1'],
      [],
      ['cli', 'set', '/a', '-Da=1'],
    ],
    ['leaves alone what follows --', ['server', '--', '-Da=1'], [], ['server', '--', '-Da=1']],
  ];
  for (const [claim, args, flags, rest] of rows) {
    it(claim, () => {
      expect(splitFlags(args)).to.deep.equal({ flags, rest });
    });
  }
});

describe('serverLocation', () => {
  it('is the sample configuration without arguments', () => {
    expect(serverLocation([], [])).to.include({ file: defaultConfigFile });
    expect(defaultConfigFile).to.match(/conf\/zoo\.cfg$/);
  });
  it('is a file with one argument', () => {
    expect(serverLocation(['2181'], ['-Da=1'])).to.deep.include({ file: '2181', args: ['-Da=1'] });
  });
  it('is a set of keys with two to four arguments', () => {
    expect(serverLocation(['2181', '/d'], [])).to.deep.include({
      keys: { clientPort: '2181', dataDir: '/d' },
    });
    expect(serverLocation(['2181', '/d', '500', '9'], [])?.keys).to.deep.equal({
      clientPort: '2181',
      dataDir: '/d',
      tickTime: '500',
      maxClientCnxns: '9',
    });
    expect(serverLocation(['2181', '/d'], [])).to.not.have.property('file');
  });
  it('is nothing with more', () => {
    expect(serverLocation(['1', '2', '3', '4', '5'], [])).to.equal(undefined);
  });
});
