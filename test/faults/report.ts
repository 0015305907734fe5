/** The end of a campaign: what happened how often, what became of the load, and what is wrong. */
import type { Campaign } from './campaign.js';
import { mib } from './resources.js';

export function report(campaign: Campaign): void {
  const { counts, skipped, judge, resources } = campaign;
  console.log(`\n${row('fault', 'count', 'longest gap, ms')}`);
  let faults = 0;
  for (const [name, { count, gapMs }] of [...counts].sort(([a], [b]) => a.localeCompare(b))) {
    faults += count;
    console.log(row(name, count, Math.round(gapMs)));
  }
  console.log(row('all', faults, Math.round(Math.max(0, ...[...counts.values()].map(({ gapMs }) => gapMs)))));
  console.log(`\n${row('operation', 'ok', 'refused', 'unknown')}`);
  for (const [op, { ok, refused, unknown }] of judge.counts) console.log(row(op, ok, refused, unknown));
  console.log(
    `\n${judge.operations} operations and ${judge.witness.records} records of the log were judged.` +
      ` No server had more than ${resources.descriptorsMax} descriptors or took more than ${mib(resources.bytesMax)}.`,
  );
  for (const [name, reason] of skipped) console.log(`Left out: ${name}: ${reason}.`);
  const excused = campaign.problems.filter((problem) => !campaign.failures.includes(problem));
  for (const { rule, what } of excused) console.log(`Known of this server: ${rule}: ${what}`);
  for (const { rule, what } of campaign.failures) console.log(`${rule}: ${what}`);
}

function row(name: string, ...cells: readonly (string | number)[]): string {
  return name.padEnd(46) + cells.map((cell) => String(cell).padStart(16)).join('');
}
