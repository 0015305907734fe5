/** Finds the files of an Apache ZooKeeper server below the directories that its zoo.cfg names. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ApacheDataError, textOf } from './errors.js';

/** A snapshot or a log, and the zxid in its name. */
export interface NamedFile {
  readonly file: string;
  readonly zxid: bigint;
}

/** What is there. */
export interface ApacheFiles {
  /** The newest first. */
  readonly snapshots: readonly NamedFile[];
  /** The oldest first. */
  readonly logs: readonly NamedFile[];
  /** Of an ensemble; 0 for a server that never was in one. */
  readonly acceptedEpoch: number;
  readonly currentEpoch: number;
}

const VERSION_DIR = 'version-2';
const SNAPSHOT = /^snapshot\.([0-9a-f]{1,16})(\.gz|\.snappy)?$/;
const LOG = /^log\.([0-9a-f]{1,16})$/;

/**
 * @param dataDir as in Apache's zoo.cfg, or the directory `version-2` in it
 * @param dataLogDir the same, where the logs are elsewhere
 * @throws ApacheDataError if there is nothing to read
 */
export function findApacheFiles(dataDir: string, dataLogDir = dataDir): ApacheFiles {
  const snapDir = versionDir(dataDir);
  const logDir = versionDir(dataLogDir);
  const snapshots = named(snapDir, SNAPSHOT).reverse();
  const logs = named(logDir, LOG);
  if (snapshots.length === 0 && logs.length === 0) {
    throw new ApacheDataError(
      `${snapDir} holds no snapshot and no log of an Apache ZooKeeper server. Name the dataDir of its zoo.cfg, and behind a comma its dataLogDir, if it has one.`,
    );
  }
  return {
    snapshots,
    logs,
    acceptedEpoch: epochIn(snapDir, 'acceptedEpoch'),
    currentEpoch: epochIn(snapDir, 'currentEpoch'),
  };
}

function versionDir(directory: string): string {
  const below = join(directory, VERSION_DIR);
  const found = existsSync(below) ? below : directory;
  if (existsSync(found) && statSync(found).isDirectory()) return found;
  throw new ApacheDataError(`${directory} is not a directory. Name the dataDir of Apache's zoo.cfg.`);
}

function named(directory: string, pattern: RegExp): NamedFile[] {
  return readNames(directory)
    .flatMap((name) => {
      const digits = pattern.exec(name)?.[1];
      return digits === undefined
        ? []
        : [{ file: join(directory, name), zxid: BigInt.asIntN(64, BigInt(`0x${digits}`)) }];
    })
    .sort((left, right) => (left.zxid < right.zxid ? -1 : left.zxid > right.zxid ? 1 : 0));
}

function readNames(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    throw new ApacheDataError(`${directory} cannot be read: ${textOf(error)}.`, { cause: error });
  }
}

function epochIn(directory: string, name: string): number {
  const file = join(directory, name);
  if (!existsSync(file)) return 0;
  const text = readFileSync(file, 'utf8').trim();
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new ApacheDataError(`${file} does not hold an epoch, a number.`);
}
