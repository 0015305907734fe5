import type { ShellCommand } from '../command.js';

export const addAuth: ShellCommand = {
  name: 'addauth',
  usage: 'scheme auth',
  doc: 'Proves an identity to the server, on this and on later connections of the session. For the scheme digest, auth is user:password.',
  options: [],
  argumentsMin: 1,
  session: true,
  json: 'null',
  async run({ zk }, { operands: [scheme = '', auth = ''] }) {
    await zk.addAuth(scheme, auth);
    return { json: null };
  },
};
