/** Runs as scripts: those in which a property was broken once, and what a script is good for. */
import { expect } from 'chai';
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { optionsOf } from './options.js';
import { play, record, runSeed } from './run.js';
import { readScript, type Script } from './script.js';

const SCRIPTS = resolve(import.meta.dirname, '../../../test/sim/scripts');
const SEED = 3;

describe('scripts of the simulator', function () {
  this.timeout(60_000);

  for (const file of existsSync(SCRIPTS) ? readdirSync(SCRIPTS) : [])
    it(`keep every property in ${file}, in which one was broken`, () => {
      const { failure } = play(readScript(join(SCRIPTS, file)));
      if (failure !== undefined) throw new Error(failure.report);
    });

  it('are recorded without a change of what happens', () => {
    expect(record(optionsOf(SEED)).outcome.hash).to.equal(runSeed(SEED).hash);
  });

  it('are what happened, for their first thousand events', () => {
    const [free, played]: [string[], string[]] = [[], []];
    runSeed(SEED, {}, (line) => free.push(line));
    const { decisions } = record(optionsOf(SEED));
    const script: Script = { property: 'none', options: optionsOf(SEED), delays: SEED, decisions };
    play(script, (line) => played.push(line));
    expect(free).to.have.length.greaterThan(1000);
    expect(played.slice(0, 1000)).to.deep.equal(free.slice(0, 1000));
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
