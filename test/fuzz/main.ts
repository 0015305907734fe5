/**
 * `npm run fuzz -- [--list] [--target NAME]... [--inputs N] [--seed N] [--keep]`: the parsers, each in turn, and for
 * ten seconds unless --inputs is given.
 * `npm run fuzz -- --live [--servers 3] [--impostors] --minutes N`: every port of running servers.
 * `npm run fuzz -- --files [--rounds N] [--seed N]`: damaged files of a stopped server.
 * A failure prints the input and the line that repeats it.
 */
import { parseArgs } from 'node:util';
import { readCorpus, writeCorpus } from './corpus.js';
import { fuzzLive } from './live.js';
import { fuzz } from './runner.js';
import { fuzzFiles } from './storedFiles.js';
import type { Target } from './target.js';
import { targets } from './targets/index.js';

/** Where nobody says how many: as many as these seconds allow. */
const INPUTS_MAX = 10_000_000;
const SECONDS = 10;

const HELP = `npm run fuzz -- [options]
  --list            name the parsers
  --target NAME     this parser; several times for several            (all)
  --inputs N        so many inputs for each                           (as many as take ten seconds)
  --seed N          what the inputs are made from                     (random)
  --keep            keep the inputs that led to something new in test/fuzz/corpus
  --files           damage files of a stopped server instead, and start it
  --rounds N        so often                                          (1000)
  --live            every port of running servers instead
  --servers N       1 or 3 of them                                    (1)
  --minutes N       for so long                                       (1)
  --impostors       some strangers claim to be members`;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    target: { type: 'string', multiple: true },
    inputs: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    keep: { type: 'boolean', default: false },
    files: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '1000' },
    live: { type: 'boolean', default: false },
    servers: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '1' },
    impostors: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
const inputs = values.inputs === undefined ? INPUTS_MAX : Number(values.inputs);
const seconds = values.inputs === undefined ? SECONDS : Infinity;

if (values.help) console.log(HELP);
else if (values.list) list();
else if (values.live) await live();
else if (values.files) await files();
else parsers();

function list(): void {
  for (const { name, doc } of targets) console.log(`${name.padEnd(16)} ${doc}`);
}

async function live(): Promise<void> {
  const { servers, minutes, impostors } = values;
  console.log(`Fuzzing ${servers} live for ${minutes} minutes with --seed ${seed}.`);
  const report = await fuzzLive({ servers: Number(servers), minutes: Number(minutes), seed, impostors });
  const { connections, bytes, before, after, znodes, witness } = report;
  console.log(`${connections} connections with ${bytes} bytes; ${znodes} znodes in the end.`);
  for (const [at, { rssBytes, descriptors }] of after.entries()) {
    const first = before[at];
    console.log(
      `Server ${at + 1}: ${mebibytes(first?.rssBytes)} MiB resident before, ${mebibytes(rssBytes)} after; ` +
        `${first?.descriptors ?? 0} descriptors before, ${descriptors} after.`,
    );
  }
  console.log(
    `The client beside them: ${witness.writes} writes, the slowest ${witness.slowestMs.toFixed(0)} ms, ${witness.lost} lost.`,
  );
}

async function files(): Promise<void> {
  console.log(`Damaging files ${values.rounds} times with --seed ${seed}.`);
  const startedAt = performance.now();
  const outcomes = await fuzzFiles(seed, Number(values.rounds), console.log);
  for (const [outcome, count] of [...outcomes].sort()) console.log(`${String(count).padStart(6)} ${outcome}`);
  console.log(`${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
}

function mebibytes(bytes = 0): string {
  return (bytes / 1048576).toFixed(0);
}

function parsers(): void {
  console.log(`Fuzzing with --seed ${seed}.`);
  console.log('target             inputs    accepted  inputs/s  outcomes  corpus');
  for (const target of chosen()) {
    try {
      run(target);
    } catch (error) {
      console.error(error);
      console.error(`Again: npm run fuzz -- --target ${target.name} --inputs ${inputs} --seed ${seed}`);
      process.exitCode = 1;
    } finally {
      target.close?.();
    }
  }
}

function chosen(): readonly Target[] {
  const names = values.target;
  if (names === undefined) return targets;
  return names.map((name) => {
    const found = targets.find((target) => target.name === name);
    if (found === undefined) throw new Error(`There is no target ${name}; --list names them.`);
    return found;
  });
}

function run(target: Target): void {
  const corpus = readCorpus(target.name);
  const result = fuzz(target, { seed, inputs, seconds, corpus, watched: true });
  const kept = values.keep ? writeCorpus(target.name, result.outcomes) : corpus.length;
  const share = `${((100 * result.accepted) / result.inputs).toFixed(1)} %`;
  const cells = [
    target.name.padEnd(14),
    String(result.inputs).padStart(10),
    share.padStart(11),
    (result.inputs / result.seconds).toFixed(0).padStart(9),
    String(result.outcomes.size).padStart(9),
    String(kept).padStart(7),
  ];
  console.log(cells.join(' '));
}
