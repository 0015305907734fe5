/**
 * Why this file exists: an operator can check a zoo.cfg before a restart, and scripts can ask for a value instead of
 * picking zoo.cfg apart with grep.
 */
import type { ConfigLocation, ServerConfig } from '../config/index.js';
import { ExitCode, formatServerLine, loadConfig } from '../config/index.js';
import { describeFailure } from './failure.js';

/** What is printed, by the key in zoo.cfg. */
function values(config: ServerConfig): ReadonlyMap<string, string> {
  return new Map([
    ['clientPort', String(config.clientPort ?? '')],
    ['clientPortAddress', config.clientPortAddress ?? ''],
    ['secureClientPort', String(config.secureClient?.port ?? '')],
    ['secureClientPortAddress', config.secureClient?.address ?? ''],
    ['dataDir', config.dataDir],
    ['dataLogDir', config.dataLogDir],
    ['tickTime', String(config.tickTime)],
    ['minSessionTimeout', String(config.minSessionTimeout)],
    ['maxSessionTimeout', String(config.maxSessionTimeout)],
    ['maxClientCnxns', String(config.maxClientCnxns)],
    ['serverId', String(config.serverId ?? '')],
    ['mode', config.ensemble === undefined ? 'standalone' : `ensemble, ${config.ensemble.self.role}`],
    ...config.membership.members.map((member): [string, string] => {
      const [key = '', value = ''] = formatServerLine(member).split(/=(.*)/s);
      return [key, value];
    }),
  ]);
}

/**
 * Checks a configuration and prints what follows from it, warnings on stderr; returns the exit code.
 * @param only the key of the one value to print
 */
export function printConfig(location: ConfigLocation, only?: string): number {
  try {
    const { config, warnings } = loadConfig(location);
    const all = values(config);
    if (only !== undefined) {
      const value = all.get(only);
      if (value === undefined) {
        console.error(`There is no value ${only} to print; there are ${[...all.keys()].join(', ')}.`);
        return ExitCode.BAD_CONFIG;
      }
      console.log(value);
      return ExitCode.OK;
    }
    for (const warning of warnings) console.error(warning);
    for (const [key, value] of all) console.log(`${key}=${value}`);
    return ExitCode.OK;
  } catch (error) {
    const { message, exitCode } = describeFailure(error);
    console.error(message);
    return exitCode;
  }
}
