/**
 * `npm run bench`: our server measured, alone or in turns with Apache's; each a process of its own with its data on
 * disk, and the load another. Machines are noisy: quote ratios and medians.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Flavour } from '../interop/server.js';
import { compare, type RowResult } from './compare.js';
import { large, type FigureResult } from './large.js';
import { ENSEMBLE_ROWS, SINGLE_ROWS } from './rows.js';
import { FIGURES_HEAD, TABLE_HEAD, figureRow, tableRow } from './report.js';

const HELP = `npm run bench -- heal [options]   how fast an ensemble heals; see heal --help
npm run bench -- limit            what no server can exceed here: servers that answer a constant, at once or synced
npm run bench -- [options]
  --against apache   measure Debian's Apache ZooKeeper as well, in turns: ours, Apache, ours, Apache
  --ensemble N       N servers of each, connections spread over them   (1)
  --only TEXT        rows whose name contains this; several separated by |
  --no-large         leave out the rows with a million znodes and ten thousand sessions
  --pairs N          how often each row is measured on each            (2)
  --seconds N        time measured per row                             (5)
  --warmup N         time under the same load before that              (1)
  --znodes N         for the large rows                                (1000000)
  --sessions N       for the large rows                                (10000)
  --json FILE        write all results there`;

const [command, ...more] = process.argv.slice(2);
if (command === 'heal') await (await import('./heal.js')).heal(more);
else if (command === 'limit') await (await import('./limit.js')).limit();
else await main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      against: { type: 'string' },
      ensemble: { type: 'string', default: '1' },
      only: { type: 'string', default: '' },
      'no-large': { type: 'boolean', default: false },
      pairs: { type: 'string', default: '2' },
      seconds: { type: 'string' },
      warmup: { type: 'string' },
      znodes: { type: 'string', default: '1000000' },
      sessions: { type: 'string', default: '10000' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  if (values.against !== undefined && values.against !== 'apache')
    throw new Error(`--against ${values.against}: it can be apache.`);
  const against: Flavour | undefined = values.against;
  const servers = Number(values.ensemble);
  const wanted = values.only.split('|');
  const named = (title: string): boolean => wanted.some((text) => title.includes(text));
  const rows = (servers > 1 ? ENSEMBLE_ROWS : SINGLE_ROWS).filter(({ title }) => named(title));
  const onProgress = (text: string): void => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  };
  const onRow = (row: RowResult): void => {
    onProgress('');
    console.log(tableRow(row));
  };
  const results: (RowResult | FigureResult)[] = [];
  if (rows.length > 0) {
    console.log(TABLE_HEAD);
    results.push(
      ...(await compare({
        rows,
        servers,
        against,
        pairs: Number(values.pairs),
        seconds: values.seconds === undefined ? undefined : Number(values.seconds),
        warmupSeconds: values.warmup === undefined ? undefined : Number(values.warmup),
        onRow,
        onProgress,
      })),
    );
  }
  if (servers === 1 && !values['no-large'] && named('large')) {
    const [znodes, sessions] = [Number(values.znodes), Number(values.sessions)];
    console.log(FIGURES_HEAD);
    const onFigure = (row: FigureResult): void => {
      onProgress('');
      console.log(figureRow(row));
    };
    results.push(...(await large({ against, znodes, sessions, onRow: onFigure, onProgress })));
  }
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(results, undefined, 2));
}
