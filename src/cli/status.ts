/**
 * Why this file exists: `zkServer.sh status` must tell whether a server serves, with nothing but Node.js installed.
 */
import { connect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import type { ConfigLocation, ServerConfig } from '../config/index.js';
import { ExitCode, loadConfig, readTls } from '../config/index.js';
import { describeFailure } from './failure.js';

const ANSWER_MS_MAX = 5000;

/** Asks the server of a configuration for its mode, prints the answer and returns the exit code. */
export async function printStatus(location: ConfigLocation): Promise<number> {
  try {
    const { port, address, socket } = clientPort(loadConfig(location).config);
    const secure = socket !== plainSocket;
    console.log(`Client port found: ${port}. Client address: ${address}. Client SSL: ${secure}.`);
    const answer = await ask('srvr', () => socket(address, port));
    const mode = /^Mode: .*$/m.exec(answer)?.[0];
    if (mode === undefined) {
      // ZooKeeper says the first for both. Scripts that look for its beginning find that of the other as well.
      if (answer === '') console.log('Error contacting service. It is probably not running.');
      else
        console.log(
          'Error contacting service. It is running, but serves nobody: it has no leader, or begins or ends.',
        );
      return ExitCode.UNEXPECTED;
    }
    console.log(mode);
    return ExitCode.OK;
  } catch (error) {
    const { message, exitCode } = describeFailure(error);
    console.error(message);
    return exitCode;
  }
}

/** The answer to a four-letter word; empty if nobody answers. */
export async function fourLetterWord(word: string, host: string, port: number): Promise<string> {
  return ask(word, () => plainSocket(host, port));
}

interface ClientPort {
  readonly port: number;
  readonly address: string;
  readonly socket: (host: string, port: number) => Socket;
}

/** The plain port; the one for TLS if there is no other. */
function clientPort(config: ServerConfig): ClientPort {
  const { clientPort: plain, clientPortAddress, secureClient, clientTls } = config;
  if (plain !== undefined)
    return { port: plain, address: clientPortAddress ?? 'localhost', socket: plainSocket };
  if (secureClient === undefined || clientTls === undefined) throw new Error('unreachable: no client port');
  const { context } = readTls(clientTls);
  return {
    port: secureClient.port,
    address: secureClient.address ?? 'localhost',
    // The server's own certificate stands for that of a client. Who answers is of no interest: nothing is told to it.
    socket: (host, port) => tlsConnect({ ...context, host, port, rejectUnauthorized: false }),
  };
}

function plainSocket(host: string, port: number): Socket {
  return connect(port, host);
}

async function ask(word: string, open: () => Socket): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = open();
    socket.write(word);
    socket.setEncoding('utf8').setTimeout(ANSWER_MS_MAX, () => socket.destroy());
    socket.on('data', (text: string) => (answer += text));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      resolve(answer);
    });
  });
}
