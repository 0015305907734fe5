/**
 * Why this file exists: the one place that decides how the process logs. Everything below gets a `Logger` handed in.
 *
 * Messages go to stdout and fatal ones to stderr, synchronously: whatever was logged before the process ends is written.
 */
import type { Logger } from 'pino';
import { destination, multistream, pino, stdTimeFunctions } from 'pino';
import type { LogFormat, LogLevel } from '../config/index.js';

const STDOUT = 1;
const STDERR = 2;

/** Creates the logger of the process. */
export async function createLog(level: LogLevel, format: LogFormat): Promise<Logger> {
  const pretty = format === 'pretty' || (format === 'auto' && process.stdout.isTTY);
  const open = pretty ? await prettyStreams() : (fd: number) => destination({ fd, sync: true });
  const streams = multistream(
    [
      { level: 'trace', stream: open(STDOUT) },
      { level: 'fatal', stream: open(STDERR) },
    ],
    { dedupe: true },
  );
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    streams,
  );
}

/** As a stream rather than a transport: a transport is a thread of its own, and what it holds at exit may be lost. */
async function prettyStreams(): Promise<(fd: number) => NodeJS.WritableStream> {
  const { PinoPretty } = await import('pino-pretty');
  return (fd) => PinoPretty({ destination: fd, sync: true, translateTime: 'SYS:yyyy-mm-dd HH:MM:ss.l' });
}
