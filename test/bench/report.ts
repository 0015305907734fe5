/** The table of a comparison, as Markdown, so that it can stand in docs/benchmarks.md as it is. */
import type { RunResult } from '../../src/bench/index.js';
import { median, type RowResult, type Verdict } from './compare.js';
import type { FigureResult } from './large.js';

export const TABLE_HEAD = [
  '| scenario | ours | Apache | p50 / p99 / p999 ms, ours | Apache | CPU us/op, ours | Apache | goal |',
  '|---|---|---|---|---|---|---|---|',
].join('\n');

/** A row of the table. */
export function tableRow({ title, ours, theirs, verdicts }: RowResult): string {
  const cells = [
    title,
    rate(ours),
    rate(theirs),
    times(ours),
    times(theirs),
    cpu(ours),
    cpu(theirs),
    verdicts.map(goal).join('; '),
  ];
  return `| ${cells.join(' | ')} |`;
}

export const FIGURES_HEAD = ['', '| figure | ours | Apache | goal |', '|---|---|---|---|'].join('\n');

/** A row of the table of figures that have no rate: memory, restart. */
export function figureRow({ title, unit, ours, theirs, verdict }: FigureResult): string {
  const shown = (value: number): string => `${short(value)} ${unit}`;
  const cells = [
    title,
    shown(ours),
    theirs === undefined ? '' : shown(theirs),
    verdict === undefined ? '' : goal(verdict),
  ];
  return `| ${cells.join(' | ')} |`;
}

function goal({ figure, of, value, atLeast, atMost, met }: Verdict): string {
  const bound = atLeast === undefined ? `<= ${short(atMost ?? NaN)}` : `>= ${short(atLeast)}`;
  const shown = of === 'ratio' ? `${figure} x ${short(value)}` : `${short(value)} ${figure}`;
  return `${shown} (${bound}${met ? '' : ', MISSED'})`;
}

function rate(runs: readonly RunResult[]): string {
  if (runs.length === 0) return '';
  return `${Math.round(median(runs.map((run) => run.perSecond))).toLocaleString('en-US')}/s`;
}

function times(runs: readonly RunResult[]): string {
  if (runs.length === 0) return '';
  const figures = [
    (run: RunResult): number => run.p50Ms,
    (run: RunResult): number => run.p99Ms,
    (run: RunResult): number => run.p999Ms,
  ];
  return figures.map((of) => short(median(runs.map(of)))).join(' / ');
}

function cpu(runs: readonly RunResult[]): string {
  return runs.length === 0 ? '' : short(median(runs.map((run) => run.cpuUsPerOperation ?? NaN)));
}

function short(value: number): string {
  if (value >= 10_000) return Math.round(value).toLocaleString('en-US');
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
