import { expect } from 'chai';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig, parseMembership, saveMembership, type Membership } from '../../../src/config/index.js';

const STATIC = `# our ensemble
tickTime=2000
initLimit=10
syncLimit=5
clientPort=2181
server.1=a:2888:3888
server.2=b:\\
  2888:3888
group.1=1:2
weight.1=2
# the end
`;

function members(text: string, version: string): Membership {
  const keys = text.split(' ').map((line) => {
    const [key = '', value = ''] = line.split('=');
    return { key, value, where: 'the test' };
  });
  return parseMembership(keys, version);
}

describe('saveMembership', () => {
  let dir = '';
  let file = '';
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'zabkeeper-save-'));
    file = join(dir, 'zoo.cfg');
    writeFileSync(join(dir, 'myid'), '1\n');
    writeFileSync(file, `${STATIC}dataDir=${dir}\n`);
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const THREE = 'server.1=a:2888:3888;2181 server.2=b:2888:3888;2181 server.3=c:2888:3888:observer;2181';

  it('moves the members to a file of their own, and the same server starts from the two', () => {
    const dynamicFile = saveMembership(file, 1, members(THREE, '100000005'));
    expect(dynamicFile).to.equal(join(dir, 'zoo.cfg.dynamic.100000005'));
    expect(readFileSync(dynamicFile, 'utf8')).to.equal(
      'server.1=a:2888:3888:participant;0.0.0.0:2181\n' +
        'server.2=b:2888:3888:participant;0.0.0.0:2181\n' +
        'server.3=c:2888:3888:observer;0.0.0.0:2181\n',
    );
    const { config } = loadConfig({ file, cwd: '/' });
    expect(config.membership.version).to.equal('100000005');
    expect(config.membership.members.map(({ id, role }) => `${id} ${role}`)).to.deep.equal([
      '1 participant',
      '2 participant',
      '3 observer',
    ]);
    expect(config.clientPort).to.equal(2181);
  });

  it('leaves every other line, comments included, and keeps the first zoo.cfg', () => {
    saveMembership(file, 1, members(THREE, '5'));
    const pointer = `dynamicConfigFile=${join(dir, 'zoo.cfg.dynamic.5')}`;
    expect(readFileSync(file, 'utf8')).to.equal(
      `# our ensemble\ntickTime=2000\ninitLimit=10\nsyncLimit=5\n# the end\ndataDir=${dir}\n${pointer}\n`,
    );
    saveMembership(file, 1, members(THREE, '6'));
    expect(readFileSync(`${file}.bak`, 'utf8')).to.equal(`${STATIC}dataDir=${dir}\n`);
  });

  it('replaces the version in the name that zoo.cfg has', () => {
    saveMembership(file, 1, members(THREE, '5'));
    expect(saveMembership(file, 1, members('server.1=a:2888:3888;2181', '1f'))).to.equal(
      join(dir, 'zoo.cfg.dynamic.1f'),
    );
    expect(readFileSync(file, 'utf8'))
      .to.match(/dynamic\.1f\n$/)
      .and.not.to.contain('dynamic.5');
  });

  it('keeps the client port in zoo.cfg when the line of the server has none', () => {
    saveMembership(file, 1, members('server.1=a:2888:3888 server.2=b:2888:3888;2181', '5'));
    expect(loadConfig({ file, cwd: '/' }).config.clientPort).to.equal(2181);
  });

  it('writes through a link, and with the permissions of zoo.cfg', () => {
    chmodSync(file, 0o600);
    const link = join(dir, 'link.cfg');
    symlinkSync(file, link);
    const dynamicFile = saveMembership(link, 1, members(THREE, '5'));
    expect(lstatSync(link).isSymbolicLink()).to.equal(true);
    expect(dynamicFile).to.equal(join(dir, 'zoo.cfg.dynamic.5'));
    for (const written of [file, dynamicFile]) expect(lstatSync(written).mode & 0o777).to.equal(0o600);
  });

  it('changes nothing when it cannot write, and leaves no half of a file', () => {
    const missing = join(dir, 'none', 'zoo.cfg.dynamic.4');
    writeFileSync(file, `dynamicConfigFile=${missing}\n`);
    expect(() => saveMembership(file, 1, members(THREE, '5'))).to.throw('ENOENT');
    expect(readFileSync(file, 'utf8')).to.equal(`dynamicConfigFile=${missing}\n`);
    expect(readdirSync(dir).filter((name) => name.endsWith('.tmp'))).to.deep.equal([]);
    expect(existsSync(missing)).to.equal(false);
  });
});
