/**
 * Why this file exists: the life of the server process. It reads the configuration, starts the server, and ends the
 * process in one of three ways: by a signal (exit code 0), by a failure (its own exit code) or by a second signal.
 */
import { writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import type { Logger } from 'pino';
import type { ConfigLocation, ResolvedConfig } from '../config/index.js';
import { ExitCode, loadConfig, prepareDataDirs } from '../config/index.js';
import type { RunningServer } from '../start/index.js';
import { exitWith } from './failure.js';
import { createLog } from './log.js';
import { notifySystemd } from './notify.js';

/** A close that takes longer than this hangs; ending the process is then better, and safe: the disk has what it needs. */
const CLOSE_MS_MAX = 5000;

/**
 * Runs a server until it is told to stop; the process ends here.
 * @param readyFile a file to write the address to once clients are served, for scripts that wait for it
 */
export async function serve(location: ConfigLocation, readyFile?: string): Promise<void> {
  // What goes wrong before the configuration is known is logged by default settings.
  let log = await createLog('info', 'auto');
  process.on('uncaughtException', (error) => exitWith(error, log));

  let running: RunningServer | undefined;
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) process.exit(128 + constants.signals[signal]);
    stopping = true;
    log.info(`${signal}: stopping.`);
    notifySystemd('stopping', log);
    // Before anything is served there is nothing to close that a crash would not close as well.
    if (running === undefined) process.exit(ExitCode.OK);
    setTimeout(() => exitWith(new Error('closing took too long'), log), CLOSE_MS_MAX).unref();
    running.close().then(
      () => process.exit(ExitCode.OK),
      (error: unknown) => exitWith(error, log),
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // Only for servers of `zabkeeper ensemble start`, which hold a channel to it: if it is killed, they end as well.
  process.on('disconnect', () => stop('SIGTERM'));

  try {
    const resolved = loadConfig(location);
    log = await createLog(resolved.config.logLevel, resolved.config.logFormat);
    report(resolved, log);
    prepareDataDirs(resolved.config);
    const { runServer } = await import('../start/index.js');
    running = await runServer(resolved.config, log);
  } catch (error) {
    exitWith(error, log);
  }
  void running.failed.then((error) => exitWith(error, log));
  notifySystemd('ready', log);
  if (readyFile !== undefined)
    writeFileSync(readyFile, `${running.address}:${running.port || running.securePort}\n`);
}

function report({ config, warnings, infos }: ResolvedConfig, log: Logger): void {
  log.info(
    config.configFile === undefined ? 'Configured by arguments.' : `Configured by ${config.configFile}.`,
  );
  for (const warning of warnings) log.warn(warning);
  for (const info of infos) log.info(info);
}
