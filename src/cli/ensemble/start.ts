/** Why this file exists: `zabkeeper ensemble start`, from its arguments to its exit code. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeFailure } from '../failure.js';
import { prepareEnsemble, SERVERS_MAX, type EnsembleWish } from './layout.js';
import type { ServerProgram } from './processes.js';
import { LocalEnsemble } from './run.js';

/** The options as the command line gives them. */
export interface StartArguments {
  readonly dir: string;
  readonly servers?: string;
  readonly observers?: string;
  readonly clientPort?: string;
}

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));

/** Makes or finds the ensemble of a directory and runs it until it is stopped; returns the exit code. */
export async function startEnsemble(
  given: StartArguments,
  flags: readonly string[],
  program: Pick<ServerProgram, 'command' | 'args'> = {
    command: process.execPath,
    args: [...process.execArgv, MAIN, 'server'],
  },
): Promise<number> {
  const say = (text: string): void => console.log(text);
  try {
    const wish = readWish(given);
    const { servers, isNew } = await prepareEnsemble(wish);
    const count = `${servers.length} server${servers.length === 1 ? '' : 's'}`;
    say(`${isNew ? 'Made' : 'Found'} an ensemble of ${count} in ${wish.directory}; starting it.`);
    // Lines for people, unless the flags say otherwise.
    const ensemble = new LocalEnsemble(
      servers,
      { ...program, flags: ['-Dzabkeeper.logFormat=pretty', ...flags] },
      say,
    );
    process.on('SIGINT', () => ensemble.stop());
    process.on('SIGTERM', () => ensemble.stop());
    return await ensemble.run();
  } catch (error) {
    const { message, exitCode } = describeFailure(error);
    console.error(message);
    return exitCode;
  }
}

/** Checks the numbers; throws an error with an exit code. */
export function readWish({ dir, servers, observers, clientPort }: StartArguments): EnsembleWish {
  return {
    directory: resolve(dir),
    servers: number('--servers', servers, 1, SERVERS_MAX),
    observers: number('--observers', observers, 0, SERVERS_MAX),
    clientPort: number('--client-port', clientPort, 1, 65_535),
  };
}

function number(name: string, text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,6}$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  throw Object.assign(
    new Error(`${name} ${text} is not valid; expected a whole number from ${min} to ${max}.`),
    {
      exitCode: 2,
    },
  );
}
