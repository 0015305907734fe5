/** `node dist/test/history/main.js FILE`: judges once more the history that a failed campaign has kept. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { SimRecord } from '../sim/records.js';
import type { Event } from './history.js';
import { Judge } from './judge.js';
import { readLine } from './kept.js';

const [file] = process.argv.slice(2);
if (file === undefined)
  throw new Error('Which history? It is history.jsonl in the directory that a campaign names.');

let judge: Judge | undefined;
let log: SimRecord[] = [];
let events: Event[] = [];
for await (const text of createInterface({ input: createReadStream(file) })) {
  const line = readLine(JSON.parse(text));
  if (line.kind === 'event') events.push(line.event);
  else if (line.kind === 'record') log.push(line.record);
  else {
    // The first line says what the registers hold before anything is done; each later one ends a piece.
    if (judge === undefined) judge = new Judge({ keys: line.ends });
    // A run against another server has no log that could be read.
    else judge.feed(log.length + judge.witness.records > 0 ? log : undefined, events, line.ends);
    [log, events] = [[], []];
  }
}
if (judge === undefined) throw new Error(`${file} does not begin with what the registers hold`);
console.log(`${judge.operations} operations, ${judge.witness.records} records.`);
for (const { rule, what } of judge.problems) console.log(`${rule}: ${what}`);
process.exitCode = judge.problems.length > 0 ? 1 : 0;
