import type { ShellCommand } from '../command.js';

export const printWatches: ShellCommand = {
  name: 'printwatches',
  usage: 'on|off',
  doc: 'Switches the printing of watch events on or off; without an argument it says which it is.',
  options: [],
  argumentsMin: 0,
  session: false,
  json: '`{ printWatches }`',
  run({ shell }, { operands: [wanted] }) {
    if (wanted !== undefined) shell.printWatches = wanted === 'on';
    const state = shell.printWatches ? 'on' : 'off';
    return {
      lines: wanted === undefined ? [`printwatches is ${state}`] : [],
      json: { printWatches: shell.printWatches },
    };
  },
};
