/**
 * Why this file exists: /metrics, written by prom-client. What is counted on the way of a request is counted in plain
 * numbers, not in prom-client's metrics, which look up labels in maps; these are made anew for each scrape and only
 * know how to be written.
 */
import { Counter, Gauge, Histogram, Registry, Summary, collectDefaultMetrics } from 'prom-client';
import { families, type Family, type Sample } from '../ops/index.js';
import type { Status } from '../server/index.js';

/** How often the delay of the event loop is looked at. */
const LOOP_PRECISION_MS = 50;

export class Exposition {
  readonly #status: Status;
  /** Undefined without `exportJvmInfo`. */
  readonly #process: Registry | undefined;

  constructor(status: Status, withProcess: boolean) {
    this.#status = status;
    if (!withProcess) return;
    this.#process = new Registry();
    collectDefaultMetrics({ register: this.#process, eventLoopMonitoringPrecision: LOOP_PRECISION_MS });
  }

  get contentType(): string {
    return Registry.PROMETHEUS_CONTENT_TYPE;
  }

  /** Everything as of now. */
  async text(): Promise<string> {
    const registry = new Registry();
    for (const family of await families(this.#status)) await register(family, registry);
    const own = await registry.metrics();
    return this.#process === undefined ? own : `${own}\n${await this.#process.metrics()}`;
  }
}

async function register(family: Family, registry: Registry): Promise<void> {
  const { name, type, doc, samples } = family;
  if (samples.length === 0) return;
  const labelNames = [...new Set(samples.flatMap(({ labels }) => Object.keys(labels)))];
  const about = { name, help: doc, registers: [registry] };
  switch (type) {
    case 'gauge': {
      const gauge = new Gauge({ ...about, labelNames });
      for (const { labels, value } of samples) gauge.set(labels, value);
      return;
    }
    case 'counter': {
      const counter = new Counter({ ...about, labelNames });
      for (const { labels, value } of samples) counter.inc(labels, value);
      return;
    }
    case 'summary':
      new Given(about, await new Summary({ name, help: doc, registers: [] }).get(), samples);
      return;
    case 'histogram':
      new Given(about, await new Histogram({ name, help: doc, registers: [] }).get(), samples);
      return;
  }
}

type About = { readonly name: string; readonly help: string; readonly registers: Registry[] };

/** Samples as prom-client writes them. */
function written(
  samples: readonly Sample[],
): { metricName: string; labels: Record<string, string>; value: number }[] {
  return samples.map(({ name, labels, value }) => ({ metricName: name, labels: { ...labels }, value }));
}

type Written = Awaited<ReturnType<Gauge['get']>>;

/** A summary or histogram whose values are known already. It is none to prom-client, which would want to count itself. */
class Given extends Gauge {
  readonly #written: Written;

  /** @param head of one of the right type, without values */
  constructor(about: About, head: Omit<Written, 'values'>, samples: readonly Sample[]) {
    super(about);
    this.#written = { ...head, values: written(samples) };
  }

  override get(): Promise<Written> {
    return Promise.resolve(this.#written);
  }
}
