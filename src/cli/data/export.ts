/** Why this file exists: what `zabkeeper export` does and prints. */
import { exportApache } from '../../backup/index.js';
import { dataPlaceOf, loadConfig, type ConfigLocation } from '../../config/index.js';
import { hex } from '../../util/index.js';
import { bytesText, counted, printFacts, printJson, run } from './report.js';
import { openSource } from './source.js';

/** Options as commander hands them over. */
export interface ExportArguments {
  readonly backup?: string;
  readonly json: boolean;
}

/** @returns the exit code */
export function runExport(
  location: ConfigLocation,
  directory: string,
  { backup, json }: ExportArguments,
): Promise<number> {
  return run(async (progress) => {
    const stored = openSource(backup, () => dataPlaceOf(loadConfig(location).config));
    const started = performance.now();
    try {
      const report = await exportApache(stored, directory, progress.update);
      progress.end();
      const seconds = (performance.now() - started) / 1000;
      if (json) return printJson({ ...report, seconds: Number(seconds.toFixed(3)) });
      console.log(
        `Exported ${counted(report.znodes, 'znode')} and ${counted(report.sessions, 'session')} as of zxid ${hex(report.zxid)}, in ${seconds.toFixed(1)} s.`,
      );
      printFacts([
        ['snapshot', `${report.file} (${bytesText(report.bytes)})`],
        ['digest', `${hex(report.digest)}, which Apache verifies when it loads the snapshot`],
        ['ephemerals', `${counted(report.ephemerals, 'znode')}, with their sessions`],
      ]);
      console.log(
        `Next: start Apache's server with dataDir=${directory}, and no other files in its version-2.`,
      );
    } finally {
      stored.close();
    }
  });
}
