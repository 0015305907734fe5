/**
 * Why this file exists: the tables of docs/operations.md are those of the code. `UPDATE=1` writes them anew; what
 * changed is then reviewed as a diff.
 */
import { expect } from 'chai';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { adminCommands } from '../../../src/admin/index.js';
import { resolveConfig } from '../../../src/config/index.js';
import {
  expandedNames,
  fourLetterWords,
  histograms,
  metrics,
  summaries,
  topLists,
} from '../../../src/ops/index.js';

const MONITORING = fileURLToPath(new URL('../../../../docs/monitoring.md', import.meta.url));
const PAGE = fileURLToPath(new URL('../../../../docs/operations.md', import.meta.url));

/** Each is between `<!-- name -->` and the next empty line. */
const TABLES: Readonly<Record<string, () => string[][]>> = { words, metrics: measured };

function words(): string[][] {
  const keys = { clientPort: '2181', dataDir: '/data' };
  const byDefault = resolveConfig({ keys, cwd: '/', readText: () => undefined }).config.fourLetterWords;
  return [
    ['Word', 'By default', 'What it answers'],
    ...fourLetterWords.map(({ name, notServing, doc }) => [
      `\`${name}\`${notServing === null ? ' *' : ''}`,
      byDefault.includes(name) || byDefault.includes('*') ? 'yes' : '',
      doc,
    ]),
  ];
}

function measured(): string[][] {
  const keys = (name: string, quantiles: boolean): string =>
    expandedNames(name, quantiles)
      .map((key) => `\`zk_${key}\``)
      .join(' ');
  return [
    ['Key', 'Kind', 'Meaning'],
    ...metrics.map(({ name, kind, doc }) => [`\`zk_${name}\``, kind, doc]),
    ...summaries.map(({ name, doc, quantiles }) => [keys(name, quantiles), 'summary', doc]),
    ...histograms.map(({ name, doc, label }) => [keys(`<${label}>_${name}`, false), 'histogram', doc]),
    ...topLists.map(({ name, doc, label }) => [`\`${name}{${label}="..."}\``, 'gauge, /metrics alone', doc]),
  ];
}

function markdown([head = [], ...rows]: string[][]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

describe('docs/monitoring.md', () => {
  it('has the table of commands (UPDATE=1 writes it)', () => {
    const rows = adminCommands.map(({ name, aliases, doc, always, changes }) => [
      `\`${name}\`${always ? ' *' : ''}${changes ? ' †' : ''}`,
      aliases.map((alias) => `\`${alias}\``).join(', '),
      doc,
    ]);
    const page = readFileSync(MONITORING, 'utf8');
    const table = `${markdown([['Command', 'Aliases', 'What it answers'], ...rows])}\n`;
    const wanted = page.replace(/(?<=<!-- commands -->\n)(?:.+\n)*/, () => table);
    if (process.env['UPDATE'] === '1') writeFileSync(MONITORING, wanted);
    else expect(page).to.equal(wanted);
  });

  it('explains every alert', () => {
    const page = readFileSync(MONITORING, 'utf8');
    const rules = readFileSync(
      fileURLToPath(new URL('../../../../conf/monitoring/alerts.yml', import.meta.url)),
      'utf8',
    );
    for (const [, alert] of rules.matchAll(/- alert: (\w+)/g))
      expect(page).to.contain(`\`${String(alert)}\``);
  });
});

describe('docs/operations.md', () => {
  for (const [name, table] of Object.entries(TABLES)) {
    it(`has the table of ${name} (UPDATE=1 writes it)`, () => {
      const page = readFileSync(PAGE, 'utf8');
      const place = new RegExp(`(?<=<!-- ${name} -->\n)(?:.+\n)*`);
      expect(page).to.match(place);
      const wanted = page.replace(place, () => `${markdown(table())}\n`);
      if (process.env['UPDATE'] === '1') writeFileSync(PAGE, wanted);
      else expect(page).to.equal(wanted);
    });
  }
});
