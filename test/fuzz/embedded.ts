/**
 * Strangers on the client port of a server in this process, one after the other, beside a client that must not notice:
 * what `npm test` has of the live fuzzer.
 */
import { connect, startServer } from '../../src/index.js';
import type { Random } from '../helpers/random.js';
import { clientSpeech, say } from './strangers.js';
import { FuzzFailure } from './target.js';

/** Heap and buffers may grow by this much over a run, whatever was sent. */
const GROWTH_BYTES_MAX = 256 * 1024 * 1024;

/** Throws when the well-behaved client notices any of so many strangers. */
export async function fuzzServer(random: Random, connections: number): Promise<void> {
  await using server = await startServer({ properties: { tickTime: '200' } });
  await using control = await connect({ servers: server.connectString });
  await control.create('/control', '0');
  const before = process.memoryUsage();
  for (let done = 0; done < connections; done++) {
    const speech = clientSpeech(random);
    await say(random, server.port, speech);
    const value = `value ${done}`;
    const { version } = await control.setData('/control', value);
    const { data } = await control.getData('/control');
    if (data?.toString() !== value || version !== done + 1) {
      throw new FuzzFailure(
        'the other client',
        speech.opening,
        `it read ${String(data)} at version ${version}`,
      );
    }
  }
  const after = process.memoryUsage();
  const growth = after.heapUsed + after.external - before.heapUsed - before.external;
  if (growth > GROWTH_BYTES_MAX)
    throw new Error(`Memory grew by ${growth} bytes over ${connections} connections.`);
}
