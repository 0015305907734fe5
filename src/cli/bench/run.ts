/** Runs `zabkeeper bench` and prints what it found. */
import {
  checkMachine,
  isScenarioName,
  runScenario,
  scenarioNames,
  usageOf,
  type RunOptions,
  type RunResult,
  type ScenarioName,
  type Target,
} from '../../bench/index.js';
import { KeeperError, parseConnectString } from '../../client/index.js';
import { ConfigError, ExitCode } from '../../config/index.js';
import { tlsOfArguments } from '../clientTls.js';
import type { BenchArguments } from './command.js';
import { header, progressLine, row } from './report.js';

const USUAL: readonly ScenarioName[] = ['get', 'set', 'create', 'create-es', 'ls', 'mixed', 'multi'];

/** @returns the exit code */
export async function runBench(names: readonly string[], args: BenchArguments): Promise<number> {
  if (args.check) return check(args);
  const unknown = names.find((name) => !isScenarioName(name));
  if (unknown !== undefined) {
    console.error(`There is no scenario '${unknown}'; there are ${scenarioNames.join(', ')}.`);
    return ExitCode.BAD_CONFIG;
  }
  let targets: readonly Target[];
  try {
    const tls = tlsOfArguments(args);
    targets = parseConnectString(args.server).servers.map((server) =>
      tls === undefined ? server : { ...server, tls },
    );
  } catch (error) {
    if (error instanceof ConfigError) {
      console.error(error.message);
      return ExitCode.BAD_CONFIG;
    }
    if (!(error instanceof KeeperError)) throw error;
    console.error(`--server ${args.server} cannot be read: ${error.message}.`);
    return ExitCode.BAD_CONFIG;
  }
  if (args.pid !== undefined && usageOf(args.pid) === undefined) {
    console.error(`--pid ${args.pid.join(',')}: there is no such process on this machine.`);
    return ExitCode.BAD_CONFIG;
  }
  return measure(names.length === 0 ? USUAL : names.filter(isScenarioName), targets, args);
}

async function measure(
  chosen: readonly ScenarioName[],
  targets: readonly Target[],
  args: BenchArguments,
): Promise<number> {
  const options: RunOptions = {
    targets,
    keep: args.keep,
    ...(args.connections === undefined ? {} : { connections: args.connections }),
    ...(args.depth === undefined ? {} : { depth: args.depth }),
    ...(args.seconds === undefined ? {} : { seconds: args.seconds }),
    ...(args.warmup === undefined ? {} : { warmupSeconds: args.warmup }),
    ...(args.size === undefined ? {} : { size: args.size }),
    ...(args.count === undefined ? {} : { count: args.count }),
  };
  const results: RunResult[] = [];
  const progress = progressLine(process.stderr);
  if (!args.json) console.log(header(args.pid !== undefined));
  for (const name of chosen) {
    try {
      const result = await runScenario(name, options, {
        pids: args.pid ?? [],
        onProgress: (share, operations) => progress.show(name, share, operations),
      });
      progress.clear();
      results.push(result);
      if (!args.json) console.log(row(result, args.pid !== undefined));
    } catch (error) {
      progress.clear();
      const why = error instanceof Error ? error.message : String(error);
      const advice = why.includes('ECONNREFUSED')
        ? ' Nobody listens there: name a server with --server.'
        : '';
      console.error(`${name} failed: ${why}${advice}`);
      return ExitCode.UNEXPECTED;
    }
  }
  if (args.json) console.log(JSON.stringify(results, undefined, 2));
  const failed = results.filter(({ errors }) => errors > 0);
  for (const { scenario, errors, firstError } of failed)
    console.error(
      `${scenario}: ${errors} requests were answered with an error, the first with ${firstError}.`,
    );
  return failed.length === 0 ? ExitCode.OK : ExitCode.UNEXPECTED;
}

async function check({ dir, json }: BenchArguments): Promise<number> {
  if (!json) console.error(`Looking at ${dir} and this machine; this takes about 7 s.`);
  try {
    const findings = await checkMachine(dir);
    if (json) console.log(JSON.stringify(findings, undefined, 2));
    else for (const { subject, verdict, text } of findings) console.log(`${subject}: ${verdict}. ${text}`);
    return findings.some(({ verdict }) => verdict === 'bad') ? ExitCode.UNEXPECTED : ExitCode.OK;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    console.error(`Nothing can be written in ${dir}: ${why}. Name another directory with --dir.`);
    return ExitCode.BAD_CONFIG;
  }
}
