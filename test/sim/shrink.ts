/** Makes a failing run small: as few decisions as still break the same property, with plain options and delays. */
import { NO_FAULTS, optionsOf, type SimOptions } from './options.js';
import { play, record } from './run.js';
import type { Decision, Script } from './script.js';

/** Other delays that are tried when those of the seed do not do any more. */
const OTHER_DELAYS = [1, 2, 3];

/** @param say told how it goes @returns undefined when the seed does not fail, or not once it is a script */
export function shrink(seed: number, say: (line: string) => void = () => undefined): Script | undefined {
  const { outcome, decisions } = record(optionsOf(seed));
  if (outcome.failure === undefined) return undefined;
  const { property } = outcome.failure;
  const whole: Script = { property, options: optionsOf(seed), delays: seed, decisions };
  let script = [whole, ...OTHER_DELAYS.map((delays) => ({ ...whole, delays }))].find(fails);
  if (script === undefined) return undefined;
  say(`${property}: ${decisions.length} decisions`);
  for (;;) {
    const before = size(script);
    script = withoutWhole(script, say);
    script = withFewerDecisions(script, say);
    script = withPlainOptions(script);
    if (size(script) >= before) break;
  }
  return rounded(script);
}

function fails(script: Script): boolean {
  return play(script).failure?.property === script.property;
}

function size({ decisions, options, delays }: Script): number {
  return decisions.length * 10 + JSON.stringify(options).length + (delays === 'even' ? 0 : 1);
}

/** Leaves out whole clients and kinds of faults. */
function withoutWhole(from: Script, say: (line: string) => void): Script {
  let script = from;
  const kindOf = ({ who, what }: Decision): string => (who === 'faults' ? what : who);
  for (const kind of new Set(from.decisions.map(kindOf))) {
    const without = script.decisions.filter((decision) => kindOf(decision) !== kind);
    script = failing(script, without, OTHER_DELAYS) ?? script;
  }
  say(`${script.decisions.length} decisions`);
  return script;
}

/** Delta debugging: leaves out larger parts first, then smaller ones. */
function withFewerDecisions(from: Script, say: (line: string) => void): Script {
  let script = from;
  for (let parts = 2; parts <= 2 * script.decisions.length; parts *= 2) {
    const length = Math.max(1, Math.ceil(script.decisions.length / parts));
    for (let at = 0; at < script.decisions.length;) {
      const without = [...script.decisions.slice(0, at), ...script.decisions.slice(at + length)];
      // Other delays make up for what goes with a large part; for the small ones that would take too long.
      const smaller = failing(script, without, parts <= 8 ? OTHER_DELAYS : []);
      if (smaller === undefined) at += length;
      else script = smaller;
    }
    say(`${script.decisions.length} decisions`);
  }
  return script;
}

function failing(
  script: Script,
  decisions: readonly Decision[],
  others: readonly number[],
): Script | undefined {
  return [script.delays, ...others].map((delays) => ({ ...script, delays, decisions })).find(fails);
}

function withPlainOptions(from: Script): Script {
  let script = from;
  const attempt = (candidate: Script): void => {
    if (fails(candidate)) script = candidate;
  };
  const options = (changes: Partial<SimOptions>): void =>
    attempt({ ...script, options: { ...script.options, ...changes } });
  options({ faults: NO_FAULTS });
  options({ drift: 0 });
  options({ favours: false });
  options({ readOnlyMode: false });
  const last = Math.max(1, ...script.decisions.map(({ who }) => Number(/^c(\d+)$/.exec(who)?.[1] ?? 0)));
  if (script.options.reconfig === undefined) options({ clients: last });
  options({ safetyMs: Math.ceil((script.decisions.at(-1)?.at ?? 0) + 1000) });
  attempt({ ...script, delays: 'even' });
  return script;
}

/** Times and draws as nobody minds to read them, if that makes no difference. */
function rounded(script: Script): Script {
  const decisions = script.decisions.map(({ at, draws, ...rest }) => ({
    ...rest,
    at: Math.round(at * 10) / 10,
    draws: draws.map((draw) => Math.round(draw * 1000) / 1000),
  }));
  const candidate = { ...script, decisions };
  return fails(candidate) ? candidate : script;
}
