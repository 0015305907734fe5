import { expect } from 'chai';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HISTORY_LINES_MAX, HistoryFile, historyPath } from '../../../../src/cli/shell/historyFile.js';
import { clientSettings } from '../../../../src/cli/shell/settings.js';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'zabkeeper-history-'));
});
afterEach(() => {
  rmSync(dir, { recursive: true });
});

describe('the history of the shell', () => {
  it('is where the XDG specification wants it', () => {
    expect(historyPath({ XDG_STATE_HOME: '/state', HOME: '/home/zk' })).to.equal(
      '/state/zabkeeper/cli_history',
    );
    for (const state of [undefined, '', 'relative']) {
      expect(historyPath({ XDG_STATE_HOME: state, HOME: '/home/zk' })).to.equal(
        '/home/zk/.local/state/zabkeeper/cli_history',
      );
    }
  });

  it('is kept from one run to the next, for its owner alone', () => {
    const path = join(dir, 'deep', 'cli_history');
    const first = new HistoryFile(path);
    expect(first.load()).to.deep.equal([]);
    for (const line of ['ls /', 'ls /', '  ', 'get /a']) first.add(line);
    expect(new HistoryFile(path).load()).to.deep.equal(['ls /', 'get /a']);
    expect(statSync(path).mode & 0o777).to.equal(0o600);
  });

  it('closes a file that is open to others', () => {
    const path = join(dir, 'cli_history');
    writeFileSync(path, 'ls /\n', { mode: 0o644 });
    new HistoryFile(path).load();
    expect(statSync(path).mode & 0o777).to.equal(0o600);
  });

  for (const line of [
    'addauth digest u:p',
    '  addauth digest u:p',
    '"addauth" digest u:p',
    'ADDAUTH digest u:p',
  ]) {
    it(`does not keep ${line}`, () => {
      const path = join(dir, 'cli_history');
      const file = new HistoryFile(path);
      file.add(line);
      file.add('ls /');
      expect(readFileSync(path, 'utf8')).to.equal('ls /\n');
    });
  }

  it('is bounded', () => {
    const path = join(dir, 'cli_history');
    writeFileSync(path, Array.from({ length: HISTORY_LINES_MAX + 7 }, (_, n) => `get /${n}\n`).join(''));
    expect(new HistoryFile(path).load()).to.have.lengthOf(HISTORY_LINES_MAX);
    expect(readFileSync(path, 'utf8')).to.match(/^get \/7\n/);
  });

  it('is done without when it cannot be written', () => {
    const file = new HistoryFile(join(dir, 'file', 'x', 'cli_history'));
    writeFileSync(join(dir, 'file'), '');
    file.add('ls /');
    expect(file.load()).to.deep.equal([]);
  });
});

describe('the settings of the client', () => {
  const jaas = (text: string): string => {
    mkdirSync(dir, { recursive: true });
    const file = join(dir, 'jaas.conf');
    writeFileSync(file, text);
    return file;
  };
  const CLIENT =
    'Client { org.apache.zookeeper.server.auth.DigestLoginModule required username="bob" password="b"; };';

  it('are none without a file and flags', () => {
    expect(clientSettings(undefined, {})).to.deep.equal({ options: {}, warnings: [] });
  });

  it('have the login of a JAAS file', () => {
    const flag = `-Djava.security.auth.login.config=${jaas(CLIENT)}`;
    const sasl = { username: 'bob', password: 'b', optional: true };
    expect(clientSettings(undefined, { CLIENT_JVMFLAGS: `-Xmx1g ${flag}` }).options).to.deep.equal({ sasl });
    const file = join(dir, 'client.cfg');
    writeFileSync(file, `java.security.auth.login.config=${dir}/jaas.conf\njute.maxbuffer=5000`);
    expect(clientSettings(file, {}).options).to.deep.equal({
      sasl,
      replyBytesMax: 5000,
      requestBytesMax: 5000,
    });
  });

  it('are without a login when the file is for servers', () => {
    const flag = `-Djava.security.auth.login.config=${jaas(CLIENT.replace('Client', 'Server'))}`;
    expect(clientSettings(undefined, { JVMFLAGS: flag }).options).to.deep.equal({});
  });

  it('name what has no effect', () => {
    const flags = '-Dzookeeper.client.secure=true -Dzookeeper.ssl.crl=true';
    const { options, warnings } = clientSettings(undefined, { CLIENT_JVMFLAGS: flags });
    expect(warnings).to.deep.equal(['No effect here: zookeeper.ssl.crl.']);
    expect(options.tls).to.deep.equal({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' });
  });

  it('name a file that cannot be read', () => {
    expect(() => clientSettings(join(dir, 'none.cfg'), {})).to.throw(/none\.cfg cannot be used: ENOENT/);
  });
});
