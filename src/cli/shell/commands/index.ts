/** The table of commands: all that the shell can do. */
import { usageLine, type ShellCommand } from '../command.js';
import { addAuth } from './addAuth.js';
import { addWatch } from './addWatch.js';
import { close } from './close.js';
import { config } from './config.js';
import { connect } from './connect.js';
import { create } from './create.js';
import { deleteOne } from './delete.js';
import { deleteAll } from './deleteAll.js';
import { delQuota } from './delQuota.js';
import { get } from './get.js';
import { getAcl } from './getAcl.js';
import { getAllChildrenNumber } from './getAllChildrenNumber.js';
import { getEphemerals } from './getEphemerals.js';
import { help } from './help.js';
import { history } from './history.js';
import { listQuota } from './listQuota.js';
import { ls } from './ls.js';
import { printWatches } from './printWatches.js';
import { quit } from './quit.js';
import { reconfig } from './reconfig.js';
import { redo } from './redo.js';
import { removeWatches } from './removeWatches.js';
import { set } from './set.js';
import { setAcl } from './setAcl.js';
import { setQuota } from './setQuota.js';
import { stat } from './stat.js';
import { sync } from './sync.js';
import { version } from './version.js';
import { whoAmI } from './whoAmI.js';

const commands: readonly ShellCommand[] = [
  addAuth,
  addWatch,
  close,
  config,
  connect,
  create,
  deleteOne,
  deleteAll,
  delQuota,
  get,
  getAcl,
  getAllChildrenNumber,
  getEphemerals,
  help,
  history,
  listQuota,
  ls,
  printWatches,
  quit,
  reconfig,
  redo,
  removeWatches,
  set,
  setAcl,
  setQuota,
  stat,
  sync,
  version,
  whoAmI,
];

/** The commands by name. */
export const commandTable: ReadonlyMap<string, ShellCommand> = new Map(
  commands.map((command) => [command.name, command]),
);

/** The commands in the order in which they are listed: capitals first, as Java sorts. */
export function sortedCommands(): readonly ShellCommand[] {
  return [...commands].sort((left, right) => (left.name < right.name ? -1 : 1));
}

/** What Apache's shell prints when it does not know a command. */
export function usageOfAll(): string {
  return [
    'ZooKeeper -server host:port -client-configuration properties-file cmd args',
    ...sortedCommands().map((command) => `\t${usageLine(command)}`),
  ].join('\n');
}
