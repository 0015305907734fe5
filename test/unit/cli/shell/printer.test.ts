import { expect } from 'chai';
import { errorText, ShellError } from '../../../../src/cli/shell/errors.js';
import { JsonPrinter, TextPrinter, type Output } from '../../../../src/cli/shell/printer.js';
import { KeeperError, type ErrorName } from '../../../../src/client/index.js';
import { zxidOf } from '../../../../src/types/index.js';

class Recorder implements Output {
  stdout = '';
  stderr = '';
  readonly colour: { out: boolean; err: boolean };

  constructor(colour = false) {
    this.colour = { out: colour, err: colour };
  }

  out(text: string): void {
    this.stdout += text;
  }

  err(text: string): void {
    this.stderr += text;
  }
}

const NODE_EVENT = {
  kind: 'node',
  event: { type: 'nodeDataChanged', path: '/a', zxid: zxidOf(19n) },
} as const;
const CONNECTED = {
  kind: 'state',
  event: { type: 'connected', server: 'h:1', sessionId: 1n as never, resumed: false },
} as const;

describe('the text form', () => {
  const text = (options = {}): [Recorder, TextPrinter] => {
    const recorder = new Recorder();
    return [recorder, new TextPrinter(recorder, { connection: true, usage: true, ...options })];
  };

  it('has results on stdout and remarks on stderr', () => {
    const [recorder, printer] = text();
    printer.reply('x', { lines: ['one', 'two'], notes: ['Created /a'], json: null });
    expect(recorder).to.include({ stdout: 'one\ntwo\n', stderr: 'Created /a\n' });
  });

  it('has events as Apache has them', () => {
    const [recorder, printer] = text();
    printer.event(NODE_EVENT);
    printer.event(CONNECTED);
    printer.event({ kind: 'watchRemoved', watch: 'Child', path: '/a' });
    expect(recorder.stdout).to.equal(
      '\nWATCHER::\n\nWatchedEvent state:SyncConnected type:NodeDataChanged path:/a zxid: 19\n' +
        '\nWATCHER::\n\nWatchedEvent state:SyncConnected type:None path:null zxid: -1\n' +
        '\nWATCHER::\n\nWatchedEvent state:SyncConnected type:ChildWatchRemoved path:/a zxid: -1\n',
    );
  });

  it('can be silent about the connection', () => {
    const [recorder, printer] = text({ connection: false });
    printer.banner('Connecting to h:1');
    printer.event(CONNECTED);
    expect(recorder.stdout).to.equal('');
  });

  it('answers an unknown command with all usages in a script, with one line at a prompt', () => {
    const error = new ShellError('UNKNOWNCOMMAND', 'Command not found: x', { before: 'usages' });
    const [script, printer] = text();
    printer.failure('x', error, 127, undefined);
    expect(script.stderr).to.equal('usages\nCommand not found: x\n');
    const [prompt, promptPrinter] = text({ usage: false });
    promptPrinter.failure('x', error, 127, undefined);
    expect(prompt.stderr).to.equal('Command not found: x\nhelp lists the commands.\n');
  });

  it('has colours only where they are shown', () => {
    const recorder = new Recorder(true);
    new TextPrinter(recorder, { connection: true, usage: true }).failure('x', new Error('bad'), 1, undefined);
    expect(recorder.stderr).to.equal('\u001b[31mbad\u001b[39m\n');
  });
});

describe('the JSON form', () => {
  it('has one object in a line for each command', () => {
    const recorder = new Recorder();
    const printer = new JsonPrinter(recorder);
    printer.banner('Welcome');
    printer.note('remark');
    printer.reply('get', { lines: ['x'], json: { data: 'x' } });
    printer.failure('get', new KeeperError('NONODE', '/a'), 1, '/a');
    printer.failure('get', new KeeperError('CONNECTIONLOSS'), 1, '/b');
    expect(
      recorder.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).to.deep.equal([
      { command: 'get', ok: true, exitCode: 0, result: { data: 'x' }, notes: ['remark'] },
      {
        command: 'get',
        ok: false,
        exitCode: 1,
        error: { code: 'NONODE', path: '/a', message: 'Node does not exist: /a' },
      },
      {
        command: 'get',
        ok: false,
        exitCode: 1,
        error: { code: 'CONNECTIONLOSS', path: '/b', message: 'KeeperErrorCode = ConnectionLoss for /b' },
      },
    ]);
    expect(recorder.stderr).to.equal('');
  });

  it('has events as objects, but not that the session begins', () => {
    const recorder = new Recorder();
    const printer = new JsonPrinter(recorder);
    printer.event(CONNECTED);
    printer.event(NODE_EVENT);
    expect(JSON.parse(recorder.stdout)).to.deep.equal({
      event: { type: 'nodeDataChanged', path: '/a', zxid: '0x13' },
    });
  });
});

describe('the sentence for an error', () => {
  const rows: [code: ErrorName, sentence: string][] = [
    ['NONODE', 'Node does not exist: /p'],
    ['NODEEXISTS', 'Node already exists: /p'],
    ['NOTEMPTY', 'Node not empty: /p'],
    ['BADVERSION', 'version No is not valid : /p'],
    ['NOAUTH', 'Insufficient permission : /p'],
    ['NOCHILDRENFOREPHEMERALS', 'Ephemerals cannot have children: /p'],
    ['INVALIDACL', 'Acl is not valid : /p'],
    ['BADARGUMENTS', 'Arguments are not valid : /p'],
    ['NOTREADONLY', 'Not a read-only call: /p'],
    ['QUOTAEXCEEDED', 'Quota has exceeded : /p'],
    ['NOWATCHER', 'KeeperErrorCode = No such watcher for /p'],
    ['SESSIONEXPIRED', 'KeeperErrorCode = Session expired for /p: type connect for a new session'],
  ];
  for (const [code, sentence] of rows) {
    it(code, () => expect(errorText(new KeeperError(code, '/p'))).to.equal(sentence));
  }

  it('has what the client found wrong', () => {
    expect(errorText(new KeeperError('BADARGUMENTS', '/p', 'a request of 9 bytes'))).to.equal(
      'Arguments are not valid : /p: a request of 9 bytes',
    );
  });

  it('says what to check when there is no connection', () => {
    const refused = new KeeperError('CONNECTIONLOSS', '/p', 'zk1:2181: connect ECONNREFUSED 10.0.0.1:2181');
    expect(errorText(refused))
      .to.match(/^KeeperErrorCode = ConnectionLoss for \/p: zk1:2181: connect ECONNREFUSED/)
      .and.include('no server listens there; compare host and port with clientPort');
  });
});
