/**
 * Why this file exists: how `zabkeeper cli` is called. It takes the options of Apache's zkCli.sh as well, which have one
 * dash and several letters; no argument parser knows that form, so they are turned into the usual one first.
 */
import { InvalidArgumentError, type Command } from 'commander';
import { addTlsOptions } from './clientTls.js';
import type { CliOptions } from './shell/run.js';

/** Apache's option, ours, and whether a value follows. */
const APACHE_OPTIONS: Readonly<Record<string, readonly [option: string, value: boolean]>> = {
  '-server': ['--server', true],
  '-timeout': ['--timeout', true],
  '-r': ['-r', false],
  '-waitforconnection': ['--wait-for-connection', false],
  '-client-configuration': ['--client-configuration', true],
};

/** Turns Apache's options before the command into ours; the command and what follows it stay as they are. */
export function translateOptions(args: readonly string[]): string[] {
  const translated: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    if (!arg.startsWith('-')) return [...translated, ...args.slice(at)];
    const [option, takesValue] = APACHE_OPTIONS[arg] ?? [arg, OWN_WITH_VALUE.has(arg)];
    translated.push(option);
    const value = args[at + 1];
    if (takesValue && value !== undefined) {
      translated.push(value);
      at++;
    }
  }
  return translated;
}

const OWN_WITH_VALUE: ReadonlySet<string> = new Set([
  '--server',
  '--timeout',
  '--client-configuration',
  '--tls-ca',
  '--tls-cert',
  '--tls-key',
  '-s',
  '-t',
]);

function milliseconds(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(value >= 1 && value <= 0x7fffffff)) {
    throw new InvalidArgumentError('A whole number of milliseconds is expected.');
  }
  return value;
}

/** Adds the command to the program. */
export function addCli(program: Command): void {
  const command = program
    .command('cli')
    .summary('talk to a server: one command, or a shell')
    .description(
      "Runs one command on a server, or without one a shell: the commands, options and output are those of ZooKeeper's zkCli.sh. " +
        'The shell reads from a terminal, with history and completion, or from a pipe. ' +
        'Exit codes: that of the last command, which is 0 done, 1 failed or wrong arguments, 127 no such command; 2 bad options of the shell itself.',
    )
    .usage('[options] [command] [arguments]')
    .argument('[command...]', 'a command of the shell with its options and arguments; help lists them')
    .option(
      '-s, --server <servers>',
      'host:port[,host:port...][/chroot]; the servers, of which one is taken, and the root of all paths',
      'localhost:2181',
    )
    .option('-t, --timeout <ms>', 'session timeout to ask for', milliseconds, 30_000)
    .option('-r, --read-only', 'accept a server that has lost its quorum and serves reads only')
    .option('--wait-for-connection', 'wait for the session, up to the timeout, before anything else')
    .option('--client-configuration <file>', "a properties file of ZooKeeper's client")
    .option('--json', 'print one JSON object for each command and event; docs/cli.md has the shapes')
    .option('-q, --quiet', 'do not tell of the connection')
    .passThroughOptions()
    .addHelpText(
      'after',
      `
The options of zkCli.sh work as well: -server, -timeout, -r, -waitforconnection, -client-configuration.

Examples:
  $ zabkeeper cli                                       a shell on localhost:2181
  $ zabkeeper cli --server zk1:2181,zk2:2181/app        a shell on an ensemble, below /app
  $ zabkeeper cli create /greeting hello                one command
  $ zabkeeper cli --quiet get /greeting                 hello
  $ zabkeeper cli --json stat /greeting | jq .result.stat.version
  $ printf 'create /a\\nls /\\n' | zabkeeper cli          commands from a pipe
  $ zabkeeper cli help                                  all commands`,
    )
    .action(async (words: string[], options: CliOptions) => {
      const { runCli } = await import('./shell/run.js');
      process.exitCode = await runCli(options, words);
    });
  addTlsOptions(command);
}
