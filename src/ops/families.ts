/**
 * Why this file exists: what is measured as Prometheus wants it: families of samples with labels. Names are those of
 * mntr without `zk_`, as ZooKeeper's Prometheus provider has them: counters without `_total`, summaries with quantiles,
 * `_count` and `_sum`. What mntr has besides (`avg_`, `min_`, `max_`) has its own name here as well, so that every number
 * of mntr is found under its name.
 */
import { BOUNDS_MS, type DistributionStatus, type SessionLoad, type Status } from '../server/index.js';
import { hex } from '../util/index.js';
import {
  QUANTILES,
  histograms,
  metrics,
  summaries,
  topLists,
  type SummaryValues,
  type TopList,
} from './metrics.js';
import { processStatus, type ProcessStatus } from './processStatus.js';
import { serverState } from './srvr.js';
import { fullVersion } from './version.js';

export interface Family {
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'summary' | 'histogram';
  readonly doc: string;
  readonly samples: readonly Sample[];
}

export interface Sample {
  /** The family's, or that with `_bucket`, `_count` or `_sum` behind it. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Everything, as of now. What has no meaning for this server is not there. */
export async function families(status: Status): Promise<readonly Family[]> {
  return [
    ...ownFamilies(status),
    ...numbers(status, await processStatus()),
    ...times(status),
    ...tops(status),
  ];
}

/** Every name of a sample that this server may have in any role. */
export function metricNames(): ReadonlySet<string> {
  const names = new Set(['zabkeeper_info', 'server_state']);
  for (const { name } of [...metrics, ...topLists]) names.add(name);
  for (const { name } of [...summaries, ...histograms]) {
    for (const part of ['avg', 'min', 'max']) names.add(`${part}_${name}`);
    for (const part of ['', '_count', '_sum']) names.add(name + part);
  }
  for (const { name } of histograms) {
    names.delete(name);
    names.add(`${name}_bucket`);
  }
  return names;
}

function ownFamilies(status: Status): Family[] {
  const told = (name: string, doc: string, labels: Readonly<Record<string, string>>): Family => ({
    name,
    type: 'gauge',
    doc,
    samples: [{ name, labels, value: 1 }],
  });
  return [
    told('zabkeeper_info', 'Always 1. Its label is the version.', { version: fullVersion(status) }),
    told('server_state', 'Always 1. Its label is the Mode of srvr.', {
      state: status.serving ? serverState(status) : 'none',
    }),
  ];
}

function numbers(status: Status, ofProcess: ProcessStatus): Family[] {
  return metrics.flatMap(({ name, kind, doc, value }) => {
    const number = value(status, ofProcess);
    if (number === undefined) return [];
    return [{ name, type: kind, doc, samples: [{ name, labels: {}, value: number }] }];
  });
}

function times(status: Status): Family[] {
  const found: Family[] = [];
  for (const { name, doc, values } of summaries) {
    const of = values(status);
    if (of === undefined) continue;
    found.push({ name, type: 'summary', doc, samples: summarySamples(name, of) });
    found.push(...extremes(name, doc, [[{}, of]]));
  }
  for (const { name, doc, label, values } of histograms) {
    const of = Object.entries(values(status)).map(([key, each]) => [{ [label]: key }, each] as const);
    found.push({
      name,
      type: 'histogram',
      doc,
      samples: of.flatMap(([labels, each]) => histogramSamples(name, labels, each)),
    });
    found.push(...extremes(name, doc, of));
  }
  return found;
}

function summarySamples(name: string, values: SummaryValues): Sample[] {
  const quantiles = QUANTILES.flatMap((part) => {
    const value = values.quantile?.(part);
    return value === undefined ? [] : [{ name, labels: { quantile: String(part) }, value }];
  });
  return [
    ...quantiles,
    { name: `${name}_count`, labels: {}, value: values.count },
    { name: `${name}_sum`, labels: {}, value: values.sum },
  ];
}

function histogramSamples(
  name: string,
  labels: Readonly<Record<string, string>>,
  { cumulated, count, sum }: DistributionStatus,
): Sample[] {
  const buckets = cumulated.map((value, at) => ({
    name: `${name}_bucket`,
    labels: { ...labels, le: String(BOUNDS_MS[at] ?? '+Inf') },
    value,
  }));
  return [
    ...buckets,
    { name: `${name}_count`, labels, value: count },
    { name: `${name}_sum`, labels, value: sum },
  ];
}

/** As mntr has them. */
function extremes(
  name: string,
  doc: string,
  of: readonly (readonly [labels: Readonly<Record<string, string>>, values: SummaryValues])[],
): Family[] {
  const parts: readonly (readonly [string, string, (values: SummaryValues) => number])[] = [
    ['avg', 'Mean', ({ count, sum }) => (count === 0 ? 0 : sum / count)],
    ['min', 'Smallest', ({ count, min }) => (count === 0 ? 0 : min)],
    ['max', 'Largest', ({ count, max }) => (count === 0 ? 0 : max)],
  ];
  return parts.map(([part, word, value]) => ({
    name: `${part}_${name}`,
    type: 'gauge',
    doc: `${word} since the start or srst of: ${doc}`,
    samples: of.map(([labels, values]) => ({ name: `${part}_${name}`, labels, value: value(values) })),
  }));
}

/** Bounded, whatever clients do: a metric per session would be as many as there ever were sessions. */
function tops(status: Status): Family[] {
  const most = status.config.monitoring.metricsTop;
  if (most === 0) return [];
  const loads = status.loads();
  return topLists.map((list) => ({
    name: list.name,
    type: 'gauge',
    doc: list.doc,
    samples: topOf(list, loads)
      .slice(0, most)
      .map(([key, value]) => ({ name: list.name, labels: { [list.label]: key }, value })),
  }));
}

function topOf({ label, value }: TopList, loads: readonly SessionLoad[]): [key: string, value: number][] {
  const sums = new Map<string, number>();
  for (const load of loads) {
    const key = label === 'session' ? hex(load.sessionId) : load.identity;
    sums.set(key, (sums.get(key) ?? 0) + value(load));
  }
  return [...sums].filter(([, sum]) => sum > 0).sort(([, a], [, b]) => b - a);
}
