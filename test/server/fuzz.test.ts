/**
 * A short run of the fuzzer: the kept inputs, then some new ones with a new seed each time. `npm run fuzz` is the long
 * one.
 */
import { expect } from 'chai';
import { corpusNames, readCorpus } from '../fuzz/corpus.js';
import { fuzzServer } from '../fuzz/embedded.js';
import { fuzz, replay } from '../fuzz/runner.js';
import { fuzzSideBySide } from '../fuzz/sideBySide.js';
import { targets } from '../fuzz/targets/index.js';
import { Random } from '../helpers/random.js';

const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000_000);
const INPUTS = 300;

describe(`bent input (FUZZ_SEED=${SEED})`, () => {
  after(() => {
    for (const target of targets) target.close?.();
  });

  for (const target of targets) {
    it(`breaks nothing in ${target.name}: ${target.doc}`, () => {
      const corpus = readCorpus(target.name);
      // Who changes a parser so that they all end in the same place has a corpus to make anew: fuzz --keep.
      expect(replay(target, corpus).size, 'outcomes of the kept inputs').to.be.at.least(corpus.length / 2);
      expect(fuzz(target, { seed: SEED, inputs: INPUTS, corpus }).inputs).to.equal(INPUTS + corpus.length);
    });
  }

  it('is kept for every target, and for nothing else', () => {
    expect(corpusNames().sort()).to.deep.equal(targets.map(({ name }) => name).sort());
  });

  it('is given to several parsers side by side', async () => {
    const task = { seed: SEED, inputs: 600, seconds: undefined, keep: false };
    expect(
      await fuzzSideBySide(
        ['path', 'mark', 'words'].map((target) => ({ ...task, target })),
        () => undefined,
      ),
    ).to.equal(0);
  });

  it('goes unnoticed by the other clients of a server', async () => {
    await fuzzServer(new Random(SEED), 100);
  });
});
