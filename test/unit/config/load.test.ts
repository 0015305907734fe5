/**
 * Why this file exists: the few rules of configuration that need a disk.
 */
import { expect } from 'chai';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, loadConfig, prepareDataDirs } from '../../../src/config/index.js';

describe('loadConfig', () => {
  let dir = '';
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'zabkeeper-config-'));
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  function write(name: string, text: string): string {
    const path = join(dir, name);
    writeFileSync(path, text);
    return path;
  }

  it('reads the file, its neighbours and both flag variables', () => {
    write('myid', '3\n');
    const file = write('zoo.cfg', `dataDir=${dir}\nclientPort=2181\n`);
    const env = {
      SERVER_JVMFLAGS: "-Dzookeeper.maxCnxns=5 '-Dzookeeper.superUser=a b'",
      JVMFLAGS: '-Dzookeeper.maxCnxns=6',
    };
    const { config } = loadConfig({ file, env, cwd: dir, args: ['-Dzookeeper.skipACL=yes'] });
    expect(config).to.deep.include({ serverId: 3, maxCnxns: 6, configFile: file });
    expect(config.auth).to.deep.include({ skipAcl: true, superUsers: ['a b'] });
  });

  it('says which file it cannot read, and why', () => {
    const file = join(dir, 'none.cfg');
    expect(() => loadConfig({ file, cwd: dir }))
      .to.throw(ConfigError, `The configuration file ${file} cannot be read: it does not exist.`)
      .that.includes({ code: 'FILE', exitCode: 2 });
    expect(() => loadConfig({ file: dir, cwd: dir })).to.throw(ConfigError, 'it is a directory');
  });

  function prepare(text: string): void {
    prepareDataDirs(loadConfig({ file: write('zoo.cfg', `clientPort=2181\n${text}`), cwd: dir }).config);
  }

  it('creates missing data directories', () => {
    prepare('dataDir=./a/b\ndataLogDir=./c');
    expect(existsSync(join(dir, 'a/b/version-2'))).to.equal(true);
    expect(existsSync(join(dir, 'c/version-2'))).to.equal(true);
  });

  const refused: [claim: string, text: string, make: () => void, message: string][] = [
    [
      'is missing and must not be created',
      'dataDir=./a\ndatadir.autocreate=false',
      () => undefined,
      'does not exist, and datadir.autocreate is false',
    ],
    ['is a file', 'dataDir=./a', () => write('a', ''), 'a part of its path is not a directory'],
    [
      'holds snapshots where the log belongs',
      'dataDir=./a\ndataLogDir=./b',
      () => {
        mkdirSync(join(dir, 'b/version-2'), { recursive: true });
        write('b/version-2/snapshot.100', '');
      },
      '(dataLogDir) holds snapshots of ZooKeeper, such as snapshot.100',
    ],
    [
      'holds a log where the tree belongs',
      'dataDir=./a\ndataLogDir=./b',
      () => {
        mkdirSync(join(dir, 'a/version-2'), { recursive: true });
        write('a/version-2/log.1', '');
      },
      '(dataDir) holds transaction logs of ZooKeeper, such as log.1',
    ],
  ];
  for (const [claim, text, make, message] of refused) {
    it(`refuses a data directory that ${claim}`, () => {
      make();
      expect(() => {
        prepare(text);
      })
        .to.throw(ConfigError, message)
        .that.includes({ code: 'DATA_DIR', exitCode: 3 });
    });
  }
});
