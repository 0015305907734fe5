import type { ShellCommand } from '../command.js';

export const close: ShellCommand = {
  name: 'close',
  usage: '',
  doc: 'Ends the session; its ephemerals are gone. The shell stays, connect starts another one.',
  options: [],
  argumentsMin: 0,
  session: true,
  json: 'null',
  async run({ shell }) {
    await shell.close();
    return { json: null };
  },
};
