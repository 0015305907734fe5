/**
 * `npm run test:faults -- [--seed N] [--minutes M] [--servers 3|5] [--against apache] [--only NAME] [--rate N]`
 *
 * A run is repeated by its seed as far as processes can be: the faults are the same, in the same order; what they meet
 * is not. A run that fails leaves its history, and output and data of the servers, in a directory that it names.
 */
import { parseArgs } from 'node:util';
import { APACHE_BREAKS } from '../ensemble/known.js';
import type { Flavour } from '../interop/server.js';
import { Campaign } from './campaign.js';
import { Machine } from './machine.js';
import { report } from './report.js';

const HELP = `npm run test:faults -- [options]
  --seed N             what the faults are drawn from                 (random)
  --minutes M          how long faults go on                          (5)
  --servers 3|5        how many processes                             (3)
  --against apache     the same for Debian's Apache ZooKeeper
  --only TEXT          faults whose name contains this
  --rate N             operations per second of the load, at most     (1200)`;

const { values } = parseArgs({
  options: {
    help: { type: 'boolean', default: false },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    minutes: { type: 'string', default: '5' },
    servers: { type: 'string', default: '3' },
    against: { type: 'string', default: 'zabkeeper' },
    only: { type: 'string', default: '' },
    rate: { type: 'string', default: '1200' },
  },
});

if (values.help) {
  console.log(HELP);
  process.exit(0);
}

/** @throws Error naming the option and what it may be */
function numberOf(name: 'seed' | 'minutes' | 'servers' | 'rate', isFine: (value: number) => boolean): number {
  const value = Number(values[name]);
  if (!isFine(value)) throw new Error(`--${name} ${values[name]} makes no sense`);
  return value;
}

function flavourOf(name: string): Flavour {
  if (name === 'zabkeeper' || name === 'apache') return name;
  throw new Error(`--against ${name}: zabkeeper or apache`);
}

const seed = numberOf('seed', Number.isInteger);
const minutes = numberOf('minutes', (value) => value > 0);
const servers = numberOf('servers', (value) => value === 3 || value === 5);
const operationsPerSecond = numberOf('rate', (value) => value > 0);
const flavour = flavourOf(values.against);
const only = values.only === '' ? '' : ` --only '${values.only}'`;
const again = `npm run test:faults -- --seed ${seed} --minutes ${minutes} --servers ${servers} --against ${flavour} --rate ${operationsPerSecond}${only}`;
console.log(again);

const machine = new Machine(servers);
let failed = true;
try {
  await using campaign = await Campaign.start({
    seed,
    minutes,
    servers,
    flavour,
    operationsPerSecond,
    only: values.only,
    excused: flavour === 'apache' ? APACHE_BREAKS : [],
    machine,
  });
  await campaign.run();
  failed = campaign.failures.length > 0;
  if (failed) await campaign.keepAll();
  report(campaign);
} finally {
  machine.close(failed);
}
if (failed) console.log(`FAILED. What is left of it: ${machine.directory}\nAgain: ${again}`);
else console.log('Every promise was kept.');
// Connections of a load that never came to its end must not keep the process.
process.exit(failed ? 1 : 0);
