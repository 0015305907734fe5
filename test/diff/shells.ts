/**
 * Runs a shell once with everything it is to be asked, and takes apart what it printed. Behind each step both streams get a
 * line that names the step, made by commands that print their argument: where a step's output ends is then known without
 * a prompt.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startServer } from '../interop/server.js';
import { zkCliEnvironment } from '../interop/zkCli.js';
import type { Step } from './shellSteps.js';

/** What a step printed, without events. */
export interface StepOutput {
  readonly out: readonly string[];
  readonly err: readonly string[];
}

export interface Transcript {
  readonly steps: readonly StepOutput[];
  /** `WatchedEvent` lines in order, without the one at the first connection. */
  readonly events: readonly string[];
  readonly exitCode: number | null;
}

/** What a program said and how it ended. */
export interface Finished {
  readonly out: string;
  readonly err: string;
  readonly exitCode: number | null;
}

const SHELL_LIMIT_MS = 60_000;

/** Runs a program on some input. */
export async function runShell(command: string, args: readonly string[], input: string): Promise<Finished> {
  const child = spawn(command, args, {
    env: { ...process.env, ...zkCliEnvironment() },
    stdio: 'pipe',
    timeout: SHELL_LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  child.stdin.end(input);
  await once(child, 'close');
  return { out, err, exitCode: child.exitCode };
}

/** Apache's `setAcl -R` does not end its line. */
const OUT_MARK = /^(.*)Quota does not exist for #(\d+)$/;
const ERR_MARK = /^()quota for #(\d+) does not exist\.$/;
const ERR_MARK_HEAD = /^absolute path is \/zookeeper\/quota#\d+\/zookeeper_limits$/;

/** Types all steps into a shell on a new server of its own. */
export async function transcript(shell: string, steps: readonly Step[]): Promise<Transcript> {
  await using server = await startServer({ properties: { 'zookeeper.extendedTypesEnabled': true } });
  const lines = steps.flatMap((step, index) => [...step.lines, `delquota #${index}`, `listquota #${index}`]);
  const { out, err, exitCode } = await runShell(
    shell,
    ['-server', server.connectString],
    [...lines, 'get /none', ''].join('\n'),
  );
  const events: string[] = [];
  const quiet = out
    .replaceAll('\nWATCHER::\n', '')
    .replaceAll(/\n(WatchedEvent .*)\n/g, (_all, event: string) => {
      events.push(event.replace(/ zxid: .*/, ''));
      return '';
    });
  const outs = byStep(quiet, OUT_MARK, /^$a/);
  const errs = byStep(err, ERR_MARK, ERR_MARK_HEAD);
  if (outs.length < steps.length || errs.length < steps.length) {
    throw new Error(
      `${shell} ended after ${Math.min(outs.length, errs.length)} steps:\n${out.slice(-3000)}\n${err.slice(-3000)}`,
    );
  }
  return {
    steps: steps.map((_step, index) => ({
      out: normalised(outs[index] ?? [], index === 0),
      err: normalised(errs[index] ?? [], index === 0),
    })),
    events: events.slice(1),
    exitCode,
  };
}

function byStep(text: string, mark: RegExp, markHead: RegExp): string[][] {
  const steps: string[][] = [];
  let step: string[] = [];
  for (const line of text.split('\n')) {
    const [, before = '', index] = mark.exec(line) ?? [];
    if (index === undefined) {
      if (!markHead.test(line)) step.push(line);
      continue;
    }
    if (Number(index) !== steps.length) throw new Error(`step ${index} ended, expected was ${steps.length}`);
    if (before !== '') step.push(before);
    steps.push(step);
    step = [];
  }
  return steps;
}

/** The banner, and logging of Java, before the first step. */
const PREAMBLE = /^(Connecting to |Welcome to ZooKeeper!|JLine support is|SLF4J|log4j)/;
const USAGE_HEAD = 'ZooKeeper -server host:port -client-configuration properties-file cmd args';

/** Takes out what differs by time, by run, and by the two differences that show all over: `usage-options`, `words-of-java`. */
function normalised(lines: readonly string[], first: boolean): string[] {
  const kept: string[] = [];
  for (const line of lines) {
    if (first && PREAMBLE.test(line)) continue;
    // A line of an option below a usage, in either form.
    if (/^ -\S+( [a-z ]+?)? {2,}\S/.test(line)) continue;
    // The list of all commands: they differ by `help` and by `newer-usage`.
    if (line.startsWith('\t') && kept.at(-1) === '<usage>') continue;
    if (/^\d+ - /.test(line)) {
      if (kept.at(-1) !== '<history>') kept.push('<history>');
      continue;
    }
    kept.push(
      line === USAGE_HEAD
        ? '<usage>'
        : line
            .replace(/^(. ?Zxid|[cmp]Zxid) = 0x[0-9a-f]+$/, '$1 = <zxid>')
            .replace(/^(ctime|mtime) = \w{3} \w{3} \d\d \d\d:\d\d:\d\d \S+ \d{4}$/, '$1 = <date>')
            .replace(/^ephemeralOwner = 0x[1-9a-f][0-9a-f]*$/, 'ephemeralOwner = <session>')
            .replace(/^(ZooKeeper CLI version: ).*/, '$1<version>')
            .replace(/^org\.apache\.commons\.cli\.\w+: /, ''),
    );
  }
  return withoutUsageBehindProblem(kept);
}

/** Ours prints the usage behind `Unrecognized option` and the like as well. */
function withoutUsageBehindProblem(lines: readonly string[]): string[] {
  const problem = lines.findIndex((line) =>
    /^(Unrecognized option|Missing argument for option): /.test(line),
  );
  return problem === -1 ? [...lines] : lines.slice(0, problem + 1);
}
