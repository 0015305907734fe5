/** The commands about a server's data as a whole: what they are called with. The work is loaded when one is called. */
import type { Command } from 'commander';
import { fileLocation } from '../args.js';
import type { ExportArguments } from './export.js';
import type { ImportArguments } from './import.js';

const CONFIG_ARGUMENT = 'the configuration file of the server; conf/zoo.cfg of the package if missing';
const EXIT_CODES =
  'Exit codes: 0 done, 1 failed, 2 wrong arguments or bad configuration, 3 unusable data, 74 the disk failed or is full.';

/** Adds the commands to the program. */
export function addDataCommands(program: Command, flags: readonly string[]): void {
  program
    .command('import')
    .summary("take over an Apache ZooKeeper server's data")
    .description(
      "Reads the newest snapshot of an Apache ZooKeeper server and the txns behind it, and makes the data directory of a server that goes on from there, with the same zxids, stats, access lists, sessions and sequence numbers. Holds the state against Apache's own digests. Apache's files are only read; stop Apache's server first. The data directory of zoo.cfg must be empty. " +
        EXIT_CODES,
    )
    .argument('[zoo.cfg]', CONFIG_ARGUMENT)
    .requiredOption(
      '--from <dataDir[,dataLogDir]>',
      "Apache's directories, as its zoo.cfg names them; snapshots may be compressed (gz, snappy)",
    )
    .option('--force', 'go on where txns are missing or the state does not fit to its digest', false)
    .option('--json', 'print one JSON object', false)
    .addHelpText(
      'after',
      `
Examples:
  $ zabkeeper import --from /var/lib/zookeeper zoo.cfg
  $ zabkeeper import --from /var/lib/zookeeper,/var/log/zookeeper zoo.cfg
  $ zabkeeper import --from ./copy-of-dataDir zoo.cfg --json

Of an ensemble import the data of one server, the one with the highest zxid, and let the others get them from it.
Step by step: docs/migration.md`,
    )
    .action(async (file: string | undefined, options: ImportArguments) => {
      const { runImport } = await import('./import.js');
      process.exitCode = await runImport(fileLocation(file, flags), options);
    });

  program
    .command('export')
    .summary('write a snapshot that Apache ZooKeeper loads')
    .description(
      'Writes the data of a server as a snapshot of Apache ZooKeeper: <dir> is the dataDir of its zoo.cfg then. zxids, stats, access lists, sessions and sequence numbers stay as they are. The server may run meanwhile; what is written after the command began is not in the snapshot. ' +
        EXIT_CODES,
    )
    .argument('<dir>', 'where to; its version-2 must be empty or missing')
    .argument('[zoo.cfg]', CONFIG_ARGUMENT)
    .option('--backup <file>', 'export a backup instead of the data of a server')
    .option('--json', 'print one JSON object', false)
    .addHelpText(
      'after',
      `
Examples:
  $ zabkeeper export ./apache-data zoo.cfg
  $ zabkeeper export ./apache-data --backup monday.zkb

Apache needs zookeeper.extendedTypesEnabled=true if there are TTL znodes.
Step by step: docs/migration.md`,
    )
    .action(async (directory: string, file: string | undefined, options: ExportArguments) => {
      const { runExport } = await import('./export.js');
      process.exitCode = await runExport(fileLocation(file, flags), directory, options);
    });
}
