/** A short run of the simulator with seeds that never change; `npm run sim` goes on with others, the gate with 1,000. */
import { expect } from 'chai';
import { runSeed } from './run.js';

const SEEDS = 60;
const PER_TEST = 20;
describe('the simulated ensemble', function () {
  this.timeout(120_000);

  for (let first = 1; first <= SEEDS; first += PER_TEST) {
    it(`keeps every property in seeds ${first} to ${first + PER_TEST - 1}`, () => {
      for (let seed = first; seed < first + PER_TEST; seed++) {
        const { failure } = runSeed(seed);
        if (failure !== undefined) throw new Error(failure.report);
      }
    });
  }

  it('shows nobody in read-only mode the state of a snapshot that replaces what is watched', () => {
    expect(runSeed(609).failure?.report).to.equal(undefined);
  });

  it('repeats a seed exactly', () => {
    expect(runSeed(7).hash).to.equal(runSeed(7).hash);
  });
});
