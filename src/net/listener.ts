/** Accepts connections on one port. */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export interface ListenOptions {
  readonly port: number;
  /** Undefined: every address. */
  readonly host: string | undefined;
  /** -1 leaves it to the system. */
  readonly backlog: number;
  readonly keepAlive: boolean;
  /** What an operator changes to listen elsewhere: by default the client port's options. */
  readonly settings?: { readonly port: string; readonly address: string };
}

/** A port cannot be listened on. The message says which and why. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  /** ZooKeeper ends with 1 when it cannot bind its client port. */
  readonly exitCode = 1;
}

export class Listener {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @throws ListenError when the port is taken, not allowed, or the address is not this machine's */
  static open(options: ListenOptions, accept: (socket: Socket) => void): Promise<Listener> {
    const server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: options.keepAlive }, accept);
    const backlog = options.backlog > 0 ? { backlog: options.backlog } : {};
    const host = options.host === undefined ? {} : { host: options.host };
    return new Promise((resolve, reject) => {
      server.once('error', (error) => reject(new ListenError(explain(options, error), { cause: error })));
      server.listen({ port: options.port, ...host, ...backlog }, () => {
        server.removeAllListeners('error');
        // A failed accept (no file descriptors left) must not end the server: the next one may succeed.
        server.on('error', () => undefined);
        resolve(new Listener(server));
      });
    });
  }

  /** Where it listens: the address as bound, and the port also when 0 was asked for. */
  get address(): AddressInfo {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('The listener is closed.');
    return address;
  }

  /** Accepts no more. Connections that exist live on. */
  close(): void {
    this.#server.close();
  }
}

function explain(options: ListenOptions, error: NodeJS.ErrnoException): string {
  const { port, address } = options.settings ?? { port: 'clientPort', address: 'clientPortAddress' };
  const where = `${options.host ?? 'any address'}, port ${options.port}`;
  switch (error.code) {
    case 'EADDRINUSE':
      return `Cannot listen on ${where}: another program uses it. Stop that program or change ${port}.`;
    case 'EACCES':
      return `Cannot listen on ${where}: this user may not. Use a port above 1023 or start with the right to bind it.`;
    case 'EADDRNOTAVAIL':
      return `Cannot listen on ${where}: the address is not one of this machine's. Correct ${address}.`;
    default:
      return `Cannot listen on ${where}: ${error.message}.`;
  }
}
