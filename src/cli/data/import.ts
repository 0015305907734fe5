/** Why this file exists: what `zabkeeper import` does and prints. */
import { importApache, type ImportReport } from '../../backup/index.js';
import { dataPlaceOf, loadConfig, type ConfigLocation } from '../../config/index.js';
import { hex } from '../../util/index.js';
import { bytesText, counted, nextStep, printFacts, printJson, run, timeText } from './report.js';

/** Options as commander hands them over. */
export interface ImportArguments {
  readonly from: string;
  readonly force: boolean;
  readonly json: boolean;
}

/** @returns the exit code */
export function runImport(location: ConfigLocation, { from, force, json }: ImportArguments): Promise<number> {
  return run(async (progress) => {
    const { config } = loadConfig(location);
    const place = dataPlaceOf(config);
    const [dataDir = '', dataLogDir] = from.split(',');
    const started = performance.now();
    const report = await importApache({
      dataDir,
      dataLogDir,
      place,
      force,
      progress: progress.update,
    });
    progress.end();
    const seconds = (performance.now() - started) / 1000;
    if (json) return printJson(summary(report, seconds));
    const { snapshot, lastTime } = report.source;
    const when = lastTime === undefined ? '' : `, of ${timeText(lastTime)}`;
    console.log(
      `Imported ${counted(report.znodes, 'znode')} and ${counted(report.sessions, 'session')} as of zxid ${hex(report.zxid)}${when}, in ${seconds.toFixed(1)} s.`,
    );
    printFacts([
      [
        'snapshot',
        snapshot === undefined
          ? 'none'
          : `${snapshot.file} (${bytesText(snapshot.bytes)}${snapshot.compression === 'none' ? '' : `, ${snapshot.compression}`}), checksum correct`,
      ],
      [
        'logs',
        `${counted(report.source.txns, 'txn')} behind the snapshot, in ${counted(report.source.logs.length, 'file')}`,
      ],
      ['digest', digestText(report)],
      [
        'ephemerals',
        `${counted(report.ephemerals, 'znode')}; they end with their sessions, unless these end before`,
      ],
      [
        'written to',
        place.dataDir === place.dataLogDir ? place.dataDir : `${place.dataDir}, ${place.dataLogDir}`,
      ],
    ]);
    if (report.source.lostEphemerals > 0) {
      console.log(
        `${counted(report.source.lostEphemerals, 'ephemeral')} of sessions that had ended left out.`,
      );
    }
    for (const remark of [...report.source.damagedSnapshots, ...report.source.remarks]) {
      console.log(`Note: ${remark}`);
    }
    console.log(nextStep(config));
  });
}

function digestText({ digest, source: { digests, verifiedZxid } }: ImportReport): string {
  if (verifiedZxid === undefined) {
    return `${hex(digest)}; Apache kept none to compare it with (zookeeper.digest.enabled)`;
  }
  return `${hex(digest)}; equal to Apache's after txn ${hex(verifiedZxid)}, compared ${counted(digests, 'time')}`;
}

function summary({ source, ...report }: ImportReport, seconds: number): unknown {
  const { snapshot, logs, lastTime, ...rest } = source;
  return {
    ...report,
    snapshot: snapshot?.file ?? null,
    logs: logs.map(({ file }) => file),
    lastTime: lastTime === undefined ? null : timeText(lastTime),
    ...rest,
    verifiedZxid: rest.verifiedZxid ?? null,
    seconds: Number(seconds.toFixed(3)),
  };
}
