import { optionLines, optionText, usageLine, type ShellCommand } from '../command.js';
import { ShellError } from '../errors.js';
import { commandTable, sortedCommands, usageOfAll } from './index.js';

export const help: ShellCommand = {
  name: 'help',
  usage: '[command]',
  doc: 'Lists the commands, or explains one.',
  options: [],
  argumentsMin: 0,
  session: false,
  json: '`{ commands: [{ name, usage }] }`, or `{ name, usage, doc, options: [{ option, doc }] }`',
  run(_context, { operands: [name] }) {
    if (name === undefined) {
      const commands = sortedCommands().map((command) => ({ name: command.name, usage: usageLine(command) }));
      return { lines: [usageOfAll()], json: { commands } };
    }
    const command = commandTable.get(name);
    if (command === undefined) {
      throw new ShellError('UNKNOWNCOMMAND', `Command not found: ${name}; help lists the commands`);
    }
    const { doc, options } = command;
    const json = {
      name,
      usage: usageLine(command),
      doc,
      options: options.map((o) => ({ option: optionText(o), doc: o.doc })),
    };
    return { lines: [usageLine(command), ...optionLines(command), '', doc], json };
  },
};
