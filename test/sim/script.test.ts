/** Runs as scripts: those in which a property was broken once, and what a script is good for. */
import { expect } from 'chai';
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Build } from './mutants/build.js';
import { MUTANTS } from './mutants/table.js';
import { optionsOf } from './options.js';
import { play, record, runSeed } from './run.js';
import { isScript, readScript, type Script } from './script.js';

const SCRIPTS = resolve(import.meta.dirname, '../../../test/sim/scripts');
const SEED = 3;
const SEEDS = [
  ['with several decisions in one turn', 4],
  ['with crashes that come a little later', SEED],
  ['with an operator who changes who takes part', 18],
] as const;

/** As it comes back from a file. */
function copyOf(script: Script): Script {
  const copy: unknown = JSON.parse(JSON.stringify(script));
  if (!isScript(copy)) throw new Error('It is no script any more.');
  return copy;
}

describe('scripts of the simulator', function () {
  this.timeout(60_000);

  for (const file of existsSync(SCRIPTS) ? readdirSync(SCRIPTS) : []) {
    const path = join(SCRIPTS, file);
    const script = readScript(path);
    it(`keep every property in ${file}, in which ${script.property} was broken`, () => {
      const { failure } = play(script);
      if (failure !== undefined) throw new Error(failure.report);
    });
    const mutant = MUTANTS.find(({ id }) => id === script.mutant);
    if (mutant === undefined) continue;
    it(`and still break ${script.property} on ${mutant.id} (${mutant.what})`, async () => {
      using build = Build.broken(mutant.id, mutant.edits);
      expect(await build.replay(path)).to.equal(script.property);
    });
  }

  it('are recorded without a change of what happens', () => {
    expect(record(optionsOf(SEED)).outcome.hash).to.equal(runSeed(SEED).hash);
  });

  for (const [what, seed] of SEEDS)
    it(`are what happened, to the last event, ${what}`, () => {
      const options = optionsOf(seed);
      const { outcome, decisions } = record(options);
      const script: Script = { property: 'none', options, delays: seed, decisions };
      expect(play(copyOf(script)).hash).to.equal(outcome.hash);
    });

  it('repeat themselves, with even delays, too', () => {
    const { decisions } = record(optionsOf(SEED));
    expect(decisions.some(({ who }) => who.startsWith('c'))).to.equal(true);
    for (const delays of [SEED, 'even'] as const) {
      const script: Script = { property: 'none', options: optionsOf(SEED), delays, decisions };
      const { hash, agreed } = play(script);
      expect(play(script).hash).to.equal(hash);
      expect(agreed).to.be.greaterThan(10);
    }
  });

  it('do what they say and nothing else: without decisions no client asks for anything', () => {
    const script: Script = { property: 'none', options: optionsOf(SEED), delays: SEED, decisions: [] };
    const { coverage, failure } = play(script);
    expect(failure).to.equal(undefined);
    expect(coverage.get('crash with unsynced operations')).to.equal(undefined);
  });
});
