/** What `zabkeeper bench` prints: a line per scenario, and a line that moves while one runs. */
import type { RunResult } from '../../bench/index.js';

const MIB = 1024 * 1024;
const WIDTHS = [11, 6, 6, 12, 9, 9, 9, 9] as const;
const SERVER_WIDTHS = [12, 11] as const;

/** The first line of the table. @param server whether CPU time and memory of the server are known */
export function header(server: boolean): string {
  const cells = ['scenario', 'conns', 'depth', 'ops/s', 'p50 ms', 'p99 ms', 'p999 ms', 'errors'];
  return line(cells, server ? ['CPU us/op', 'memory MiB'] : []);
}

/** A result as a line of the table. */
export function row(result: RunResult, server: boolean): string {
  const { scenario, connections, depth, perSecond, p50Ms, p99Ms, p999Ms, errors } = result;
  const cells = [
    scenario,
    String(connections),
    String(depth),
    Math.round(perSecond).toLocaleString('en-US'),
    ...[p50Ms, p99Ms, p999Ms].map((ms) => ms.toFixed(ms < 10 ? 3 : 1)),
    String(errors),
  ];
  const { cpuUsPerOperation: cpu, memoryBytes: memory } = result;
  return line(
    cells,
    server ? [cpu?.toFixed(1) ?? '', memory === undefined ? '' : (memory / MIB).toFixed(0)] : [],
  );
}

function line(cells: readonly string[], more: readonly string[]): string {
  const pad = (cell: string, i: number, widths: readonly number[]): string => cell.padStart(widths[i] ?? 10);
  const [name = '', ...rest] = cells;
  return [
    name.padEnd(WIDTHS[0]),
    ...rest.map((cell, i) => pad(cell, i + 1, WIDTHS)),
    ...more.map((cell, i) => pad(cell, i, SERVER_WIDTHS)),
  ].join(' ');
}

/** How far a scenario is: rewrites one line of a terminal, and prints nothing elsewhere. */
export function progressLine(stream: NodeJS.WriteStream): {
  show(name: string, share: number, operations: number): void;
  clear(): void;
} {
  const write = (text: string): void => {
    if (stream.isTTY) stream.write(`\r\x1b[K${text}`);
  };
  return {
    show: (name, share, operations) =>
      write(`${name}: ${Math.floor(share * 100)} %, ${operations.toLocaleString('en-US')} operations`),
    clear: () => write(''),
  };
}
