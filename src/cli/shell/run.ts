/**
 * Why this file exists: `zabkeeper cli` from its arguments to its exit code: which printer, which source of commands.
 */
import { ExitCode } from '../../config/index.js';
import { tlsOfArguments, type TlsArguments } from '../clientTls.js';
import { ShellConnection } from './connection.js';
import { errorText, EXIT_FAILED } from './errors.js';
import { HistoryFile } from './historyFile.js';
import { runPipe, Terminal } from './lines.js';
import { JsonPrinter, processOutput, TextPrinter } from './printer.js';
import { clientSettings, type ClientSettings } from './settings.js';
import { Shell } from './shell.js';

/** The options of `zabkeeper cli` as commander has read them. */
export interface CliOptions extends TlsArguments {
  readonly server: string;
  readonly timeout: number;
  readonly readOnly?: true;
  readonly waitForConnection?: true;
  readonly clientConfiguration?: string;
  readonly json?: true;
  readonly quiet?: true;
}

/**
 * Runs one command, or the lines of stdin.
 * @param words the command and its arguments; none for stdin
 * @returns the exit code
 */
export async function runCli(options: CliOptions, words: readonly string[]): Promise<number> {
  const streams = processOutput();
  endQuietlyWithoutReader();
  let settings: ClientSettings;
  try {
    settings = clientSettings(options.clientConfiguration, process.env, tlsOfArguments(options));
  } catch (error) {
    streams.err(`${plainText(error)}\n`);
    return ExitCode.BAD_CONFIG;
  }
  const json = options.json === true;
  const interactive = words.length === 0 && process.stdin.isTTY && process.stdout.isTTY && !json;
  const terminal = new Terminal(streams, {
    input: process.stdin,
    output: process.stdout,
    history: new HistoryFile(),
  });
  const printer = json
    ? new JsonPrinter(streams)
    : new TextPrinter(interactive ? terminal : streams, {
        connection: options.quiet !== true,
        usage: !interactive,
      });
  const connection = new ShellConnection(
    {
      servers: options.server,
      timeoutMs: options.timeout,
      readOnly: options.readOnly === true,
      wait: options.waitForConnection === true,
      client: settings.options,
    },
    (event) => shell.printEvent(event),
  );
  const shell = new Shell(connection, printer);

  for (const warning of settings.warnings) streams.err(`${warning}\n`);
  printer.banner(`Connecting to ${options.server}`);
  try {
    await connection.connect();
  } catch (error) {
    printer.failure('connect', error, EXIT_FAILED, undefined);
    await connection.leave(false);
    return EXIT_FAILED;
  }
  if (words.length > 0) {
    await shell.execute(words);
  } else {
    printer.banner('Welcome to ZooKeeper!');
    if (interactive) {
      printer.banner('help lists the commands, Tab completes commands and paths, quit leaves.');
      // So that the first thing that is seen is whether there is a server.
      await connection
        .ready()
        .catch((error: unknown) => printer.failure('connect', error, EXIT_FAILED, undefined));
      await terminal.run(shell, connection);
    } else {
      await runPipe(shell, process.stdin);
    }
  }
  await shell.leave();
  return shell.exitCode;
}

function plainText(error: unknown): string {
  return errorText(error).replace(/^KeeperErrorCode = BadArguments: /, '');
}

/** `zabkeeper cli ls -R / | head`: when nobody reads any more there is nothing left to do, and nothing wrong. */
function endQuietlyWithoutReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}
