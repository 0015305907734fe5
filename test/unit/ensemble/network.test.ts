/** Why this file exists: a network that fails otherwise than it says would make the ensemble's tests prove nothing. */
import { once } from 'node:events';
import * as net from 'node:net';
import { expect } from 'chai';
import { apacheCallback, Network } from '../../ensemble/network.js';
import { freePort, LOOPBACK } from '../../interop/network.js';
import { sleep, until } from '../../interop/process.js';

/** Answers each chunk with itself, and remembers what it got. */
class Echo implements AsyncDisposable {
  readonly port: number;
  heard = '';
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();

  private constructor(server: net.Server, port: number) {
    this.#server = server;
    this.port = port;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        this.heard += chunk.toString();
        socket.write(chunk);
      });
    });
  }

  static async start(port: number): Promise<Echo> {
    const server = net.createServer();
    server.listen(port, LOOPBACK);
    await once(server, 'listening');
    return new Echo(server, port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

class Caller implements Disposable {
  heard = '';
  /** How the connection ended: an error code, or `end`. */
  ended: string | undefined;
  readonly socket: net.Socket;

  constructor(port: number) {
    this.socket = net.connect({ host: LOOPBACK, port, noDelay: true });
    this.socket.on('data', (chunk) => (this.heard += chunk.toString()));
    this.socket.on('error', (error: NodeJS.ErrnoException) => (this.ended ??= error.code));
    this.socket.on('close', () => (this.ended ??= 'end'));
  }

  async says(text: string): Promise<void> {
    this.socket.write(text);
    await until(`the answer to ${text}`, 2000, () => this.heard.endsWith(text));
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

/** Longer than anything takes here that is not held. */
const MOMENT_MS = 80;

describe('the network between servers', () => {
  /** Server 1 calls server 2 behind a proxy. */
  async function setup(): Promise<{ network: Network; echo: Echo; port: number } & AsyncDisposable> {
    const network = new Network();
    const echo = await Echo.start(await freePort());
    const port = await network.link(1, 2, echo.port);
    await opened(port);
    const dispose = async (): Promise<void> => {
      await network[Symbol.asyncDispose]();
      await echo[Symbol.asyncDispose]();
    };
    return { network, echo, port, [Symbol.asyncDispose]: dispose };
  }

  async function opened(port: number): Promise<void> {
    await until('the proxy listens', 2000, async () => {
      using caller = new Caller(port);
      await Promise.race([once(caller.socket, 'connect'), once(caller.socket, 'close')]).catch(
        () => undefined,
      );
      return caller.socket.readyState === 'open';
    });
  }

  it('passes bytes both ways, and the end of either side', async () => {
    await using world = await setup();
    using caller = new Caller(world.port);
    await caller.says('hello');
    caller.socket.end();
    await until('the end', 2000, () => caller.ended);
    expect(caller.ended).to.equal('end');
  });

  it('refuses connections while nobody listens behind it, and breaks those that were there', async () => {
    await using world = await setup();
    using caller = new Caller(world.port);
    await caller.says('hello');
    await world.echo[Symbol.asyncDispose]();
    await until('the end', 2000, () => caller.ended);
    await sleep(MOMENT_MS);
    using refused = new Caller(world.port);
    await until('the refusal', 2000, () => refused.ended);
    expect(refused.ended).to.equal('ECONNREFUSED');
    const again = await Echo.start(world.echo.port);
    await opened(world.port);
    await again[Symbol.asyncDispose]();
  });

  it('loses what one side says while it is held, in that direction alone, and delivers it late', async () => {
    await using world = await setup();
    using caller = new Caller(world.port);
    await caller.says('before');
    world.network.hold(2, 1);
    caller.socket.write(' there');
    await until('it to arrive', 2000, () => world.echo.heard === 'before there');
    await sleep(MOMENT_MS);
    expect(caller.heard).to.equal('before');
    world.network.hold(1, 2);
    caller.socket.write(' nowhere');
    await sleep(MOMENT_MS);
    expect(world.echo.heard).to.equal('before there');
    expect(caller.ended).to.equal(undefined);
    world.network.heal();
    await until('all to arrive', 2000, () => caller.heard === 'before there nowhere');
  });

  it('does not tell of an end across a held passage', async () => {
    await using world = await setup();
    using caller = new Caller(world.port);
    await caller.says('hello');
    world.network.isolate(1, 'silent');
    await world.echo[Symbol.asyncDispose]();
    await sleep(MOMENT_MS);
    expect(caller.ended).to.equal(undefined);
    world.network.heal();
    await until('the end', 2000, () => caller.ended);
  });

  it('takes new connections across a held passage, answers nothing, and resets them when it opens', async () => {
    await using world = await setup();
    world.network.hold(1, 2);
    using caller = new Caller(world.port);
    caller.socket.write('hello');
    await sleep(MOMENT_MS);
    expect([world.echo.heard, caller.ended]).to.deep.equal(['', undefined]);
    world.network.heal();
    await until('the reset', 2000, () => caller.ended);
    expect(caller.ended).to.equal('ECONNRESET');
    expect(world.echo.heard).to.equal('');
  });

  it('resets and refuses connections across a cut, until it is healed', async () => {
    await using world = await setup();
    using caller = new Caller(world.port);
    await caller.says('hello');
    world.network.cut(2, 1);
    await until('the reset', 2000, () => caller.ended);
    using refused = new Caller(world.port);
    await until('the refusal', 2000, () => refused.ended);
    expect([caller.ended, refused.ended]).to.deep.equal(['ECONNRESET', 'ECONNREFUSED']);
    world.network.heal();
    await opened(world.port);
  });

  it('takes its time where it is told to', async () => {
    await using world = await setup();
    using caller = new Caller(world.port);
    await caller.says('quick');
    world.network.delay(1, 2, 100);
    const start = performance.now();
    await caller.says('slow');
    expect(performance.now() - start).to.be.within(95, 1000);
  });

  it('lets no more through in a second than it is told to, and all of it at once when it is healed', async () => {
    await using world = await setup();
    using caller = new Caller(world.port);
    await caller.says('wide');
    world.network.throttle(1, 2, 1000);
    const start = performance.now();
    await caller.says('x'.repeat(200));
    expect(performance.now() - start).to.be.within(190, 2000);
    const healed = performance.now();
    const behind = caller.says('y'.repeat(5000));
    world.network.heal();
    await behind;
    expect(performance.now() - healed).to.be.lessThan(2000);
  });

  it('puts the address of a proxy where Apache’s servers say how to call back', () => {
    const address = Buffer.from('127.0.0.1:3888');
    const message = Buffer.alloc(20 + address.length + 3, 7);
    message.writeBigInt64BE(-65536n, 0);
    message.writeBigInt64BE(2n, 8);
    message.writeInt32BE(address.length, 16);
    address.copy(message, 20);
    const rewrite = apacheCallback(10_001);
    expect(rewrite(message.subarray(0, 19))).to.equal(undefined);
    expect(rewrite(message.subarray(0, 30))).to.equal(undefined);
    const changed = rewrite(message);
    expect(changed?.subarray(0, 16)).to.deep.equal(message.subarray(0, 16));
    expect(changed?.readInt32BE(16)).to.equal('127.0.0.1:10001'.length);
    expect(changed?.subarray(20).toString('latin1')).to.equal('127.0.0.1:10001\x07\x07\x07');
  });
});
