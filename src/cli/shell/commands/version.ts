import type { ShellCommand } from '../command.js';
import { packageVersion } from '../../version.js';

export const version: ShellCommand = {
  name: 'version',
  usage: '',
  doc: 'Prints the version of this shell.',
  options: [],
  argumentsMin: 0,
  argumentsMax: 0,
  session: false,
  json: '`{ version }`',
  run() {
    const text = packageVersion();
    return { lines: [`ZooKeeper CLI version: ${text} (Zabkeeper)`], json: { version: text } };
  },
};
