/**
 * Why this file exists: an HTTP server that costs a port and nothing else until somebody connects: Node's HTTP, the
 * framework and what it serves are loaded then, and take 25 MiB that most servers of an ensemble never need.
 */
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Listener } from '../net/index.js';

export interface LazyHttpOptions {
  readonly port: number;
  readonly host: string | undefined;
  /** What an operator changes to listen elsewhere. */
  readonly settings: { readonly port: string; readonly address: string };
  /** Makes the server that gets the connections. It does not listen itself. */
  readonly load: () => Promise<HttpServer>;
  /** It could not be made. */
  readonly failed: (error: unknown) => void;
}

/** More at a time are refused: nobody needs them, and file descriptors are for clients. */
const CONNECTIONS_MAX = 100;

export class LazyHttp {
  readonly #options: LazyHttpOptions;
  readonly #sockets = new Set<Socket>();
  #listener: Listener | undefined;
  #server: Promise<HttpServer> | undefined;

  private constructor(options: LazyHttpOptions) {
    this.#options = options;
  }

  /** @throws ListenError when the port cannot be had */
  static async open(options: LazyHttpOptions): Promise<LazyHttp> {
    const http = new LazyHttp(options);
    const { port, host, settings } = options;
    http.#listener = await Listener.open({ port, host, backlog: -1, keepAlive: false, settings }, (socket) =>
      http.#accept(socket),
    );
    return http;
  }

  get address(): AddressInfo {
    if (this.#listener === undefined) throw new Error('It does not listen.');
    return this.#listener.address;
  }

  #accept(socket: Socket): void {
    // Whoever asks may be gone before there is somebody to answer.
    socket.on('error', () => socket.destroy());
    if (this.#sockets.size >= CONNECTIONS_MAX) return void socket.destroy();
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    this.#server ??= this.#options.load();
    this.#server.then(
      (server) => {
        if (!socket.destroyed) server.emit('connection', socket);
      },
      (error: unknown) => {
        socket.destroy();
        this.#server = undefined;
        this.#options.failed(error);
      },
    );
  }

  /** Frees the port at once and cuts who is connected. */
  close(): void {
    this.#listener?.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
