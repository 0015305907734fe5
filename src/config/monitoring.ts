/**
 * Why this file exists: what a server tells of itself, and where, is spread over a dozen options, a class name and a
 * file with a token; here they become one `MonitoringConfig`.
 */
import { ConfigError } from './errors.js';
import type { Option } from './option.js';
import { ownReportOptions, reportOptions } from './options.js';
import type { AdminConfig, MetricsConfig, MonitoringConfig } from './serverConfig.js';
import type { Settings } from './settings.js';

const PROMETHEUS = 'org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider';
const METRICS_PROVIDERS = [
  'org.apache.zookeeper.metrics.impl.DefaultMetricsProvider',
  'org.apache.zookeeper.metrics.impl.NullMetricsProvider',
  PROMETHEUS,
];

/** Shorter ones can be tried out. */
const TOKEN_LENGTH_MIN = 16;

/** Reads everything about monitoring; throws `ConfigError`. `readText` gives the text of the file with the token. */
export function resolveMonitoring(
  settings: Settings,
  readText: (path: string) => string | undefined,
): MonitoringConfig {
  const { problems } = settings;
  const take = <T>(option: Option<T>): T => problems.attempt(() => settings.take(option)) ?? option.default;
  return Object.freeze({
    admin: take(reportOptions.adminEnable) ? problems.attempt(() => admin(settings, readText)) : undefined,
    metrics: problems.attempt(() => metrics(settings)),
    slowRequestMs: take(ownReportOptions.slowRequest),
    metricsTop: take(ownReportOptions.metricsTop),
  });
}

function admin(settings: Settings, readText: (path: string) => string | undefined): AdminConfig {
  return Object.freeze({
    port: settings.take(reportOptions.adminPort),
    host: anyToUndefined(settings.take(reportOptions.adminAddress)),
    commandUrl: commandUrl(settings),
    idleTimeoutMs: settings.take(reportOptions.adminIdleTimeout),
    token: token(settings, readText),
  });
}

function commandUrl(settings: Settings): string {
  const given = settings.take(reportOptions.adminCommandUrl);
  const path = given.replace(/\/+$/, '');
  // What else a path may hold means something to the router.
  if (/^(\/[\w.~-]+)+$/.test(path)) return path;
  throw new ConfigError(
    'VALUE',
    `The value "${given}" of ${settings.name(reportOptions.adminCommandUrl)} is not valid; expected a path such as /commands.`,
  );
}

function token(settings: Settings, readText: (path: string) => string | undefined): string | undefined {
  const file = settings.take(ownReportOptions.adminTokenFile);
  if (file === undefined) return undefined;
  const name = settings.name(ownReportOptions.adminTokenFile);
  const text = readText(file)?.trim();
  if (text === undefined)
    throw new ConfigError('FILE', `The file ${file}, named by ${name}, cannot be read.`);
  if (text.length < TOKEN_LENGTH_MIN || /\s/.test(text)) {
    throw new ConfigError(
      'VALUE',
      `The file ${file}, named by ${name}, must hold one token of at least ${TOKEN_LENGTH_MIN} characters, without blanks.`,
    );
  }
  return text;
}

function metrics(settings: Settings): MetricsConfig | undefined {
  const name = settings.take(reportOptions.metricsProvider);
  if (name !== undefined && !METRICS_PROVIDERS.includes(name)) {
    throw new ConfigError(
      'VALUE',
      `The value "${name}" of ${settings.name(reportOptions.metricsProvider)} is not valid; expected one of ${METRICS_PROVIDERS.join(', ')}.`,
    );
  }
  if (name !== PROMETHEUS) return undefined;
  return Object.freeze({
    port: settings.take(reportOptions.metricsPort),
    host: anyToUndefined(settings.take(reportOptions.metricsHost)),
    process: settings.take(reportOptions.metricsProcess),
  });
}

/** Every address is, to Node.js, no address in particular: 0.0.0.0 would be IPv4 alone. */
function anyToUndefined(host: string): string | undefined {
  return host === '0.0.0.0' || host === '::' || host === '[::]' ? undefined : host;
}
