/**
 * `npm run fuzz -- [--list] [--target NAME]... [--inputs N | --seconds N] [--seed N] [--keep]`: the parsers, as many side by
 * side as there are processors, and each for ten seconds unless --inputs is given.
 * `npm run fuzz -- --live [--servers 3] [--impostors] --minutes N`: every port of running servers.
 * `npm run fuzz -- --files [--rounds N] [--seed N]`: damaged files of a stopped server.
 * A failure prints the input and the line that repeats it.
 */
import { parseArgs } from 'node:util';
import { fuzzLive } from './live.js';
import { targetNamed } from './parserRun.js';
import { fuzzSideBySide } from './sideBySide.js';
import { fuzzFiles } from './storedFiles.js';
import { targets } from './targets/index.js';

/** Where nobody says how many: as many as --seconds allow. */
const INPUTS_MAX = 10_000_000;

const HELP = `npm run fuzz -- [options]
  --list            name the parsers
  --target NAME     this parser; several times for several            (all)
  --inputs N        so many inputs for each                           (as many as --seconds allow)
  --seconds N       for so long each, unless --inputs is given        (10)
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
    seconds: { type: 'string', default: '10' },
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
const seconds = values.inputs === undefined ? Number(values.seconds) : undefined;

if (values.help) console.log(HELP);
else if (values.list) list();
else if (values.live) await live();
else if (values.files) await files();
else await parsers();

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

async function parsers(): Promise<void> {
  const names = values.target ?? targets.map(({ name }) => name);
  const { keep } = values;
  console.log(`Fuzzing ${names.length} of ${targets.length} parsers with --seed ${seed}.`);
  const tasks = names.map((name) => ({ target: targetNamed(name).name, seed, inputs, seconds, keep }));
  if ((await fuzzSideBySide(tasks)) > 0) process.exitCode = 1;
}
