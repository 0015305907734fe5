/** A short run of the fuzzer with a new seed each time; `npm run fuzz` is the long one. */
import { fuzzDecoders, fuzzServer } from '../fuzz/fuzz.js';
import { Random } from '../helpers/random.js';

const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000_000);

describe(`bent input (FUZZ_SEED=${SEED})`, () => {
  it('makes no decoder throw anything but a decode error', () => {
    fuzzDecoders(new Random(SEED), 300);
  });

  it('goes unnoticed by the other clients of a server', async () => {
    await fuzzServer(new Random(SEED), 100);
  });
});
