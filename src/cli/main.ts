#!/usr/bin/env node
/**
 * Why this file exists: the `zabkeeper` command. It only tells commands apart; each one is loaded when it is called, so
 * that `--help` answers at once.
 */
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import type { StartArguments } from './ensemble/start.js';
import { fileLocation, isEntryPoint, serverLocation, splitFlags } from './args.js';
import { addBench } from './bench/command.js';
import { addCli, translateOptions } from './cliCommand.js';
import { addCompletion } from './completion.js';
import { addDataCommands } from './data/commands.js';
import { packageVersion } from './version.js';

const USAGE_ERROR = 2;

const { flags, rest } = splitFlags(process.argv.slice(2));

const CONFIG_ARGUMENT = 'the configuration file; conf/zoo.cfg of the package if missing';
const FLAGS_HELP = `
Any command takes -Dname=value, as ZooKeeper's SERVER_JVMFLAGS and JVMFLAGS do, which are read as well.
A key of zoo.cfg wins over a flag of the same meaning. All options: docs/configuration.md`;

/** The command with all its subcommands; docs/cli.md and the completion are made from it. */
export const program = new Command('zabkeeper')
  // Before the subcommands are added, which inherit it: a wrong call ends with 2, as every other bad argument does.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : USAGE_ERROR))
  .showHelpAfterError('What there is: the same command with --help.')
  .enablePositionalOptions()
  .description('A coordination service for ZooKeeper clients.')
  .version(versionText(), '-v, --version', 'print the version')
  .helpOption('-h, --help', 'print this help')
  .helpCommand('help [command]', 'print the help of a command')
  .addHelpText(
    'after',
    `${FLAGS_HELP}

Examples:
  $ zabkeeper server                               run a server with the sample configuration
  $ zabkeeper server /etc/zookeeper/conf/zoo.cfg   run a server with an existing configuration
  $ zabkeeper server zoo.cfg -Dzookeeper.skipACL=yes
  $ zabkeeper server 2181 ./data                   run a server without a configuration file
  $ zabkeeper ensemble start                       run an ensemble of three on this machine
  $ zabkeeper config zoo.cfg                       check a configuration
  $ zabkeeper status zoo.cfg                       ask a server whether it serves
  $ zabkeeper cli ls /                             talk to a server; without a command, a shell
  $ zabkeeper bench --check                        is this machine good enough?`,
  );

program
  .command('server')
  .summary('run a server in the foreground')
  .description(
    'Runs a server until it gets SIGTERM or SIGINT. Exit codes: 0 stopped, 1 failed, 2 bad configuration, 3 unusable data directory.',
  )
  .usage(
    '[zoo.cfg] [-Dname=value ...]\n       zabkeeper server <clientPort> <dataDir> [tickTime] [maxClientCnxns] [-Dname=value ...]',
  )
  .argument('[zoo.cfg...]', CONFIG_ARGUMENT)
  .option('--ready-file <path>', 'write the address to this file as soon as clients are served')
  .addHelpText('after', FLAGS_HELP)
  .action(async (args: string[], options: { readyFile?: string }, command: Command) => {
    const location = serverLocation(args, flags);
    if (location === undefined)
      command.error('There are too many arguments; see zabkeeper server --help.', { exitCode: 2 });
    const { serve } = await import('./server.js');
    await serve(location, options.readyFile);
  });

program
  .command('status')
  .summary('ask a server whether it serves')
  .description(
    'Asks the server of a configuration for its mode. Exit codes: 0 it serves, 1 it does not answer, 2 bad configuration.',
  )
  .argument('[zoo.cfg]', CONFIG_ARGUMENT)
  .action(async (file: string | undefined) => {
    const { printStatus } = await import('./status.js');
    process.exitCode = await printStatus(fileLocation(file, flags));
  });

program
  .command('config')
  .summary('check a configuration')
  .description(
    'Checks a configuration and prints the main values that follow from it. Exit codes: 0 usable, 2 not.',
  )
  .argument('[zoo.cfg]', CONFIG_ARGUMENT)
  .option('--get <key>', 'print this value alone')
  .action(async (file: string | undefined, options: { get?: string }) => {
    const { printConfig } = await import('./config.js');
    process.exitCode = printConfig(fileLocation(file, flags), options.get);
  });

const ensemble = program
  .command('ensemble')
  .summary('run several servers on this machine')
  .description('Commands for an ensemble on this machine, to try one out or to develop against it.');

ensemble
  .command('start')
  .summary('start a local ensemble')
  .description(
    'Runs an ensemble on this machine in the foreground. The first start makes a directory per server with its zoo.cfg, myid and data; ' +
      'later starts use them as they are. The log lines of a server begin with its number. As soon as a server leads, a table shows who ' +
      'does what and which connect string clients need, and again whenever that changes. A server that ends is reported, and the others ' +
      'go on. Ctrl-C stops all of them. Exit codes: 0 stopped, 1 no server is left, 2 bad arguments, 3 unusable directory.',
  )
  .option('--servers <n>', 'how many servers vote (3 when the ensemble is made)')
  .option('--observers <n>', 'how many observers there are besides (0 when the ensemble is made)')
  .option('--dir <dir>', 'where the ensemble is kept', 'zabkeeper-ensemble')
  .option(
    '--client-port <port>',
    'the client port of the first server, the others count upwards from it; free ports are chosen if missing',
  )
  .addHelpText(
    'after',
    `
Examples:
  $ zabkeeper ensemble start                                     three servers on free ports
  $ zabkeeper ensemble start --client-port 2181                  three servers on 2181, 2182 and 2183
  $ zabkeeper ensemble start --dir ./five --servers 5 --observers 1
  $ zabkeeper ensemble start --dir ./five                        the same one again

-Dname=value is passed on to every server.`,
  )
  .action(async (options: StartArguments) => {
    const { startEnsemble } = await import('./ensemble/start.js');
    process.exitCode = await startEnsemble(options, flags);
  });

addCli(program);
addDataCommands(program, flags);
addBench(program);

program
  .command('version')
  .summary('print the version')
  .action(() => {
    console.log(versionText());
  });

addCompletion(program);

// Not when it is imported, by what describes the command.
if (isEntryPoint(fileURLToPath(import.meta.url))) {
  const [command = '', ...args] = rest;
  await program.parseAsync(command === 'cli' ? [command, ...translateOptions(args)] : rest, { from: 'user' });
}

function versionText(): string {
  return `zabkeeper, version ${packageVersion()} (Node.js ${process.version})`;
}
