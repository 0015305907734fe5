import type { ShellCommand } from '../command.js';

export const whoAmI: ShellCommand = {
  name: 'whoami',
  usage: '',
  doc: 'Prints the identities that the server knows this session by.',
  options: [],
  argumentsMin: 0,
  session: true,
  json: '`{ identities: [{ scheme, user }] }`',
  async run({ zk }) {
    const infos = await zk.whoAmI();
    return {
      lines: ['Auth scheme: User', ...infos.map(({ authScheme, user }) => `${authScheme}: ${user}`)],
      json: { identities: infos.map(({ authScheme, user }) => ({ scheme: authScheme, user })) },
    };
  },
};
