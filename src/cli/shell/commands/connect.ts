import type { ShellCommand } from '../command.js';

export const connect: ShellCommand = {
  name: 'connect',
  usage: 'host:port',
  doc: 'Leaves the session and starts another one, with these servers (host:port[,host:port...][/chroot]) or the same ones.',
  options: [],
  argumentsMin: 0,
  session: false,
  json: 'null',
  async run({ shell }, { operands: [servers] }) {
    await shell.connect(servers);
    return { json: null };
  },
};
