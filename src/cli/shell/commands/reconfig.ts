import { readFileSync } from 'node:fs';
import type { ReconfigOptions } from '../../../client/index.js';
import { parseMembership, parseProperties } from '../../../config/index.js';
import type { Arguments } from '../arguments.js';
import { usageError, type ShellCommand } from '../command.js';
import { ShellError } from '../errors.js';
import { dataText } from '../format.js';
import { STAT_OPTION, withStat } from './stat.js';

export const reconfig: ShellCommand = {
  name: 'reconfig',
  usage:
    '[-s] [-v version] [[-file path] | [-members serverID=host:port1:port2;port3[,...]*]] | ' +
    '[-add serverId=host:port1:port2;port3[,...]]* [-remove serverId[,...]*]',
  doc: 'Changes the members of the ensemble while it runs, and prints the new configuration. A server is written server.5=host:2888:3888;2181. The servers need reconfigEnabled=true, and you the right to write /zookeeper/config.',
  options: [
    STAT_OPTION,
    { name: 'v', value: 'version', doc: 'only if the configuration has this version, in hexadecimal' },
    { name: 'file', value: 'path', doc: 'the new members are the server lines of this file' },
    { name: 'members', value: 'servers', doc: 'the new members, all of them' },
    { name: 'add', value: 'servers', doc: 'servers to add, or to change' },
    { name: 'remove', value: 'ids', doc: 'ids of servers to remove' },
  ],
  argumentsMin: 0,
  about: '/zookeeper/config',
  session: true,
  json: '`{ config, stat? }`',
  async run({ zk }, args) {
    const { data, stat } = await zk.reconfig(readChange(args));
    const text = dataText(data);
    return withStat(args, stat, ['Committed new configuration:', text], { config: text });
  },
};

function readChange(args: Arguments): ReconfigOptions {
  const [file, members, add, remove] = ['file', 'members', 'add', 'remove'].map((option) =>
    args.value(option),
  );
  const whole = file ?? members;
  if (whole === undefined && add === undefined && remove === undefined) {
    throw usageError(reconfig);
  }
  const version = args.value('v');
  if (version !== undefined && !/^[+-]?[0-9a-fA-F]{1,16}$/.test(version)) {
    throw new ShellError('USAGE', '-v must be followed by a long (configuration version)');
  }
  if (whole !== undefined && (add !== undefined || remove !== undefined)) {
    throw new ShellError(
      'USAGE',
      "Can't use -file or -members together with -add or -remove (mixing incremental and non-incremental modes is not allowed)",
    );
  }
  if (file !== undefined && members !== undefined) {
    throw new ShellError(
      'USAGE',
      "Can't use -file and -members together (conflicting non-incremental modes)",
    );
  }
  const list = (text: string | undefined): { list?: string[] } =>
    text === undefined ? {} : { list: text.toLowerCase().split(',') };
  const fromVersion = version === undefined ? undefined : fromHex(version);
  return {
    fromVersion,
    joining: list(add).list,
    leaving: list(remove).list,
    members: file === undefined ? list(members).list : membersOf(file),
  };
}

function fromHex(text: string): bigint {
  const magnitude = BigInt(`0x${text.replace(/^[+-]/, '')}`);
  return text.startsWith('-') ? -magnitude : magnitude;
}

/** The membership lines of a file in the format of zoo.cfg. */
function membersOf(file: string): string[] {
  try {
    const lines = parseProperties(readFileSync(file, 'utf8'), file).filter(({ key }) =>
      /^(server\.|group\.|weight\.)/.test(key),
    );
    parseMembership(lines.map(({ key, value, line }) => ({ key, value, where: `${file}, line ${line}` })));
    return lines.map(({ key, value }) => `${key}=${value}`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ShellError('BADARGUMENTS', `Error processing ${file}: ${reason}`);
  }
}
