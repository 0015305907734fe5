import type { ShellCommand } from '../command.js';
import { parseProperties, parseServerLine } from '../../../config/index.js';
import { dataText } from '../format.js';
import { STAT_OPTION, withStat } from './stat.js';

/** Version and addresses for clients of a configuration: `100000000 zk1:2181,zk2:2181`. */
export function clientConfig(text: string): string {
  let version = '';
  const addresses: string[] = [];
  for (const { key, value } of parseProperties(text, '/zookeeper/config')) {
    if (key === 'version') version = value;
    if (!key.startsWith('server.')) continue;
    const { client } = parseServerLine(key.slice('server.'.length), value, '/zookeeper/config');
    if (client !== undefined) addresses.push(`${client.host}:${client.port}`);
  }
  return `${version} ${addresses.join(',')}`;
}

export const config: ShellCommand = {
  name: 'config',
  usage: '[-c] [-w] [-s]',
  doc: 'Prints the configuration of the ensemble, from /zookeeper/config: a line for each server and its version.',
  options: [
    { name: 'c', doc: 'only the version and the addresses for clients' },
    { name: 'w', doc: 'leave a watch: the next change is told, once' },
    STAT_OPTION,
  ],
  argumentsMin: 0,
  about: '/zookeeper/config',
  session: true,
  json: '`{ config, stat? }`; with -c `{ clientConfig, stat? }`',
  async run({ zk, watches }, args) {
    const { data, stat } = await zk.getConfig({ watch: args.has('w') ? watches.data : undefined });
    const text = dataText(data);
    const result = args.has('c') ? { clientConfig: clientConfig(text) } : { config: text };
    return withStat(args, stat, Object.values(result), result);
  },
};
