import type { ShellCommand } from '../command.js';

export const quit: ShellCommand = {
  name: 'quit',
  usage: '',
  doc: 'Ends the session and the shell. The exit code is that of the command before.',
  options: [],
  argumentsMin: 0,
  session: false,
  json: 'none: nothing is printed',
  async run({ shell }) {
    await shell.quit();
    return undefined;
  },
};
