import type { ShellCommand } from '../command.js';

const LINES_MAX = 11;

export const history: ShellCommand = {
  name: 'history',
  usage: '',
  doc: 'Prints the last commands of this run with the numbers that redo takes.',
  options: [],
  argumentsMin: 0,
  session: false,
  json: '`{ commands: [{ number, line }] }`',
  run({ shell }) {
    const commands: { number: number; line: string }[] = [];
    for (
      let number = Math.max(0, shell.commandCount - LINES_MAX + 1);
      number <= shell.commandCount;
      number++
    ) {
      commands.push({ number, line: shell.historyLine(number) ?? '' });
    }
    return { lines: commands.map(({ number, line }) => `${number} - ${line}`), json: { commands } };
  },
};
