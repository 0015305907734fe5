import type { ShellCommand } from '../command.js';
import { ShellError } from '../errors.js';

export const redo: ShellCommand = {
  name: 'redo',
  usage: 'cmdno',
  doc: 'Runs a command of the history again.',
  options: [],
  argumentsMin: 0,
  session: false,
  json: 'that of the command',
  async run({ shell }, { operands: [number] }) {
    // Without a number it does nothing, as in Apache's shell.
    if (number === undefined) return { json: null };
    if (!/^-?\d+$/.test(number)) {
      throw new ShellError('USAGE', `${number} is not a number of a command; history prints them`);
    }
    await shell.redo(Number(number));
    return undefined;
  },
};
