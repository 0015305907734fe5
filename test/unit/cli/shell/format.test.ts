import { expect } from 'chai';
import { clientConfig } from '../../../../src/cli/shell/commands/config.js';
import { ShellError } from '../../../../src/cli/shell/errors.js';
import {
  aclLines,
  dataJson,
  dataText,
  hex,
  hexDump,
  javaDate,
  parseAcl,
  permText,
  sortNames,
  statJson,
  statLines,
} from '../../../../src/cli/shell/format.js';
import { checkPath, checkSequentialPath } from '../../../../src/cli/shell/path.js';
import { QuotaData } from '../../../../src/cli/shell/quota.js';
import { STAT } from '../../client/mockServer.js';

describe('what the shell prints', () => {
  it('a Stat in the order and under the names that scripts know', () => {
    const lines = statLines({ ...STAT, ephemeralOwner: -2n });
    expect(lines.map((line) => line.split(' = ')[0])).to.deep.equal([
      'cZxid',
      'ctime',
      'mZxid',
      'mtime',
      'pZxid',
      'cversion',
      'dataVersion',
      'aclVersion',
      'ephemeralOwner',
      'dataLength',
      'numChildren',
    ]);
    expect(lines).to.include('cZxid = 0x100000001').and.include('ephemeralOwner = 0xfffffffffffffffe');
  });

  it('a Stat in JSON, without numbers that JSON cannot hold', () => {
    expect(statJson(STAT)).to.deep.include({
      czxid: '0x100000001',
      ctime: '2023-11-14T22:13:20.000Z',
      version: 3,
      ephemeralOwner: '0x0',
    });
  });

  it('dates as Java does, in the local zone', () => {
    expect(javaDate(0n)).to.match(/^(Thu Jan 01|Wed Dec 31) \d\d:\d\d:\d\d \S+ (1970|1969)$/);
    expect(javaDate(10n ** 18n)).to.equal('1000000000000000000');
  });

  it('names sorted as Java sorts them', () => {
    expect(sortNames(['b', 'a', 'B', '10', '9'])).to.deep.equal(['10', '9', 'B', 'a', 'b']);
  });

  it('data as text, null as a word', () => {
    expect(dataText(null)).to.equal('null');
    expect(dataText(Buffer.from('grün'))).to.equal('grün');
  });

  it('data in JSON as text where that is lossless', () => {
    expect(dataJson(null)).to.deep.equal({ data: null });
    expect(dataJson(Buffer.from('\ufeffgrün'))).to.deep.equal({ data: '\ufeffgrün' });
    expect(dataJson(Buffer.from([0xff, 0x00]))).to.deep.equal({ dataBase64: '/wA=' });
  });

  it('bytes as a table', () => {
    expect(hexDump(Buffer.alloc(0))).to.deep.equal([]);
    expect(hexDump(Buffer.from('hello, zookeepers\n')).join('\n')).to.equal(
      [
        '         +-------------------------------------------------+',
        '         |  0  1  2  3  4  5  6  7  8  9  a  b  c  d  e  f |',
        '+--------+-------------------------------------------------+----------------+',
        '|00000000| 68 65 6c 6c 6f 2c 20 7a 6f 6f 6b 65 65 70 65 72 |hello, zookeeper|',
        '|00000010| 73 0a                                           |s.              |',
        '+--------+-------------------------------------------------+----------------+',
      ].join('\n'),
    );
  });

  it('64-bit identifiers without a sign', () => expect(hex(-1n)).to.equal('0xffffffffffffffff'));
});

describe('an access list', () => {
  it('is read in the form in which it is typed', () => {
    const complaints: string[] = [];
    const acl = parseAcl('world:anyone:r,digest:bob:a1b2=:cdrwa', '/a', (text) => complaints.push(text));
    expect(aclLines(acl)).to.deep.equal(["'world,'anyone", ': r', "'digest,'bob:a1b2=", ': cdrwa']);
    expect(complaints).to.deep.equal([]);
  });

  it('keeps what can be read of it and complains about the rest', () => {
    const complaints: string[] = [];
    const acl = parseAcl('nonsense,world:anyone:zr', '/a', (text) => complaints.push(text));
    expect(acl.map(({ perms }) => permText(perms))).to.deep.equal(['r']);
    expect(complaints).to.deep.equal([
      'nonsense does not have the form scheme:id:perm',
      'Unknown perm type: z',
    ]);
  });

  it('is refused with the path when nothing is left', () => {
    expect(() => parseAcl('a:b', '/a', () => undefined)).to.throw(ShellError, 'Acl is not valid : /a');
  });
});

describe('a path', () => {
  for (const path of ['/', '/a', '/a/b', '/a.b', '/..a', '/a..', '/ä/中', '/with blank']) {
    it(`${path} is good`, () => expect(() => checkPath(path)).to.not.throw());
  }
  const bad: [path: string, message: string][] = [
    ['', 'Path length must be > 0'],
    ['a', 'Path must start with / character: a'],
    ['/a/', 'Path must not end with / character: /a/'],
    ['/a//b', 'Invalid path string "/a//b" caused by empty node name specified @3'],
    ['/./a', 'Invalid path string "/./a" caused by relative paths not allowed @1'],
    ['/a/..', 'Invalid path string "/a/.." caused by relative paths not allowed @4'],
    ['/a\u0001', 'Invalid path string "/a\u0001" caused by invalid character @2'],
    ['/a\0', 'Invalid path string "/a\0" caused by null character not allowed @2'],
  ];
  for (const [path, message] of bad) {
    it(`${JSON.stringify(path)} is not`, () => expect(() => checkPath(path)).to.throw(ShellError, message));
  }
  it('may end in a slash when a number follows', () => {
    expect(() => checkSequentialPath('/a/')).to.not.throw();
    expect(() => checkSequentialPath('a/')).to.throw(ShellError);
  });
});

describe('the data of a quota', () => {
  for (const text of [
    'count=5,bytes=-1',
    'count=0,bytes=0',
    'count=-1,bytes=1=;byteHardLimit=-1;countHardLimit=100',
  ]) {
    it(`${text} is kept`, () => expect(new QuotaData(Buffer.from(text)).toString()).to.equal(text));
  }
  it('has -1 for what is not there', () => {
    expect(new QuotaData(null).toString()).to.equal('count=-1,bytes=-1');
    expect(new QuotaData(Buffer.from('count=3')).get('byteHardLimit')).to.equal(-1n);
  });
});

describe('the addresses in a configuration', () => {
  it('are those for clients, behind the version', () => {
    const text =
      'server.1=zk1:2888:3888:participant;0.0.0.0:2181\nserver.2=zk2:2888:3888:observer\n' +
      'server.3=zk3:2888:3888:participant;10.0.0.3:2181\nversion=100000000';
    expect(clientConfig(text)).to.equal('100000000 0.0.0.0:2181,10.0.0.3:2181');
  });
  it('are none for a server alone', () => expect(clientConfig('')).to.equal(' '));
});
