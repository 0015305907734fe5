/** Fuzzes parsers side by side, one process for each processor, and sums up in one table. */
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { ParserMessage, ParserResult, ParserTask } from './parserRun.js';

const SCRIPT = fileURLToPath(new URL('./parserRun.js', import.meta.url));
/** How often it is said how far they are. */
const PROGRESS_MS = 30_000;

interface Running {
  readonly task: ParserTask;
  inputs: number;
}

/**
 * @param say gets lines of progress, and the table in the end
 * @returns how many failed
 */
export async function fuzzSideBySide(
  tasks: readonly ParserTask[],
  say: (line: string) => void = console.log,
): Promise<number> {
  const waiting = [...tasks];
  const running = new Set<Running>();
  const results = new Map<string, ParserResult | undefined>();
  const startedAt = performance.now();
  const seconds = (): string => `${((performance.now() - startedAt) / 1000).toFixed(0)} s`;

  const timer = setInterval(() => {
    const now = [...running].map(({ task, inputs }) => `${task.target} ${inputs}`).join(', ');
    say(`${seconds()}: ${results.size} of ${tasks.length} done; ${now}`);
  }, PROGRESS_MS);
  const work = async (): Promise<void> => {
    for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) {
      const one: Running = { task, inputs: 0 };
      running.add(one);
      const result = await runTask(one);
      running.delete(one);
      results.set(task.target, result);
      say(`${seconds()}: ${task.target}, ${result === undefined ? 'FAILED' : `${result.inputs} inputs`}`);
    }
  };
  try {
    await Promise.all(Array.from({ length: availableParallelism() }, work));
  } finally {
    clearInterval(timer);
  }
  for (const line of tableOf(tasks.map(({ target }) => [target, results.get(target)]))) say(line);
  say(`${[...results.values()].reduce((sum, of) => sum + (of?.inputs ?? 0), 0)} inputs in ${seconds()}`);
  return tasks.length - [...results.values()].filter((result) => result !== undefined).length;
}

/** @returns undefined when it failed; the process has said why, and how to see it again */
function runTask(one: Running): Promise<ParserResult | undefined> {
  return new Promise((resolve) => {
    let result: ParserResult | undefined;
    const child = fork(SCRIPT, [JSON.stringify(one.task)]);
    child.on('message', (message: ParserMessage) => {
      if (message.kind === 'done') result = message.result;
      else one.inputs = message.inputs;
    });
    child.on('error', (error) => {
      console.error(error);
    });
    child.on('close', (code) => {
      resolve(code === 0 ? result : undefined);
    });
  });
}

const COLUMNS = ['inputs', 'inputs/s', 'refused', 'outcomes', 'new', 'kept'];

/** One line for each target, in their order, behind a line of headings. */
export function tableOf(
  rows: readonly (readonly [target: string, result: ParserResult | undefined])[],
): string[] {
  const line = (name: string, cells: readonly string[]): string =>
    name.padEnd(14) + cells.map((cell) => cell.padStart(10)).join('');
  return [
    line('target', COLUMNS),
    ...rows.map(([target, result]) =>
      result === undefined ? line(target, ['FAILED']) : line(target, cellsOf(result)),
    ),
  ];
}

function cellsOf({ inputs, seconds, accepted, outcomes, found, kept }: ParserResult): string[] {
  const refused = `${((100 * (inputs - accepted)) / inputs).toFixed(1)} %`;
  return [
    String(inputs),
    (inputs / seconds).toFixed(0),
    refused,
    String(outcomes),
    String(found),
    String(kept),
  ];
}
