/** `npm run fuzz -- [--seed N] [--runs N] [--connections N] [--seconds N]`: bounded, seeded, says the seed. */
import { parseArgs } from 'node:util';
import { Random } from '../helpers/random.js';
import { fuzzDecoders, fuzzServer } from './fuzz.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    runs: { type: 'string', default: '50000' },
    connections: { type: 'string', default: '5000' },
    seconds: { type: 'string', default: '60' },
  },
});
const seed = Number(values.seed);
const started = performance.now();
const stopAt = started + Number(values.seconds) * 1000;
console.log(`Fuzzing with --seed ${seed}, for ${values.seconds} s at most.`);
try {
  let inputs = 0;
  const random = new Random(seed);
  for (
    ;
    inputs < Number(values.runs) && performance.now() < started + (stopAt - started) / 2;
    inputs += 1000
  ) {
    fuzzDecoders(random, 1000);
  }
  console.log(`${inputs} inputs into every decoder: nothing but decode errors came out.`);
  const connections = await fuzzServer(new Random(seed), Number(values.connections), stopAt);
  console.log(`${connections} connections into a running server: the other client noticed nothing.`);
} catch (error) {
  console.error(error);
  console.error(
    `Again: npm run fuzz -- --seed ${seed} --runs ${values.runs} --connections ${values.connections}`,
  );
  process.exitCode = 1;
}
