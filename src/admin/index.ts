/** HTTP for operators: ZooKeeper's admin server, probes, and metrics for Prometheus. */
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import type { AdminConfig, MetricsConfig } from '../config/index.js';
import { ListenError } from '../net/index.js';
import type { Status } from '../server/index.js';
import { LazyHttp } from './lazyHttp.js';

export { adminCommands, type AdminCommand } from './commands.js';

/** A port that is open. */
export interface OpenPort {
  readonly address: AddressInfo;
  /** At once; who is connected is cut off. */
  close(): void;
}

/**
 * Opens the port of the admin server. As ZooKeeper does, a server whose admin port cannot be had goes on without it.
 * @returns undefined then
 */
export async function openAdmin(
  config: AdminConfig,
  status: Status,
  log: Logger,
): Promise<OpenPort | undefined> {
  const http = await openOr(
    () =>
      LazyHttp.open({
        port: config.port,
        host: config.host,
        settings: {
          port: 'admin.serverPort, or set admin.enableServer=false',
          address: 'admin.serverAddress',
        },
        load: async () => (await import('./app.js')).adminHttp(config, status, log),
        failed: (error) => log.error({ err: error }, 'The admin server cannot be loaded.'),
      }),
    (reason) => log.warn(`There is no admin server. ${reason}`),
  );
  if (http === undefined) return undefined;
  log.info(http.address, `The admin server is at ${urlOf(http.address)}${config.commandUrl}.`);
  if (config.host === undefined)
    log.warn(
      'Every machine that reaches this one can read what the admin server tells: admin.serverAddress narrows it.',
    );
  return http;
}

/** Opens the port of the Prometheus provider. @throws ListenError: who configured one wants it */
export async function openMetrics(config: MetricsConfig, status: Status, log: Logger): Promise<OpenPort> {
  const http = await LazyHttp.open({
    port: config.port,
    host: config.host,
    settings: { port: 'metricsProvider.httpPort', address: 'metricsProvider.httpHost' },
    load: async () => (await import('./app.js')).metricsHttp(config.process, status, log),
    failed: (error) => log.error({ err: error }, 'The Prometheus provider cannot be loaded.'),
  });
  log.info(http.address, `Metrics are at ${urlOf(http.address)}/metrics.`);
  return http;
}

async function openOr<T>(open: () => Promise<T>, refused: (reason: string) => void): Promise<T | undefined> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof ListenError)) throw error;
    refused(error.message);
    return undefined;
  }
}

function urlOf({ address, port }: AddressInfo): string {
  const host = address === '::' || address === '0.0.0.0' ? 'localhost' : address;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
