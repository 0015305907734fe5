#!/usr/bin/env node
/**
 * Why this file exists: the `zabkeeper` command. It only tells commands apart; each one is loaded when it is called, so
 * that `--help` answers at once.
 */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { StartArguments } from './ensemble/start.js';
import { addBench } from './bench/command.js';
import { fileLocation, packageRoot, serverLocation, splitFlags } from './args.js';

const { flags, rest } = splitFlags(process.argv.slice(2));

const CONFIG_ARGUMENT = 'the configuration file; conf/zoo.cfg of the package if missing';
const FLAGS_HELP = `
Any command takes -Dname=value, as ZooKeeper's SERVER_JVMFLAGS and JVMFLAGS do, which are read as well.
A key of zoo.cfg wins over a flag of the same meaning. All options: docs/configuration.md`;

const program = new Command('zabkeeper')
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

addBench(program);

program
  .command('version')
  .summary('print the version')
  .action(() => {
    console.log(versionText());
  });

await program.parseAsync(rest, { from: 'user' });

function versionText(): string {
  const manifest: unknown = JSON.parse(readFileSync(`${packageRoot}package.json`, 'utf8'));
  const version =
    typeof manifest === 'object' &&
    manifest !== null &&
    'version' in manifest &&
    typeof manifest.version === 'string'
      ? manifest.version
      : 'unknown';
  return `zabkeeper, version ${version} (Node.js ${process.version})`;
}
