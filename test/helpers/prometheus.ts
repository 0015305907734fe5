/**
 * Reads Prometheus' text format, strictly: whatever the format does not allow is an error, so that a test which reads
 * something has shown that Prometheus can. (`npm run test:interop` asks Prometheus' own parser as well.)
 */

/** One metric with its samples. */
export interface ReadFamily {
  readonly type: string;
  readonly help: string;
  readonly samples: ReadSample[];
}

export interface ReadSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = `([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\\\\n]|\\\\["\\\\n])*)"`;
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)\\})? (\\S+)$`);
/** As Go reads numbers: prom-client writes `Nan`. */
const VALUE = /^([+-]?(\d+(\.\d+)?([eE][+-]?\d+)?|Inf)|[Nn]a[Nn])$/;
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  gauge: [''],
  counter: [''],
  summary: ['', '_count', '_sum'],
  histogram: ['_bucket', '_count', '_sum'],
};

/** By name of the metric. @throws Error naming the line that is wrong */
export function readPrometheus(text: string): ReadonlyMap<string, ReadFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, ReadFamily>();
  const seen = new Set<string>();
  let current: [name: string, family: ReadFamily] | undefined;
  let help: [name: string, text: string] | undefined;
  for (const [at, line] of text.split('\n').entries()) {
    const wrong = (why: string): Error => new Error(`line ${at + 1}, ${why}: ${line}`);
    if (line === '') continue;
    const [, about, name = '', rest = ''] = new RegExp(`^# (HELP|TYPE) (${NAME}) (.*)$`).exec(line) ?? [];
    if (about === 'HELP') {
      help = [name, rest];
    } else if (about === 'TYPE') {
      if (families.has(name)) throw wrong('a second type');
      if (help?.[0] !== name || SUFFIXES[rest] === undefined)
        throw wrong('a type without help, or an unknown one');
      current = [name, { type: rest, help: help[1], samples: [] }];
      families.set(...current);
    } else if (line.startsWith('#')) throw wrong('an unknown comment');
    else {
      const match = SAMPLE.exec(line);
      const value = line.slice(line.lastIndexOf(' ') + 1);
      if (match === null || !VALUE.test(value)) throw wrong('no sample');
      const [, sample = '', labelText = ''] = match;
      if (current === undefined || !SUFFIXES[current[1].type]?.includes(sample.slice(current[0].length)))
        throw wrong('a sample of another metric');
      if (!sample.startsWith(current[0])) throw wrong('a sample of another metric');
      const identity = `${sample}{${labelText}}`;
      if (seen.has(identity)) throw wrong('a second sample');
      seen.add(identity);
      current[1].samples.push({ name: sample, labels: labelsOf(labelText), value: numberOf(value) });
    }
  }
  return families;
}

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [, name = '', value = ''] of text.matchAll(new RegExp(LABEL, 'g'))) {
    labels[name] = value.replace(/\\(["\\n])/g, (_, letter: string) => (letter === 'n' ? '\n' : letter));
  }
  return labels;
}

function numberOf(text: string): number {
  return /Inf$/.test(text) ? (text.startsWith('-') ? -Infinity : Infinity) : Number(text);
}

/** The value of the one sample with this name and these labels; undefined when there is none. */
export function sampleOf(
  families: ReadonlyMap<string, ReadFamily>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const found = [...families.values()]
    .flatMap(({ samples }) => samples)
    .filter(
      (sample) =>
        sample.name === name &&
        Object.keys(sample.labels).length === Object.keys(labels).length &&
        Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
    );
  if (found.length > 1) throw new Error(`${name} is there several times`);
  return found[0]?.value;
}

/** Where /metrics has the number that mntr calls so, without `zk_`. */
export function placeOf(key: string): { readonly name: string; readonly labels: Record<string, string> } {
  const [, part, stage, metric = ''] =
    /^(?:(avg|min|max|cnt|sum|p\d+)_)(?:([a-z]+)_(?=write_stage_time_ms$))?(readlatency|updatelatency|fsynctime|election_time|write_stage_time_ms)$/.exec(
      key,
    ) ?? [];
  if (part === undefined) return { name: key, labels: {} };
  const labels: Record<string, string> = stage === undefined ? {} : { stage };
  if (part === 'cnt') return { name: `${metric}_count`, labels };
  if (part === 'sum') return { name: `${metric}_sum`, labels };
  if (!part.startsWith('p')) return { name: `${part}_${metric}`, labels };
  const digits = part.slice(1);
  return {
    name: metric,
    labels: { ...labels, quantile: digits === '50' ? '0.5' : digits === '90' ? '0.9' : `0.${digits}` },
  };
}
