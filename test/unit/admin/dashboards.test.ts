/** Why this file exists: a dashboard that asks for a metric which does not exist shows nothing, and an alert never fires. */
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Exposition } from '../../../src/admin/exposition.js';
import { metricNames } from '../../../src/ops/index.js';
import { WRITE_STAGES } from '../../../src/server/index.js';
import { readPrometheus } from '../../helpers/prometheus.js';
import { exampleStatus } from '../ops/exampleStatus.js';

const DIRECTORY = fileURLToPath(new URL('../../../../conf/monitoring/', import.meta.url));

/** What else stands where a metric could. */
const WORDS = new Set([
  'and',
  'or',
  'by',
  'sum',
  'max',
  'rate',
  'increase',
  'floor',
  'absent',
  'histogram_quantile',
]);

function alertExpressions(): string[] {
  const text = readFileSync(`${DIRECTORY}alerts.yml`, 'utf8');
  const expressions = [...text.matchAll(/^\s+expr: (.*(?:\n {12,}.*)*)$/gm)].map(
    ([, expression = '']) => expression,
  );
  expect(expressions).to.have.lengthOf([...text.matchAll(/- alert: /g)].length);
  return expressions;
}

function dashboardExpressions(): string[] {
  const board = JSON.parse(readFileSync(`${DIRECTORY}grafana-dashboard.json`, 'utf8')) as {
    readonly panels: readonly {
      readonly type: string;
      readonly targets?: readonly { readonly expr: string }[];
    }[];
    readonly templating: { readonly list: readonly { readonly query: string }[] };
  };
  const panels = board.panels.filter(({ type }) => type !== 'row');
  for (const { targets } of panels) expect(targets).not.to.equal(undefined);
  const queries = board.templating.list.map(({ query }) =>
    query.replace(/^label_values\((.*), \w+\)$/, '$1'),
  );
  return [...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)), ...queries].filter(
    (expression) => expression !== 'prometheus',
  );
}

function metricsIn(expression: string): string[] {
  const bare = expression
    .replace(/\{[^}]*\}/g, '')
    .replace(/\[[^\]]*\]/g, '')
    .replace(/\bby \([^)]*\)/g, '');
  return (bare.match(/[a-zA-Z_]\w*/g) ?? []).filter((word) => !WORDS.has(word));
}

describe('conf/monitoring', () => {
  const files = { 'alerts.yml': alertExpressions, 'grafana-dashboard.json': dashboardExpressions };
  let known: ReadonlySet<string>;

  before(async () => {
    const scraped = readPrometheus(await new Exposition(exampleStatus(), true).text());
    const ofProcess = [...scraped.keys()].filter((name) => /^(process|nodejs)_/.test(name));
    known = new Set([...metricNames(), ...ofProcess, 'up']);
  });

  for (const [file, expressions] of Object.entries(files)) {
    it(`${file} asks for metrics that exist`, () => {
      const found = expressions();
      expect(found.length).to.be.greaterThan(10);
      for (const expression of found) {
        const names = metricsIn(expression);
        expect(names, expression).not.to.deep.equal([]);
        for (const name of names) expect(known.has(name), `${name} in ${expression}`).to.equal(true);
      }
    });

    it(`${file} asks for stages of a write that exist`, () => {
      const stages = expressions().flatMap((expression) =>
        [...expression.matchAll(/stage="(\w+)"/g)].map(([, stage]) => stage),
      );
      expect(stages).not.to.deep.equal([]);
      expect(WRITE_STAGES).to.include.members(stages);
    });
  }
});
