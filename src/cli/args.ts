/**
 * Why this file exists: `-Dname=value` is how ZooKeeper's operators pass settings, and no argument parser knows the form.
 * The arguments are taken apart here, before the commands are looked at.
 */
import { existsSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ConfigLocation } from '../config/index.js';

/** Arguments with the `-D` flags taken out. */
export interface SplitArguments {
  /** The flags, as given. */
  readonly flags: readonly string[];
  readonly rest: readonly string[];
}

/**
 * Separates flags of a Java virtual machine, `-Dname=value` and `-Xmx1g`, from the other arguments; what follows `--` is
 * left alone, and so is `cli`, whose arguments may be data. The configuration skips all but the first kind.
 */
export function splitFlags(args: readonly string[]): SplitArguments {
  const end = args[0] === 'cli' ? 0 : args.includes('--') ? args.indexOf('--') : args.length;
  const isFlag = (arg: string, index: number): boolean => index < end && /^-(D.|X)/.test(arg);
  return {
    flags: args.filter(isFlag),
    rest: args.filter((arg, index) => !isFlag(arg, index)),
  };
}

/** Whether this file is what Node.js was called with: npm calls it through a symbolic link, people leave out the `.js`. */
export function isEntryPoint(file: string): boolean {
  const [, called] = process.argv;
  if (called === undefined) return false;
  return [called, `${called}.js`].some((path) => existsSync(path) && realpathSync(path) === file);
}

/** The directory that holds package.json, conf/ and dist/. */
export const packageRoot = fileURLToPath(new URL('../../../', import.meta.url));

/** The sample configuration, used when none is named. */
export const defaultConfigFile = `${packageRoot}conf/zoo.cfg`;

/** Where the configuration is, for a command that takes the path of a zoo.cfg or nothing. */
export function fileLocation(
  file: string | undefined,
  flags: readonly string[],
): ConfigLocation & { file: string } {
  return { file: file ?? defaultConfigFile, args: flags, env: process.env, cwd: process.cwd() };
}

/**
 * Where the configuration is, for `zabkeeper server`, which also takes
 * `<clientPort> <dataDir> [tickTime] [maxClientCnxns]` instead of a file, as ZooKeeper does. Undefined if there are too
 * many arguments.
 */
export function serverLocation(
  args: readonly string[],
  flags: readonly string[],
): ConfigLocation | undefined {
  const { file, ...common } = fileLocation(args[0], flags);
  if (args.length < 2) return { file, ...common };
  const [clientPort = '', dataDir = '', tickTime, maxClientCnxns, ...more] = args;
  if (more.length > 0) return undefined;
  return {
    ...common,
    keys: {
      clientPort,
      dataDir,
      ...(tickTime === undefined ? {} : { tickTime }),
      ...(maxClientCnxns === undefined ? {} : { maxClientCnxns }),
    },
  };
}
