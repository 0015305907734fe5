/**
 * The client against a real server: the embedded one, or the one that ZK_TEST_CONNECT names (`host:port`), which may
 * be another implementation; it must have TTLs switched on.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import {
  connect,
  KeeperError,
  MultiError,
  OneShotWatch,
  parseConnectString,
  Perms,
  type ClientOptions,
  type ErrorName,
  type GapEvent,
  type NodeEvent,
  type ZooKeeper,
} from '../../src/client/index.js';
import { startServer, type RunningServer } from '../../src/index.js';

/** A way to the server that can be cut. */
class Proxy implements AsyncDisposable {
  cut = false;
  readonly #sockets = new Set<net.Socket>();
  readonly #server: net.Server;

  private constructor(target: string) {
    const [{ host, port } = { host: '', port: 0 }] = parseConnectString(target).servers;
    this.#server = net.createServer((inner) => {
      if (this.cut) {
        inner.destroy();
        return;
      }
      const outer = net.connect({ host, port });
      for (const [socket, other] of [
        [inner, outer],
        [outer, inner],
      ] as const) {
        this.#sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          this.#sockets.delete(socket);
          other.destroy();
        });
        socket.pipe(other);
      }
    });
  }

  static async to(target: string): Promise<Proxy> {
    const proxy = new Proxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get address(): string {
    const address: string | AddressInfo | null = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy does not listen');
    return `127.0.0.1:${address.port}`;
  }

  /** Breaks what there is. */
  break(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.break();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

async function rejectionWith(code: ErrorName, promise: Promise<unknown>): Promise<KeeperError> {
  try {
    await promise;
  } catch (error) {
    if (!(error instanceof KeeperError)) throw error;
    expect(error.code).to.equal(code);
    return error;
  }
  throw new Error(`a rejection with ${code} was expected`);
}

async function nextState(zk: ZooKeeper, type: string): Promise<void> {
  if (zk.state === type) return;
  for await (const event of zk.states()) if (event.type === type) return;
}

async function removeTree(zk: ZooKeeper, path: string): Promise<void> {
  for (const child of (await zk.getChildren(path)).children) await removeTree(zk, `${path}/${child}`);
  await zk.delete(path);
}

async function take<T>(stream: AsyncIterable<T>, count: number): Promise<T[]> {
  const events: T[] = [];
  for await (const event of stream) if (events.push(event) === count) break;
  return events;
}

function brief(event: NodeEvent | GapEvent): string {
  return `${event.type} ${event.path}`;
}

describe('the client against a real server', () => {
  let server: RunningServer | undefined;
  let target: string;
  let root: string;
  let zk: ZooKeeper;
  let tests = 0;

  const clientTo = (address: string, options: Partial<ClientOptions> = {}): Promise<ZooKeeper> =>
    connect({ servers: address, retryDelayMsMin: 20, retryDelayMsMax: 100, ...options });

  before(async () => {
    const given = process.env['ZK_TEST_CONNECT'];
    if (given === undefined) {
      server = await startServer({ port: 0, properties: { extendedTypesEnabled: 'true' } });
      target = `127.0.0.1:${server.port}`;
    } else {
      target = given;
    }
  });

  after(async () => {
    await server?.[Symbol.asyncDispose]();
  });

  beforeEach(async () => {
    root = `/client-test-${process.pid}-${++tests}`;
    zk = await clientTo(target);
    await zk.create(root);
  });

  afterEach(async () => {
    try {
      await removeTree(zk, root);
    } finally {
      await zk.close();
    }
  });

  it('creates, reads, changes and deletes a znode', async () => {
    const path = await zk.create(`${root}/a`, 'one');
    expect(path).to.equal(`${root}/a`);
    const { data, stat } = await zk.getData(path);
    expect(data?.toString()).to.equal('one');
    expect(stat).to.include({ version: 0, dataLength: 3, ephemeralOwner: 0n });
    expect(await zk.setData(path, Buffer.from([1, 2]), { version: 0 })).to.include({
      version: 1,
      dataLength: 2,
    });
    await rejectionWith('BADVERSION', zk.setData(path, '', { version: 0 }));
    await rejectionWith('BADVERSION', zk.delete(path, { version: 0 }));
    await rejectionWith('NODEEXISTS', zk.create(path));
    await rejectionWith('NONODE', zk.create(`${root}/missing/b`));
    await rejectionWith('NOTEMPTY', zk.delete(root));
    await zk.delete(path, { version: 1 });
    expect(await zk.exists(path)).to.equal(null);
    await rejectionWith('NONODE', zk.getData(path));
  });

  it('keeps null apart from no bytes', async () => {
    await zk.create(`${root}/null`, null);
    await zk.create(`${root}/empty`, '');
    expect((await zk.getData(`${root}/null`)).data).to.equal(null);
    expect((await zk.getData(`${root}/empty`)).data).to.deep.equal(Buffer.alloc(0));
  });

  it('creates all kinds of znodes', async () => {
    const ephemeral = await zk.createWithStat(`${root}/e`, '', { ephemeral: true });
    expect(ephemeral.stat.ephemeralOwner).to.equal(zk.sessionId);
    await rejectionWith('NOCHILDRENFOREPHEMERALS', zk.create(`${root}/e/child`));
    expect(await zk.create(`${root}/s-`, '', { sequential: true })).to.match(/s-\d{10}$/);
    expect(await zk.create(`${root}/es-`, '', { ephemeral: true, sequential: true })).to.match(/es-\d{10}$/);
    expect(await zk.create(`${root}/c`, '', { container: true })).to.equal(`${root}/c`);
    expect(await zk.create(`${root}/t`, '', { ttlMs: 60_000 })).to.equal(`${root}/t`);
    expect(await zk.create(`${root}/ts-`, '', { ttlMs: 60_000, sequential: true })).to.match(/ts-\d{10}$/);
    const { children, stat } = await zk.getChildren(root);
    expect(children).to.have.length(6);
    expect(stat.numChildren).to.equal(6);
    expect(await zk.getAllChildrenNumber(root)).to.equal(6);
    expect((await zk.getEphemerals(root)).sort()).to.have.length(2);
  });

  it('keeps the order of thousands of requests under way', async () => {
    const names = Array.from({ length: 3000 }, (_, i) => `${root}/n-${i}-`);
    const created = Promise.all(names.map((name) => zk.create(name, name, { sequential: true })));
    const counted = zk.getAllChildrenNumber(root);
    const paths = await created;
    expect(await counted).to.equal(3000);
    expect(paths.map((path) => Number(path.slice(-10)))).to.deep.equal(names.map((_, i) => i));
    const read = await Promise.all(paths.map((path) => zk.getData(path)));
    expect(read.map(({ data }) => data?.toString())).to.deep.equal(names);
    await Promise.all(paths.map((path) => zk.delete(path)));
  });

  it('carries out a multi as a whole, or not at all', async () => {
    const [created, set, checked, deleted] = await zk.multi([
      { type: 'create', path: `${root}/m`, data: '1', ephemeral: true },
      { type: 'setData', path: `${root}/m`, data: '2', version: 0 },
      { type: 'check', path: `${root}/m`, version: 1 },
      { type: 'delete', path: `${root}/m` },
    ]);
    expect(created.path).to.equal(`${root}/m`);
    expect(set.stat.version).to.equal(1);
    expect([checked.type, deleted.type]).to.deep.equal(['check', 'delete']);
    const error = await rejectionWith(
      'NONODE',
      zk.multi([
        { type: 'create', path: `${root}/x` },
        { type: 'check', path: `${root}/missing` },
        { type: 'create', path: `${root}/y` },
      ]),
    );
    if (!(error instanceof MultiError)) throw error;
    expect(error.index).to.equal(1);
    expect(error.results.map(({ code }) => code)).to.deep.equal(['OK', 'NONODE', 'RUNTIMEINCONSISTENCY']);
    expect(await zk.exists(`${root}/x`)).to.equal(null);
    expect(await zk.multi([])).to.deep.equal([]);
    await zk.check(root, { version: 0 });
    await rejectionWith('BADVERSION', zk.check(root, { version: 9 }));
  });

  it('reads several znodes in one request', async () => {
    await zk.create(`${root}/a`, 'data');
    const results = await zk.multiRead([
      { type: 'getData', path: `${root}/a` },
      { type: 'getData', path: `${root}/missing` },
      { type: 'getChildren', path: root },
    ]);
    expect(results.map(({ type }) => type)).to.deep.equal(['getData', 'error', 'getChildren']);
    const [first, second, third] = results;
    if (first?.type === 'getData') expect(first.data?.toString()).to.equal('data');
    if (second?.type === 'error')
      expect(second.error).to.include({ code: 'NONODE', path: `${root}/missing` });
    if (third?.type === 'getChildren') expect(third.children).to.deep.equal(['a']);
  });

  it('sees access lists at work', async () => {
    await using other = await clientTo(target);
    await zk.addAuth('digest', 'user:secret');
    const mine = [{ perms: Perms.all, id: { scheme: 'auth', id: '' } }];
    await zk.create(`${root}/mine`, 'x', { acl: mine });
    await rejectionWith('NOAUTH', other.getData(`${root}/mine`));
    await other.addAuth('digest', 'user:secret');
    expect((await other.getData(`${root}/mine`)).data?.toString()).to.equal('x');
    const { acl, stat } = await zk.getAcl(`${root}/mine`);
    expect(acl[0]?.id.scheme).to.equal('digest');
    expect(acl[0]?.id.id).to.match(/^user:/);
    const readers = [{ perms: Perms.read, id: { scheme: 'world', id: 'anyone' } }, ...acl];
    expect(await zk.setAcl(`${root}/mine`, readers, { version: stat.aversion })).to.include({ aversion: 1 });
    await rejectionWith('INVALIDACL', zk.setAcl(`${root}/mine`, []));
    const users = (await zk.whoAmI()).map(({ authScheme, user }) => `${authScheme}:${user}`);
    expect(users).to.include('digest:user');
  });

  it('leaves one-shot watches', async () => {
    const path = `${root}/w`;
    const created = new OneShotWatch();
    expect(await zk.exists(path, { watch: created })).to.equal(null);
    const children = new OneShotWatch();
    await zk.getChildren(root, { watch: children });
    await zk.create(path);
    expect(brief(await created.event)).to.equal(`nodeCreated ${path}`);
    expect(brief(await children.event)).to.equal(`nodeChildrenChanged ${root}`);
    const changed = new OneShotWatch();
    await zk.getData(path, { watch: changed });
    expect(await zk.checkWatches(path, 'data')).to.equal(true);
    let replied = false;
    const order: string[] = [];
    const off = zk.on('watchEvent', (event) => order.push(`${brief(event)} ${replied ? 'late' : 'early'}`));
    await zk.setData(path, 'new').then(() => (replied = true));
    off();
    expect(order).to.deep.equal([`nodeDataChanged ${path} early`]);
    expect(brief(await changed.event)).to.equal(`nodeDataChanged ${path}`);
    expect(await zk.checkWatches(path, 'any')).to.equal(false);
    const removed = new OneShotWatch();
    await zk.getData(path, { watch: removed });
    await zk.removeWatches(path, 'data');
    await rejectionWith('NOWATCHER', removed.event);
    await rejectionWith('NOWATCHER', zk.removeWatches(path, 'data'));
  });

  it('streams the events of a subtree until the loop is left', async () => {
    const events = take(zk.watch(root, { recursive: true }), 4);
    await zk.create(`${root}/a`);
    await zk.create(`${root}/a/b`, 'x');
    await zk.setData(`${root}/a/b`, 'y');
    await zk.delete(`${root}/a/b`);
    expect((await events).map(brief)).to.deep.equal([
      `nodeCreated ${root}/a`,
      `nodeCreated ${root}/a/b`,
      `nodeDataChanged ${root}/a/b`,
      `nodeDeleted ${root}/a/b`,
    ]);
    expect(await zk.checkWatches(root, 'any')).to.equal(false);
  });

  it('streams the events of one znode, its children included', async () => {
    const stream = zk.watch(root);
    await stream.ready;
    const other = take(zk.watch(root), 2);
    await zk.create(`${root}/a`);
    await zk.setData(root, 'x');
    const expected = [`nodeChildrenChanged ${root}`, `nodeDataChanged ${root}`];
    expect((await other).map(brief)).to.deep.equal(expected);
    // The other loop has ended, and took nothing from this one.
    await zk.setData(root, 'y');
    expect((await take(stream, 3)).map(brief)).to.deep.equal([...expected, `nodeDataChanged ${root}`]);
    expect(await zk.checkWatches(root, 'any')).to.equal(false);
  });

  it('keeps session, ephemerals, identities and watches over a broken connection', async () => {
    await using proxy = await Proxy.to(target);
    await using client = await clientTo(proxy.address, { auth: [{ scheme: 'digest', auth: 'a:b' }] });
    await client.create(`${root}/e`, '', { ephemeral: true });
    // Only who is known as a:b may change it.
    const acl = [
      { perms: Perms.all, id: { scheme: 'auth', id: '' } },
      { perms: Perms.read, id: { scheme: 'world', id: 'anyone' } },
    ];
    await client.create(`${root}/private`, '', { acl });
    const changed = new OneShotWatch();
    await client.getData(root, { watch: changed });
    const appeared = new OneShotWatch();
    await client.exists(`${root}/later`, { watch: appeared });
    const stream = client.watch(root, { recursive: true });
    await stream.ready;
    const { sessionId } = client;

    proxy.cut = true;
    proxy.break();
    await nextState(client, 'disconnected');
    const waiting = client.setData(`${root}/private`, 'x');
    await zk.setData(root, 'missed');
    await zk.create(`${root}/later`);
    proxy.cut = false;

    expect((await waiting).version).to.equal(1);
    expect(client.sessionId).to.equal(sessionId);
    expect(brief(await changed.event)).to.equal(`nodeDataChanged ${root}`);
    expect(brief(await appeared.event)).to.equal(`nodeCreated ${root}/later`);
    expect((await zk.exists(`${root}/e`))?.ephemeralOwner).to.equal(sessionId);
    await zk.setData(`${root}/later`, 'seen');
    // The recursive watch on the root hears of what the one-shot watches were caught up with as well.
    for await (const event of stream) if (event.type === 'gap') break;
    await client.close();
    expect(await zk.exists(`${root}/e`)).to.equal(null);
  });

  it('goes on streaming behind the gap', async () => {
    await using proxy = await Proxy.to(target);
    await using client = await clientTo(proxy.address);
    const stream = client.watch(root, { recursive: true });
    await stream.ready;
    proxy.break();
    await nextState(client, 'disconnected');
    await nextState(client, 'connected');
    await client.create(`${root}/a`);
    expect((await take(stream, 2)).map(brief)).to.deep.equal([`gap ${root}`, `nodeCreated ${root}/a`]);
  });

  it('learns of the end of its session', async () => {
    await using proxy = await Proxy.to(target);
    await using client = await clientTo(proxy.address);
    await client.create(`${root}/e`, '', { ephemeral: true });
    proxy.cut = true;
    proxy.break();
    await nextState(client, 'disconnected');
    const { sessionId, password } = client;
    const heir = await clientTo(target, { session: { sessionId, password } });
    expect(heir.sessionId).to.equal(sessionId);
    await heir.close();
    const waiting = client.getData(root);
    proxy.cut = false;
    await rejectionWith('SESSIONEXPIRED', waiting);
    expect(client.state).to.equal('expired');
    expect(await zk.exists(`${root}/e`)).to.equal(null);
  });

  it('lives below a chroot', async () => {
    await using client = await clientTo(`${target}${root}`);
    expect(await client.create('/a', 'x')).to.equal('/a');
    expect((await client.getChildren('/')).children).to.deep.equal(['a']);
    const events = take(client.watch('/', { recursive: true }), 2);
    await client.create('/e-', '', { ephemeral: true, sequential: true });
    expect(await client.getEphemerals()).to.deep.equal(['/e-0000000001']);
    const [created] = await client.multi([{ type: 'create', path: '/a/b' }]);
    expect(created.path).to.equal('/a/b');
    expect((await events).map(brief)).to.deep.equal(['nodeCreated /e-0000000001', 'nodeCreated /a/b']);
    expect(await zk.exists(`${root}/a/b`)).not.to.equal(null);
  });

  it('does the rest', async () => {
    await zk.sync(root);
    expect(await zk.ping()).to.be.greaterThan(0);
    expect((await zk.getConfig()).stat.dataLength).to.be.at.least(0);
    await rejectionWith('RECONFIGDISABLED', zk.reconfig({ leaving: [1] }));
    await zk.create(`${root}/a`);
    await rejectionWith('NONODE', zk.getAllChildrenNumber(`${root}/b`));
  });

  describe('the examples of the documentation', () => {
    /** A program of docs/examples under way. */
    interface Program {
      readonly child: ChildProcess;
      readonly lines: string[];
      readonly ended: Promise<unknown>;
    }
    const programs: Program[] = [];

    function run(name: string, ...args: string[]): Program {
      const file = fileURLToPath(new URL(`../../docs/examples/${name}.js`, import.meta.url));
      const child = spawn(process.execPath, [file, target, ...args], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const lines: string[] = [];
      createInterface(child.stdout).on('line', (line) => lines.push(line));
      const program = { child, lines, ended: once(child, 'close') };
      programs.push(program);
      return program;
    }

    async function untilSaid(program: Program, text: string): Promise<void> {
      while (!program.lines.some((line) => line.startsWith(text))) {
        if (program.child.exitCode !== null) throw new Error(`it ended without saying '${text}'`);
        await sleep(10);
      }
    }

    it('client.md: all snippets run, and print what they say', async () => {
      const page = await readFile(new URL('../../../docs/client.md', import.meta.url), 'utf8');
      const imports = new Set<string>();
      const bodies: string[] = [];
      const said: string[] = [];
      for (const [, code = ''] of page.matchAll(/```ts\n(.*?)```/gs)) {
        const body = code.replace(
          /^import \{ (.*) \} from 'zabkeeper\/client';$/gm,
          (_line, names: string) => {
            for (const name of names.split(', ')) imports.add(name);
            return '';
          },
        );
        for (const [, expected = ''] of body.matchAll(/console\.log\(.*\/\/ (.*)$/gm)) said.push(expected);
        // The snippets go on with a client that each of them gets anew.
        const own = body.includes('const zk =');
        const client = `const zk = await connect({ servers: 'localhost:2181' });`;
        bodies.push(`{ ${own ? '' : client} ${body} ${own ? '' : 'await zk.close();'} }`);
      }
      expect(bodies).to.have.length.greaterThan(6);
      imports.add('connect');
      const program =
        `import { ${[...imports].join(', ')} } from 'zabkeeper/client';\n${bodies.join('\n')}`.replaceAll(
          'localhost:2181',
          `${target}${root}`,
        );
      const cwd = fileURLToPath(new URL('../../../', import.meta.url));
      const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
        cwd,
      });
      for (const expected of said) {
        for (const part of expected.split(', ')) expect(stdout).to.contain(part);
      }
    });

    afterEach(() => {
      for (const { child } of programs.splice(0)) child.kill('SIGKILL');
    });

    it('lock: one holds it at a time', async () => {
      const all = [1, 2, 3].map(() => run('lock', `${root}/lock`, '100'));
      await Promise.all(all.map(({ ended }) => ended));
      const times = all
        .map(({ lines }) => lines.slice(1).map((line) => Number(line.split(' ')[1])))
        .sort(([a = 0], [b = 0]) => a - b)
        .flat();
      expect(times).to.have.length(6);
      expect(times).to.deep.equal([...times].sort((a, b) => a - b));
    });

    it('leaderElection: the next one follows', async () => {
      const first = run('leaderElection', `${root}/election`, 'one');
      await untilSaid(first, 'leading as one');
      const second = run('leaderElection', `${root}/election`, 'two');
      await untilSaid(second, 'following, next after one');
      first.child.kill('SIGTERM');
      await untilSaid(second, 'leading as two');
      second.child.kill('SIGTERM');
      await Promise.all([first.ended, second.ended]);
      expect([first.child.exitCode, second.child.exitCode]).to.deep.equal([0, 0]);
    });

    it('watchTree: the copy follows the tree', async () => {
      await zk.create(`${root}/a`, '1');
      const program = run('watchTree', root);
      await untilSaid(program, 'watching 2 znodes');
      await zk.setData(`${root}/a`, '2');
      await untilSaid(program, `changed ${root}/a "2"`);
      await zk.delete(`${root}/a`);
      await untilSaid(program, `removed ${root}/a`);
      program.child.kill('SIGTERM');
      await program.ended;
      expect(program.lines.at(-1)).to.equal('1 znodes in the end');
    });
  });
});
