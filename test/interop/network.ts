/**
 * Sockets the tests need beside the clients': free ports, one four-letter word, and a network that can fail.
 *
 * The proxy is how a session is made to expire honestly: the client lives, its server hears nothing from it and
 * no FIN tells either side. That is what a real partition looks like to both.
 */
import { once } from 'node:events';
import * as net from 'node:net';

export const LOOPBACK = '127.0.0.1';

/** Handed out by this process, though perhaps not yet in use. */
const handedOut = new Set<number>();

/** A port nobody listens on, and which stays free while its server is restarted. */
export async function freePort(): Promise<number> {
  return freePortRange(1);
}

/**
 * The first of `count` consecutive free ports, for programs that count upwards from a base.
 *
 * Below the range from which the kernel picks ports for outgoing connections: a client that keeps trying to reach a
 * stopped server on a port of that range ends up connected to itself, and the server cannot have its port back.
 */
export async function freePortRange(count: number): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const base = 10_000 + Math.floor(Math.random() * 20_000);
    const ports = Array.from({ length: count }, (_, index) => base + index);
    if (ports.some((port) => handedOut.has(port))) continue;
    const free = await Promise.all(ports.map(canListen));
    if (!free.every(Boolean)) continue;
    for (const port of ports) handedOut.add(port);
    return base;
  }
  throw new Error(`found no ${count} consecutive free ports`);
}

/** Sends a four-letter word and returns all that came back before the server closed. */
export async function fourLetterWord(port: number, word: string, limitMs = 5000): Promise<string> {
  const socket = net.connect({ host: LOOPBACK, port });
  const timer = setTimeout(
    () => socket.destroy(new Error(`no answer to ${word} within ${limitMs} ms`)),
    limitMs,
  );
  try {
    socket.setEncoding('utf8');
    socket.write(word);
    let answer = '';
    for await (const text of socket) answer += String(text);
    return answer;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

/** A TCP relay to a server on this machine which can go silent. */
export class Proxy implements AsyncDisposable {
  readonly port: number;
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  #silent = false;

  private constructor(server: net.Server, targetPort: number) {
    this.#server = server;
    this.port = portOf(server);
    server.on('connection', (client) => this.#relay(client, targetPort));
  }

  static async to(targetPort: number): Promise<Proxy> {
    const server = net.createServer({ allowHalfOpen: true });
    server.listen(0, LOOPBACK);
    await once(server, 'listening');
    return new Proxy(server, targetPort);
  }

  get connectString(): string {
    return `${LOOPBACK}:${this.port}`;
  }

  /** From now on nothing passes: open connections stay open, new ones are accepted and never answered. */
  partition(): void {
    this.#silent = true;
    for (const socket of this.#sockets) socket.pause();
  }

  /** Resets what the partition left behind, as a network does that comes back; new connections pass again. */
  heal(): void {
    this.#silent = false;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #relay(client: net.Socket, targetPort: number): void {
    this.#track(client);
    if (this.#silent) {
      client.pause();
      return;
    }
    const upstream = net.connect({ host: LOOPBACK, port: targetPort, allowHalfOpen: true });
    this.#track(upstream);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on('data', (chunk) => to.write(chunk));
      from.on('end', () => {
        if (!this.#silent) to.end();
      });
      from.on('close', () => {
        // During a partition the other side must not learn that this one is gone.
        if (!this.#silent) to.destroy();
      });
    }
  }

  #track(socket: net.Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
  }
}

async function canListen(port: number): Promise<boolean> {
  const server = net.createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, LOOPBACK, () => server.close(() => resolve(true)));
  });
}

function portOf(server: net.Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not a TCP server');
  return address.port;
}
