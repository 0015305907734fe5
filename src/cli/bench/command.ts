/** The command `zabkeeper bench`: what it is called with. The work is in run.ts, loaded when it is called. */
import { InvalidArgumentError, type Command } from 'commander';
import { addTlsOptions, type TlsArguments } from '../clientTls.js';

/** Options of the command, as commander hands them over. */
export interface BenchArguments extends TlsArguments {
  readonly server: string;
  readonly connections?: number;
  readonly depth?: number;
  readonly seconds?: number;
  readonly warmup?: number;
  readonly size?: number;
  readonly count?: number;
  readonly pid?: readonly number[];
  readonly keep: boolean;
  readonly json: boolean;
  readonly check: boolean;
  readonly dir: string;
}

const SCENARIOS = `
Scenarios:
  get         getData of one znode per connection
  set         setData of one znode per connection
  create      create, with names that count up
  create-es   create of ephemeral sequential znodes
  ls          getChildren of one znode with --count children (100)
  mixed       nine getData, then one setData
  multi       multi of check, setData, create and delete
  connect     open --count sessions (10000)
  idle        --count sessions (10000) that only ping
  watch       --count sessions (1000) that watch one znode: the time until the last one is notified
  fill        create --count znodes (1000000)

Without a scenario: get, set, create, create-es, ls, mixed and multi. Everything is made under a znode of its own,
/zabkeeper-bench-..., and removed again unless --keep is given.`;

const EXAMPLES = `
Examples:
  $ zabkeeper bench                                         the usual ones against 127.0.0.1:2181
  $ zabkeeper bench get set --connections 1 --depth 1       how long one request takes
  $ zabkeeper bench set --server zk1:2181,zk2:2181,zk3:2181 connections spread over an ensemble
  $ zabkeeper bench fill --count 100000 --pid $(pgrep -f zoo.cfg)
  $ zabkeeper bench --check --dir /var/lib/zookeeper        is this machine good enough for a server?

It makes as much load as it can: not for a server that others need.
Exit codes: 0 measured, 1 failed or, with --check, not good enough, 2 bad arguments.`;

/** Adds the command to the program. */
export function addBench(program: Command): void {
  const command = program
    .command('bench')
    .summary('measure a server, or whether a machine is good enough for one')
    .description(
      'Measures how much a ZooKeeper server does, any that speaks the protocol, and how fast; or with --check the disk and the processors of this machine.',
    )
    .argument('[scenario...]', 'what to measure, one after the other')
    .option('-s, --server <list>', 'host:port, several separated by commas', '127.0.0.1:2181')
    .option('-c, --connections <n>', 'client connections (16; connect: how many at a time)', positive)
    .option('-d, --depth <n>', 'requests outstanding on each connection (64; ls, mixed, multi 16)', positive)
    .option('--seconds <n>', 'time measured per scenario (5)', seconds)
    .option('--warmup <n>', 'seconds of the same load before that (1)', seconds)
    .option('--size <bytes>', 'data in a znode (100)', whole)
    .option('--count <n>', 'how many znodes, children, sessions or watchers', positive)
    .option('--pid <list>', 'processes of the server on this machine: prints their CPU time and memory', pids)
    .option('--keep', 'leave the znodes that were made', false)
    .option('--json', 'print one JSON array of results', false)
    .option('--check', 'measure the disk and the processors of this machine instead', false)
    .option('--dir <dir>', 'with --check: where the log of the server is or will be', '.')
    .addHelpText('after', SCENARIOS + '\n' + EXAMPLES)
    .action(async (names: string[], options: BenchArguments) => {
      const { runBench } = await import('./run.js');
      process.exitCode = await runBench(names, options);
    });
  addTlsOptions(command);
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError('It has to be a whole number.');
  return value;
}

function positive(text: string): number {
  const value = whole(text);
  if (value === 0) throw new InvalidArgumentError('It has to be at least 1.');
  return value;
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value >= 0 && value <= 86_400)) throw new InvalidArgumentError('It has to be 0 to 86400 seconds.');
  return value;
}

function pids(text: string): number[] {
  return text.split(/[\s,]+/).map(positive);
}
