/** Why this file exists: what `zabkeeper backup` and `zabkeeper restore` do and print. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { backUp, restore, StorageError } from '../../backup/index.js';
import { dataPlaceOf, loadConfig, type ConfigLocation } from '../../config/index.js';
import { zxidOf } from '../../types/index.js';
import { hex } from '../../util/index.js';
import { packageVersion } from '../version.js';
import { bytesText, counted, nextStep, printFacts, printJson, run, timeText } from './report.js';

/** @returns the exit code */
export function runBackup(
  location: ConfigLocation,
  file: string,
  { json }: { readonly json: boolean },
): Promise<number> {
  return run(async (progress) => {
    const place = dataPlaceOf(loadConfig(location).config);
    const started = performance.now();
    const report = await backUp(place, file, packageVersion(), Date.now(), progress.update);
    progress.end();
    const seconds = (performance.now() - started) / 1000;
    if (json) {
      const { tail, createdAt, ...rest } = report;
      return printJson({
        ...rest,
        index: tail.index,
        zxid: tail.zxid,
        createdAt: timeText(createdAt),
        seconds: Number(seconds.toFixed(3)),
      });
    }
    console.log(
      `Saved ${counted(report.rows, 'znode and session', 'znodes and sessions')} as of zxid ${hex(report.tail.zxid)} in ${file}, ${bytesText(report.bytes)}, in ${seconds.toFixed(1)} s. All of it was read back and verified.`,
    );
    if (report.unconfirmed > 0) {
      console.log(
        `Note: the last ${counted(report.unconfirmed, 'record')} may not have been committed: no server was there to say so. Leave them out with restore --zxid if that matters.`,
      );
    }
  });
}

/** Options as commander hands them over. */
export interface RestoreArguments {
  readonly zxid?: bigint;
  readonly log?: string;
  readonly json: boolean;
}

/** @returns the exit code */
export function runRestore(
  location: ConfigLocation,
  file: string,
  { zxid, log, json }: RestoreArguments,
): Promise<number> {
  return run(async (progress) => {
    const { config } = loadConfig(location);
    const place = dataPlaceOf(config);
    const started = performance.now();
    const report = await restore({
      file,
      place,
      upTo: zxid === undefined ? undefined : zxidOf(zxid),
      logDir: log === undefined ? undefined : logDirectory(log),
      progress: progress.update,
    });
    progress.end();
    const seconds = (performance.now() - started) / 1000;
    const { backup, lastTime, ...rest } = report;
    if (json) {
      return printJson({
        ...rest,
        lastTime: lastTime === undefined ? null : timeText(lastTime),
        backupOf: timeText(backup.createdAt),
        seconds: Number(seconds.toFixed(3)),
      });
    }
    console.log(
      `Restored ${counted(report.znodes, 'znode')} and ${counted(report.sessions, 'session')} as of zxid ${hex(report.zxid)}, in ${seconds.toFixed(1)} s.`,
    );
    printFacts([
      ['backup', `${file}, of ${timeText(backup.createdAt)}, made by release ${backup.release}`],
      ['log', `${counted(report.records, 'record')} applied on it`],
      ['digest', hex(report.digest)],
      [
        'written to',
        place.dataDir === place.dataLogDir ? place.dataDir : `${place.dataDir}, ${place.dataLogDir}`,
      ],
    ]);
    console.log(nextStep(config));
  });
}

function logDirectory(directory: string): string {
  for (const candidate of [directory, join(directory, 'version-2')]) {
    if (existsSync(join(candidate, 'log.db'))) return candidate;
  }
  throw new StorageError('config', `${directory} has no log.db. Name the dataLogDir of the server.`);
}
