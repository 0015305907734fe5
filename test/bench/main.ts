/**
 * `npm run bench`: pipelined load against our server, and with `--apache` in turn against Apache's, each a process of
 * its own with its data on disk. Prints a table; quote ratios and medians, machines are noisy.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { startServer, type Flavour } from '../interop/server.js';
import type { LoadResult } from './load.js';

const run = promisify(execFile);
const LOAD = fileURLToPath(new URL('./load.js', import.meta.url));

const HELP = `npm run bench -- heal [options]   how fast an ensemble heals; see heal --help
npm run bench -- [options]
  --ops get,set,create   operations, one after the other   (get,set,create)
  --connections N        client connections                (8)
  --window N             requests outstanding on each      (128)
  --seconds N            time measured per operation       (3)
  --size N               bytes of data                     (100)
  --rounds N             repetitions, the median is shown  (3)
  --apache               measure Apache ZooKeeper as well, in the same run
  --cpu-prof             leave a CPU profile of our server in the current directory`;

const [command, ...more] = process.argv.slice(2);
const { values } = parseArgs({
  args: command === 'heal' ? [] : process.argv.slice(2),
  options: {
    ops: { type: 'string', default: 'get,set,create' },
    connections: { type: 'string', default: '8' },
    window: { type: 'string', default: '128' },
    seconds: { type: 'string', default: '3' },
    size: { type: 'string', default: '100' },
    rounds: { type: 'string', default: '3' },
    apache: { type: 'boolean', default: false },
    'cpu-prof': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (command === 'heal') await (await import('./heal.js')).heal(more);
else if (values.help) console.log(HELP);
else await main();

async function main(): Promise<void> {
  const flavours: Flavour[] = values.apache ? ['zabkeeper', 'apache'] : ['zabkeeper'];
  const results = new Map<string, LoadResult[]>();
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const flavour of flavours) {
      await using server = await startServer({
        flavour,
        config: { maxClientCnxns: 0 },
        ...(values['cpu-prof']
          ? { env: { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${process.cwd()}` } }
          : {}),
      });
      for (const op of values.ops.split(',')) {
        const { connections, window, seconds, size } = values;
        const args = [LOAD, server.host, String(server.port), op, connections, window, seconds, size];
        const { stdout } = await run(process.execPath, args);
        const result = JSON.parse(stdout) as LoadResult;
        const key = `${op}\t${flavour}`;
        results.set(key, [...(results.get(key) ?? []), result]);
      }
    }
  }
  console.log('op\tserver\tper second (median)\tp50 ms\tp99 ms\terrors');
  for (const [key, runs] of results) {
    const median = (of: (r: LoadResult) => number): number =>
      runs.map(of).sort((a, b) => a - b)[Math.floor(runs.length / 2)] ?? 0;
    const errors = runs.reduce((sum, r) => sum + r.errors, 0);
    console.log(
      `${key}\t${median((r) => r.perSecond)}\t${median((r) => r.p50Ms).toFixed(2)}\t${median((r) => r.p99Ms).toFixed(2)}\t${errors}`,
    );
  }
}
