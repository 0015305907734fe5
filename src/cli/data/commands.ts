/** The commands about a server's data as a whole: what they are called with. The work is loaded when one is called. */
import { InvalidArgumentError, type Command } from 'commander';
import { fileLocation } from '../args.js';
import type { RestoreArguments } from './backup.js';
import type { ExportArguments } from './export.js';
import type { ImportArguments } from './import.js';
import type { InspectArguments } from './inspect.js';
import type { RecoverArguments } from './recover.js';

const CONFIG_ARGUMENT = 'the configuration file of the server; conf/zoo.cfg of the package if missing';
const EXIT_CODES =
  'Exit codes: 0 done, 1 failed, 2 wrong arguments or bad configuration, 3 unusable data, 74 the disk failed or is full.';

/** Adds the commands to the program. */
export function addDataCommands(program: Command, flags: readonly string[]): void {
  addBackup(program, flags);
  addRestore(program, flags);
  addInspect(program, flags);
  addRecover(program, flags);
  addImport(program, flags);
  addExport(program, flags);
}

function addImport(program: Command, flags: readonly string[]): void {
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
}

function addExport(program: Command, flags: readonly string[]): void {
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

function addBackup(program: Command, flags: readonly string[]): void {
  program
    .command('backup')
    .summary('save the data of a server in one file')
    .description(
      'Saves the data of a server in one file, as of one moment: znodes, sessions, and the end of its log. The server may run meanwhile, and goes on undisturbed; the command runs on its machine, as its user. The file is read back and verified before it gets its name. ' +
        EXIT_CODES,
    )
    .argument('<file>', 'where to; it must not be there yet')
    .argument('[zoo.cfg]', CONFIG_ARGUMENT)
    .option('--json', 'print one JSON object', false)
    .addHelpText(
      'after',
      `
Examples:
  $ zabkeeper backup /backup/$(date +%F).zkb zoo.cfg
  $ zabkeeper inspect /backup/2026-03-01.zkb          what is in it, and whether it is intact

The file holds all data and access lists: keep it as safe as the server. More: docs/backup.md`,
    )
    .action(async (target: string, file: string | undefined, options: { json: boolean }) => {
      const { runBackup } = await import('./backup.js');
      process.exitCode = await runBackup(fileLocation(file, flags), target, options);
    });
}

function addRestore(program: Command, flags: readonly string[]): void {
  program
    .command('restore')
    .summary('make the data directory of a server from a backup')
    .description(
      "Makes the data directory of a server from a backup, as the history of a new ensemble: the data directory of zoo.cfg must be empty, servers of the old ensemble cannot join. Clients get new sessions by themselves; ephemerals of old sessions stay for their timeout. With --zxid what came later is left out, and with --log a server's log continues the backup. " +
        EXIT_CODES,
    )
    .argument('<file>', 'the backup')
    .argument('[zoo.cfg]', CONFIG_ARGUMENT)
    .option('--zxid <zxid>', 'restore the state after this zxid, 0x500000a17', zxid)
    .option('--log <dataLogDir>', 'go on with the log of the server that the backup was made of')
    .option('--json', 'print one JSON object', false)
    .addHelpText(
      'after',
      `
Examples:
  $ zabkeeper restore monday.zkb zoo.cfg
  $ zabkeeper restore monday.zkb zoo.cfg --log /var/lib/zookeeper.old --zxid 0x500000a17
                                      the state right before a mistake made on Tuesday

Which zxid was it? zabkeeper inspect --sql "select * from log order by idx desc limit 20". More: docs/backup.md`,
    )
    .action(async (source: string, file: string | undefined, options: RestoreArguments) => {
      const { runRestore } = await import('./backup.js');
      process.exitCode = await runRestore(fileLocation(file, flags), source, options);
    });
}

function addInspect(program: Command, flags: readonly string[]): void {
  program
    .command('inspect')
    .summary("look at a server's data or a backup, and verify all of it")
    .description(
      'Reads all data of a server, which may run meanwhile, or of a backup: verifies rows, digest, records and their chain, and prints epochs, zxids, sizes, the largest and deepest subtrees, and sessions. With --sql it answers a question instead. Changes nothing. ' +
        EXIT_CODES,
    )
    .argument('[zoo.cfg]', 'the configuration file of the server, or a backup; conf/zoo.cfg if missing')
    .option('--sql <query>', 'print what this query gives: tables znodes, sessions, meta, log')
    .option('--json', 'print JSON: one object, or one for each row', false)
    .addHelpText(
      'after',
      `
Examples:
  $ zabkeeper inspect zoo.cfg
  $ zabkeeper inspect monday.zkb --json
  $ zabkeeper inspect zoo.cfg --sql "select path, length(data) from znodes order by 2 desc limit 10"
  $ zabkeeper inspect zoo.cfg --sql "select printf('0x%x', zxid), type from log order by idx desc limit 10"`,
    )
    .action(async (file: string | undefined, options: InspectArguments) => {
      const { runInspect } = await import('./inspect.js');
      process.exitCode = await runInspect(fileLocation(file, flags), options);
    });
}

function addRecover(program: Command, flags: readonly string[]): void {
  program
    .command('recover')
    .summary('when the quorum is lost for good: go on with what one server has')
    .description(
      'Makes what this stopped server has left, damaged or not, the history of a new ensemble with the members of zoo.cfg. Says first what may be lost, and asks. The data as they were are kept under another name. Only when a majority of the servers is lost for good: otherwise start what can be started, and nothing is lost. ' +
        EXIT_CODES,
    )
    .argument('[zoo.cfg]', CONFIG_ARGUMENT)
    .option('-y, --yes', 'do not ask', false)
    .option('--json', 'print one JSON object; with --yes', false)
    .addHelpText(
      'after',
      `
Examples:
  $ zabkeeper inspect zoo.cfg        on each server that is left: which one has the highest epoch and zxid?
  $ zabkeeper recover zoo.cfg        on that one
  $ zabkeeper recover zoo.cfg --yes  in a script

Before and after: docs/backup.md`,
    )
    .action(async (file: string | undefined, options: RecoverArguments) => {
      const { runRecover } = await import('./recover.js');
      process.exitCode = await runRecover(fileLocation(file, flags), options);
    });
}

function zxid(text: string): bigint {
  if (!/^(0x[0-9a-fA-F]{1,16}|\d{1,19})$/.test(text)) {
    throw new InvalidArgumentError('A zxid is expected, such as 0x500000a17.');
  }
  return BigInt.asIntN(64, BigInt(text));
}
