/**
 * Why this file exists: `zkServer.sh status` must tell whether a server serves, with nothing but Node.js installed.
 */
import { connect } from 'node:net';
import type { ConfigLocation } from '../config/index.js';
import { ExitCode, loadConfig } from '../config/index.js';
import { describeFailure } from './failure.js';

const ANSWER_MS_MAX = 5000;

/** Asks the server of a configuration for its mode, prints the answer and returns the exit code. */
export async function printStatus(location: ConfigLocation): Promise<number> {
  try {
    const { clientPort, clientPortAddress: address = 'localhost' } = loadConfig(location).config;
    console.log(`Client port found: ${clientPort}. Client address: ${address}. Client SSL: false.`);
    const answer = await fourLetterWord('srvr', address, clientPort);
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
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, host, () => socket.write(word));
    socket.setEncoding('utf8').setTimeout(ANSWER_MS_MAX, () => socket.destroy());
    socket.on('data', (text: string) => (answer += text));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      resolve(answer);
    });
  });
}
