/**
 * Why this file exists: the shell as its users have it, against a server of ours: single commands and their exit codes, a
 * pipe, JSON, the prompt with history and completion, and what is said when there is no server.
 */
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { ShellConnection } from '../../src/cli/shell/connection.js';
import { HistoryFile } from '../../src/cli/shell/historyFile.js';
import { Terminal } from '../../src/cli/shell/lines.js';
import { TextPrinter } from '../../src/cli/shell/printer.js';
import { Shell } from '../../src/cli/shell/shell.js';
import { connect, startServer, type RunningServer } from '../../src/index.js';

const SCRIPT = fileURLToPath(new URL('../../../scripts/zkCli.sh', import.meta.url));

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

describe('zabkeeper cli', () => {
  let server: RunningServer;
  let dir = '';
  before(async () => {
    server = await startServer({
      properties: { enforceQuota: 'true' },
    });
  });
  after(async () => {
    await server.close();
  });
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'zabkeeper-cli-'));
  });
  afterEach(() => {
    rmSync(dir, { recursive: true });
  });

  /** Through the script, from another directory, as a person would. */
  async function cli(
    args: readonly string[],
    options: { input?: string; servers?: string; env?: Record<string, string> } = {},
  ): Promise<Outcome> {
    const link = join(dir, 'zkCli.sh');
    symlinkSync(SCRIPT, link);
    const child = spawn(link, ['-server', options.servers ?? server.connectString, ...args], {
      cwd: dir,
      env: {
        ...process.env,
        NODE: process.execPath,
        HOME: dir,
        CLIENT_JVMFLAGS: '',
        JVMFLAGS: '',
        ...options.env,
      },
      timeout: 15_000,
      stdio: 'pipe',
    });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    child.stdin.end(options.input ?? '');
    await once(child, 'close');
    rmSync(link);
    return { code: child.exitCode, out, err };
  }

  describe('with a command', () => {
    it('says what Apache says, on the same streams', async () => {
      expect(await cli(['create', '/one', 'hello'])).to.deep.equal({
        code: 0,
        out:
          `Connecting to ${server.connectString}\n\nWATCHER::\n\n` +
          'WatchedEvent state:SyncConnected type:None path:null zxid: -1\n',
        err: 'Created /one\n',
      });
    });

    it('says nothing else with --quiet', async () => {
      await cli(['create', '/quiet', 'hello']);
      expect(await cli(['--quiet', 'get', '/quiet'])).to.deep.equal({ code: 0, out: 'hello\n', err: '' });
    });

    it('ends with the exit code of the command', async () => {
      const codes = await Promise.all(
        [['stat', '/'], ['stat', '/missing'], ['stat'], ['nonsense']].map((words) => run(words)),
      );
      expect(codes).to.deep.equal([0, 1, 1, 127]);
    });

    it('passes data on as it is, flags of a virtual machine too', async () => {
      expect(await cli(['create', '/flags', '-Dx=1'])).to.include({ code: 1 });
      expect(await cli(['create', '--', '/flags', '-Dx=1'])).to.include({ code: 0 });
      expect((await cli(['-q', 'get', '/flags'])).out).to.equal('-Dx=1\n');
    });

    it('sees the tree below a chroot', async () => {
      await cli(['create', '/app']);
      const servers = `${server.connectString}/app`;
      expect(await cli(['create', '/inner'], { servers })).to.include({ err: 'Created /inner\n' });
      expect((await cli(['-q', 'ls', '-R', '/app'])).out).to.equal('/app\n/app/inner\n');
      expect(await cli(['setquota', '-n', '5', '/inner'], { servers })).to.include({
        code: 1,
        err: 'Quotas are kept above the chroot /app; connect without it and name /app/inner\n',
      });
    });

    it('leaves the session of an ephemeral to its timeout, and ends others', async () => {
      await using zk = await connect({ servers: server.connectString });
      await cli(['-timeout', '20000', 'create', '-e', '/mine']);
      expect(await zk.exists('/mine'))
        .to.have.property('ephemeralOwner')
        .not.equal(0n);
      await cli([], { input: 'create -e /gone\nquit\n' });
      expect(await zk.exists('/gone')).to.equal(null);
    });

    it('refuses wrong options with 2, and says where to look', async () => {
      for (const args of [['--nonsense'], ['-timeout', 'soon'], ['-client-configuration', '/no/such/file']]) {
        const { code, out, err } = await cli([...args, 'ls', '/']);
        expect({ code, out }, args.join(' ')).to.deep.equal({ code: 2, out: '' });
        expect(err).to.not.equal('');
      }
    });

    async function run(words: readonly string[]): Promise<number | null> {
      const child = spawn(SCRIPT, ['-server', server.connectString, ...words], { stdio: 'ignore' });
      await once(child, 'close');
      return child.exitCode;
    }
  });

  describe('without a server', () => {
    it('names the address and what to check, and does not wait for the timeout', async () => {
      const port = await unusedPort();
      const started = Date.now();
      const { code, err } = await cli(['get', '/a'], { servers: `127.0.0.1:${port}` });
      expect(code).to.equal(1);
      expect(err)
        .to.match(
          new RegExp(`^KeeperErrorCode = ConnectionLoss for /a: 127\\.0\\.0\\.1:${port}: .*ECONNREFUSED`),
        )
        .and.include('no server listens there; compare host and port');
      expect(Date.now() - started).to.be.below(5000);
    });

    it('waits with -waitforconnection, up to the timeout', async () => {
      const servers = `127.0.0.1:${await unusedPort()}`;
      const { code, err } = await cli(['-timeout', '400', '-waitforconnection', 'ls', '/'], { servers });
      expect(code).to.equal(1);
      expect(err).to.match(/^KeeperErrorCode = ConnectionLoss: /);
    });

    it('finds the server that is there among several', async () => {
      const servers = `127.0.0.1:${await unusedPort()},${server.connectString}`;
      expect(await cli(['-q', 'get', '/zookeeper'], { servers })).to.include({ code: 0, out: '\n' });
    });

    it('cannot read a connect string', async () => {
      expect(await cli(['ls', '/'], { servers: 'host:port' })).to.deep.include({ code: 1 });
    });
  });

  describe('from a pipe', () => {
    it('runs line after line and ends with the code of the last', async () => {
      const { code, out, err } = await cli(['-q'], {
        input: 'create /pipe 1\n\nset /pipe 2\r\nget /pipe\nget /missing',
      });
      expect({ code, out, err }).to.deep.equal({
        code: 1,
        out: '2\n',
        err: 'Created /pipe\nNode does not exist: /missing\n',
      });
    });

    it('stops at quit', async () => {
      const input = 'get /missing\nquit\ncreate /behind-quit\n';
      expect(await cli(['-q'], { input })).to.deep.equal({
        code: 1,
        out: '',
        err: 'Node does not exist: /missing\n',
      });
      expect((await cli(['-q', 'stat', '/behind-quit'])).code).to.equal(1);
    });

    it('goes on after errors, closed sessions and new ones', async () => {
      const { out, err } = await cli(['-q'], {
        input: 'close\nls /zookeeper\nconnect\nls /zookeeper\nredo 1\nredo 77\n',
      });
      expect(out).to.equal('[config, quota]\n[config, quota]\n');
      expect(err).to.include('Not connected').and.include('Command index out of range');
    });

    it('deletes a tree in batches', async () => {
      const create = Array.from({ length: 25 }, (_, n) => `create /tree/${n}\ncreate /tree/${n}/x\n`).join(
        '',
      );
      await cli([], { input: `create /tree\n${create}` });
      const { out } = await cli(['--json', 'deleteall', '/tree', '-b', '4']);
      expect(JSON.parse(out)).to.deep.include({ ok: true, result: { deleted: 51 } });
    });

    it('tells of what a hard quota refuses', async () => {
      const { err } = await cli(['-q'], {
        input: 'create /limited\nsetquota -N 2 /limited\ncreate /limited/1\ncreate /limited/2\n',
      });
      expect(err).to.equal('Created /limited\nCreated /limited/1\nQuota has exceeded : /limited/2\n');
    });

    it('logs in by SASL when the server has none, without an identity', async () => {
      writeFileSync(
        join(dir, 'jaas.conf'),
        'Client { org.apache.zookeeper.server.auth.DigestLoginModule required username="bob" password="x"; };',
      );
      const env = { CLIENT_JVMFLAGS: `-Djava.security.auth.login.config=${dir}/jaas.conf` };
      expect(await cli(['-q', 'whoami'], { env })).to.include({
        code: 0,
        out: 'Auth scheme: User\nip: 127.0.0.1\n',
      });
    });
  });

  describe('with --json', () => {
    it('prints an object for each command and each event', async () => {
      const { code, out, err } = await cli(['--json'], {
        input:
          'create /json {"a":1}\nget -s -w /json\nset /json x\nls /json\nget /none\nsetAcl /json nonsense,world:anyone:cdrwa\n' +
          'getAcl /json\nremovewatches /json\nwhoami\nlistquota /json\n',
      });
      expect({ code, err }).to.deep.equal({ code: 0, err: '' });
      const lines = out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      const event = lines.findIndex((line) => 'event' in line);
      expect(lines.splice(event, 1)[0]).to.have.nested.include({
        'event.type': 'nodeDataChanged',
        'event.path': '/json',
      });
      const by = (index: number): Record<string, unknown> => lines[index] ?? {};
      expect(by(0)).to.deep.equal({ command: 'create', ok: true, exitCode: 0, result: { path: '/json' } });
      expect(by(1)).to.have.nested.include({ 'result.data': '{"a":1}', 'result.stat.version': 0 });
      expect(by(2)).to.have.nested.include({ command: 'set', 'result.stat.dataLength': 1 });
      expect(by(3)).to.deep.include({ result: { children: [] } });
      expect(by(4)).to.deep.equal({
        command: 'get',
        ok: false,
        exitCode: 1,
        error: { code: 'NONODE', path: '/none', message: 'Node does not exist: /none' },
      });
      expect(by(5)).to.deep.include({ ok: true, notes: ['nonsense does not have the form scheme:id:perm'] });
      expect(by(6)).to.deep.include({ result: { acl: [{ scheme: 'world', id: 'anyone', perms: 'cdrwa' }] } });
      expect(by(7)).to.have.nested.include({ 'error.code': 'NOWATCHER', 'error.path': '/json' });
      expect(by(8)).to.deep.include({ result: { identities: [{ scheme: 'ip', user: '127.0.0.1' }] } });
      expect(by(9)).to.deep.include({ result: { quota: null, stat: null } });
      expect(lines).to.have.lengthOf(10);
    });
  });

  describe('at a prompt', () => {
    /** A terminal made of streams. */
    class Person implements AsyncDisposable {
      readonly input = new PassThrough();
      readonly output = new PassThrough();
      readonly done: Promise<void>;
      screen = '';
      readonly #connection: ShellConnection;

      constructor(readonly historyFile: string) {
        this.output.setEncoding('utf8').on('data', (text: string) => (this.screen += text));
        const write = (text: string): void => void this.output.write(text);
        const terminal = new Terminal(
          { out: write, err: write, colour: { out: false, err: false } },
          { input: this.input, output: this.output, history: new HistoryFile(historyFile) },
        );
        const printer = new TextPrinter(terminal, { connection: true, usage: false });
        this.#connection = new ShellConnection(
          { servers: server.connectString, timeoutMs: 10_000, readOnly: false, wait: true },
          (event) => shell.printEvent(event),
        );
        const shell = new Shell(this.#connection, printer);
        this.done = this.#connection.connect().then(() => terminal.run(shell, this.#connection));
      }

      /** Types, and waits for something that was not on the screen before. */
      async type(keys: string, seen: string | RegExp): Promise<void> {
        this.screen = '';
        this.input.write(keys);
        await this.see(seen);
      }

      async see(seen: string | RegExp): Promise<void> {
        for (let tries = 0; tries < 300; tries++) {
          if (typeof seen === 'string' ? this.screen.includes(seen) : seen.test(this.screen)) return;
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        expect.fail(`${String(seen)} was not seen in: ${this.screen}`);
      }

      async [Symbol.asyncDispose](): Promise<void> {
        this.input.end();
        await this.done;
        await this.#connection.leave(false);
      }
    }

    it('shows where it stands, completes, prints events above the prompt and remembers', async () => {
      const file = join(dir, 'state', 'cli_history');
      await using zk = await connect({ servers: server.connectString });
      await zk.create('/prompt');
      await zk.create('/prompt/child', 'x');
      {
        await using person = new Person(file);
        await person.see(`[zk: ${server.connectString}(CONNECTED) 0] `);
        await person.type('getAl', 'getAl');
        await person.type('\t', 'lChildrenNumber ');
        await person.type('/pro\t', 'mpt');
        await person.type('\t', '/');
        await person.type('\t', 'child');
        await person.type('\r', /^0$/m);
        await person.see('(CONNECTED) 1] ');
        await person.type('get -w /prompt/child\r', '(CONNECTED) 2] ');
        await person.type('half a li', 'half a li');
        await zk.setData('/prompt/child', 'y');
        await person.see(
          /type:NodeDataChanged path:\/prompt\/child zxid: \d+\n.*\(CONNECTED\) 2\] .*half a li/s,
        );
        await person.type('\u0015addauth digest u:secret\r', '(CONNECTED) 3] ');
        await person.type('nonsense\r', 'help lists the commands.');
        await person.type('quit\r', 'quit');
        await person.done;
      }
      expect(readFileSync(file, 'utf8')).to.equal(
        'getAllChildrenNumber /prompt/child \nget -w /prompt/child\nnonsense\nquit\n',
      );
      await using again = new Person(file);
      await again.see('(CONNECTED) 0] ');
      await again.type('\u001b[A\u001b[A\u001b[A\r', /^y$/m);
    });

    it('clears a line by Ctrl-C and ends by Ctrl-D', async () => {
      const person = new Person(join(dir, 'cli_history'));
      await person.see('0] ');
      await person.type('ls /\u0003', /\n.*0\] /s);
      await person.type('\u0003', 'Ctrl-D, leaves');
      person.input.write('\u0004');
      await person[Symbol.asyncDispose]();
      expect(person.screen).to.not.include('[zookeeper]');
    });
  });
});

async function unusedPort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('the listener has no port');
  listener.close();
  return address.port;
}
