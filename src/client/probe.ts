/** Asks a server, without a session, whether it accepts writes: the four-letter word `isro`. */
import net from 'node:net';
import tls from 'node:tls';
import type { ServerAddress } from './serverList.js';

/** @returns false also for a server that does not answer in time */
export function acceptsWrites(
  server: ServerAddress,
  tlsOptions: tls.ConnectionOptions | undefined,
  limitMs: number,
): Promise<boolean> {
  return new Promise((resolve) => {
    const target = { host: server.host, port: server.port };
    const socket = tlsOptions === undefined ? net.connect(target) : tls.connect({ ...tlsOptions, ...target });
    let answer = '';
    socket.setTimeout(limitMs, () => socket.destroy());
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
      if (answer.length >= 2) socket.destroy();
    });
    socket.on('close', () => resolve(answer.startsWith('rw')));
    socket.write('isro');
  });
}
