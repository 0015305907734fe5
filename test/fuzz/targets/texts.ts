/** Texts that people, programs and clients write: configuration, membership, command lines, quotas, access lists. */
import {
  ConfigError,
  digestUsers,
  formatMembership,
  parseJaas,
  parseMembership,
  parseProperties,
  resolveConfig,
  shellWords,
  type PlacedKey,
} from '../../../src/config/index.js';
import { allOptions } from '../../../src/config/index.js';
import { parseArguments, splitLine } from '../../../src/cli/shell/arguments.js';
import { commandTable } from '../../../src/cli/shell/commands/index.js';
import { ShellError } from '../../../src/cli/shell/errors.js';
import { formatAddress, parseConnectString } from '../../../src/client/serverList.js';
import { EnsembleConfiguration, memberships } from '../../../src/server/memberships.js';
import { aclFromText, aclToText, fixupAcl } from '../../../src/tree/acl.js';
import { pathFault } from '../../../src/tree/path.js';
import { formatUsage, parseQuota } from '../../../src/tree/quota.js';
import { KeeperError, zxidOf } from '../../../src/types/index.js';
import type { Random } from '../../helpers/random.js';
import { checkRoundTrip } from '../roundTrip.js';
import { Violation, type Target } from '../target.js';

const isConfigError = (error: unknown): boolean => error instanceof ConfigError;
const isKeeperError = (error: unknown): boolean => error instanceof KeeperError;
const never = (): boolean => false;

/** Some of the pieces, in any order. */
function some(random: Random, pieces: readonly string[], most: number, between = ''): Buffer {
  return Buffer.from(Array.from({ length: 1 + random.int(most) }, () => random.pick(pieces)).join(between));
}

const VALUES = [
  '0',
  '1',
  '-1',
  '2000',
  '2147483648',
  '99999999999999999999',
  'true',
  'FALSE',
  'yes',
  '*',
  '',
  'ruok, srvr',
  '/tmp/x',
  './data',
  '127.0.0.1',
  '[::1]',
  'a:b',
  '10MB',
  '1e3',
  '0x10',
  'é',
  '${x}',
  'digest,sasl',
  'json',
];
const SERVERS = [
  'a:1:2',
  'a:2888:3888:participant;2181',
  '[::1]:1:2:observer;[::]:2181',
  'a:1:2|b:1:2;c:3;4',
  'a:1:1',
  ':1:2',
  'a:1',
  'a:1:2:x',
  'h:70000:1',
  'a:1:2;;2182',
  'a:1:2;2181;2182;3',
  '[a]b:1:2',
  'a b:1:2',
  '1:2',
];
const SEPARATORS = ['=', ':', ' = ', ' ', '\t=', '\\=', ' : '];

function configLine(random: Random): string {
  const separator = random.pick(SEPARATORS);
  const id = random.pick(['1', '2', '3', '-1', '255', '256', 'x', '007', '']);
  switch (random.int(6)) {
    case 0:
      return `server.${id}${separator}${random.pick(SERVERS)}`;
    case 1:
      return `${random.pick(['group', 'weight'])}.${id}${separator}${random.pick(['1:2:3', '1', '0', '-1', ':', 'x'])}`;
    case 2:
      return random.pick([
        '# comment',
        '! comment',
        '',
        '\\',
        'a=\\',
        '\\u0041=\\u00',
        '=',
        '\\u12',
        'dataDir',
      ]);
    default:
      return `${random.pick(allOptions).key}${separator}${random.pick(VALUES)}`;
  }
}

function configText(random: Random): Buffer {
  const lines = Array.from({ length: random.int(12) }, () => configLine(random));
  if (random.chance(0.8)) lines.push('dataDir=/data', 'clientPort=2181');
  if (random.chance(0.3)) lines.push('initLimit=10', 'syncLimit=5');
  return Buffer.from(lines.join(random.pick(['\n', '\r\n', '\r'])));
}

const properties: Target = {
  name: 'properties',
  doc: 'the Java properties format',
  generate: configText,
  run: (input) => {
    const read = parseProperties(input.toString());
    for (const { key, value } of read) {
      if (key.length + value.length > input.byteLength) throw new Violation('more came out than went in');
    }
    return read.map(({ key, value }) => [key === '', value === '']);
  },
  refuses: isConfigError,
};

/** Nothing is wrong with it: a comment says so to `zooCfg`. */
function validConfig(random: Random): Buffer {
  const lines = [
    '# valid',
    'dataDir=/data',
    'clientPort=2181',
    'tickTime=2000',
    'initLimit=10',
    'syncLimit=5',
  ];
  for (let i = random.int(4); i > 0; i--) {
    const option = random.pick(allOptions);
    const value: unknown = option.default;
    if (['string', 'number', 'boolean'].includes(typeof value)) lines.push(`${option.key}=${String(value)}`);
  }
  if (random.chance(0.7)) for (const id of [1, 2, 3]) lines.push(`server.${id}=10.0.0.${id}:2888:3888;2181`);
  return Buffer.from(lines.join('\n'));
}

/** What lies in other files is made of the same text, unless a comment says that nothing is wrong. */
const zooCfg: Target = {
  name: 'zooCfg',
  doc: 'zoo.cfg to a checked configuration; dynamic file, myid and JAAS file have the same text',
  generate: (random) => (random.chance(0.5) ? validConfig(random) : configText(random)),
  bytesMax: 2048,
  // Each unknown key is compared with all that are known.
  heapSlack: 64 << 20,
  msMax: 250,
  run: (input) => {
    const text = input.toString();
    const { config, warnings } = resolveConfig({
      file: { name: 'zoo.cfg', text },
      cwd: '/',
      readText: (path) => {
        if (!text.startsWith('# valid')) return path.endsWith('myid') ? text.slice(0, 2) : text;
        return path.endsWith('myid') ? '1' : undefined;
      },
    });
    if (config.ensemble !== undefined) roundTripMembership(config.ensemble.membership);
    return { ensemble: config.ensemble !== undefined, warnings: warnings.length, tls: config.maxCnxns };
  },
  refuses: isConfigError,
};

function roundTripMembership(membership: ReturnType<typeof parseMembership>): void {
  const format = (value: typeof membership): string => formatMembership(value);
  const text = format(membership);
  const again = format(parseMembership(keysOf(text), membership.version));
  if (text !== again) throw new Violation(`${JSON.stringify(text)} is read as ${JSON.stringify(again)}`);
}

/** Lines `key=value` without `version`. */
function keysOf(text: string): PlacedKey[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('version='))
    .map((line) => {
      const [key = '', ...value] = line.split('=');
      return { key, value: value.join('='), where: 'text' };
    });
}

const membership: Target = {
  name: 'membership',
  doc: 'server, group and weight lines of a dynamic configuration file',
  generate: (random) => {
    const lines = Array.from(
      { length: 1 + random.int(5) },
      (_, i) => `server.${i + 1}=${random.pick(SERVERS)}`,
    );
    if (random.chance(0.2)) lines.push('group.1=1:2', 'group.2=3', 'weight.1=2');
    return Buffer.from(lines.join('\n'));
  },
  run: (input) => {
    const value = parseMembership(
      parseProperties(input.toString()).map(({ key, value: text, line }) => ({
        key,
        value: text,
        where: `${line}`,
      })),
    );
    roundTripMembership(value);
    return value;
  },
  refuses: isConfigError,
};

const CURRENT = new EnsembleConfiguration(
  parseMembership(
    [1, 2, 3].map((id) => ({
      key: `server.${id}`,
      value: `10.0.0.${id}:2888:3888;2181`,
      where: 'the test',
    })),
  ),
);
const ENSEMBLE = memberships(false);

/** The first byte says which fields of the request the text is for. What the log then holds, all servers must read. */
const reconfig: Target = {
  name: 'reconfig',
  doc: 'the strings of a reconfig request',
  generate: (random) => {
    const specs = Array.from({ length: random.int(5) }, () =>
      random.pick([
        `server.${random.int(7)}=${random.pick(SERVERS)}`,
        String(random.int(6)),
        'weight.1=0',
        '',
      ]),
    );
    return Buffer.concat([
      random.bytes(1),
      Buffer.from(specs.join(random.pick([',', '\n', ', ', ';', '\r\n']))),
    ]);
  },
  run: (input) => {
    const text = input.toString('utf8', 1);
    const [joiningServers, leavingServers, newMembers] = [
      [text, null, null],
      [null, text, null],
      [null, null, text],
      [text, '3', null],
      [text, text, null],
    ][(input[0] ?? 0) % 5] as [string | null, string | null, string | null];
    const next = ENSEMBLE.next(
      CURRENT,
      { joiningServers, leavingServers, newMembers, curConfigId: -1n },
      zxidOf(0x500000001n),
    );
    const read = ENSEMBLE.parse(next.text);
    if (read === undefined) throw new Violation('what the log gets is no configuration');
    if (!(read instanceof EnsembleConfiguration) || read.text !== next.text)
      throw new Violation('what the log gets is another configuration');
    return read.membership;
  },
  refuses: isKeeperError,
};

const jaas: Target = {
  name: 'jaas',
  doc: 'a JAAS file',
  generate: (random) =>
    some(
      random,
      [
        'Server',
        '{',
        '}',
        ';',
        '=',
        '"',
        "'",
        'org.x.DigestLoginModule',
        'required',
        'user_super="secret"',
        "user_bob='x'",
        '// c\n',
        '/* c */',
        '/*',
        '\\',
        '${x}',
        '\n',
        'Server { a.DigestLoginModule required user_a="b"; };',
      ],
      14,
      random.pick([' ', '', '\n']),
    ),
  run: (input) => {
    const sections = parseJaas(input.toString(), 'jaas', (name) => (name === 'x' ? 'y' : undefined));
    return [...sections.values()].map((modules) => [modules, [...digestUsers(modules).keys()]]);
  },
  refuses: isConfigError,
};

const flags: Target = {
  name: 'shellWords',
  doc: 'SERVER_JVMFLAGS, split as a shell does',
  generate: (random) =>
    some(random, ['-Da=b', ' ', '"', "'", '\\', '\\"', '$', '`', '\t', '\n', 'x y', ''], 12),
  run: (input) => {
    const text = input.toString();
    const words = shellWords(text);
    if (words.join('').length > text.length) throw new Violation('more came out than went in');
    return { words: words.length };
  },
  refuses: never,
};

const COMMANDS = [...commandTable.keys()];

const shell: Target = {
  name: 'shell',
  doc: 'lines of the interactive shell, and the arguments of its commands',
  generate: (random) => {
    const command = random.pick(COMMANDS);
    const words = [
      '-s',
      '-e',
      '-R',
      '-v',
      '5',
      '-1',
      '/a',
      '"a b"',
      "'x'",
      '"',
      '--',
      '-',
      '-members',
      'a,b',
      '-x=y',
    ];
    return Buffer.concat([Buffer.from(`${command} `), some(random, words, 6, ' ')]);
  },
  run: (input) => {
    const [name = '', ...words] = splitLine(input.toString());
    const command = commandTable.get(name);
    if (command === undefined) return { words: words.length };
    const args = parseArguments(command, words);
    if (args.operands.length < command.argumentsMin) throw new Violation('too few arguments were taken');
    return {
      type: name,
      operands: args.operands,
      options: command.options.map((option) => args.has(option.name)),
    };
  },
  refuses: (error) => error instanceof ShellError,
};

const connectString: Target = {
  name: 'connectString',
  doc: 'the servers that a client is given, with a chroot',
  generate: (random) =>
    some(
      random,
      ['a', 'a:2181', ',', '[::1]:2181', '[::1]', '::1', '/', '/app', ':', ' ', '127.0.0.1', ':0', ':70000'],
      6,
    ),
  run: (input) => {
    const { servers, chroot } = parseConnectString(input.toString());
    for (const server of servers) {
      // A name with blanks inside is nobody's; it fails where it is looked up.
      if (/[\s[\]]/.test(server.host)) continue;
      const [again] = parseConnectString(formatAddress(server)).servers;
      if (again?.host !== server.host || again.port !== server.port)
        throw new Violation(`${JSON.stringify(server)} is read as ${JSON.stringify(again)}`);
    }
    return { servers: servers.length, chroot };
  },
  refuses: isKeeperError,
};

const quota: Target = {
  name: 'quota',
  doc: 'limits and usage as clients may write them below /zookeeper/quota',
  generate: (random) =>
    some(
      random,
      [
        'count=',
        '1',
        '-1',
        ',',
        ';',
        '=',
        'bytes=',
        '=;',
        'byteHardLimit=',
        'countHardLimit=2',
        '99999999999999999999',
      ],
      9,
    ),
  run: (input) => {
    const numbers = parseQuota(input);
    for (const value of Object.values(numbers))
      if (!Number.isFinite(value)) throw new Violation(`a quota of ${String(value)}`);
    const usage = parseQuota(formatUsage(numbers.count, numbers.bytes));
    if (Number.isSafeInteger(numbers.count) && usage.count !== numbers.count)
      throw new Violation('another count');
    return numbers;
  },
  refuses: never,
};

const RULES = { skip: false, schemes: new Set(['digest', 'ip', 'sasl', 'x509']) };
const IDENTITIES = [
  { scheme: 'ip', id: '10.0.0.1' },
  { scheme: 'digest', id: 'ann:hash' },
];

/** Scheme and id of each entry on a line of its own. */
const acl: Target = {
  name: 'acl',
  doc: 'access lists as clients send them, and as tree.db keeps them',
  generate: (random) =>
    some(
      random,
      [
        'ip\n10.0.0.0/8',
        'ip\n::1/128',
        'ip\n1.2.3',
        'digest\nann:hash',
        'world\nanyone',
        'auth\n',
        'sasl\na/b@c',
        'x509\nCN=a',
        'x\ny',
      ],
      5,
      '\n',
    ),
  run: (input) => {
    const lines = input.toString().split('\n');
    const list = Array.from({ length: Math.ceil(lines.length / 2) }, (_, i) => ({
      perms: (lines[2 * i]?.length ?? 0) & 31,
      id: { scheme: lines[2 * i] ?? null, id: lines[2 * i + 1] ?? null },
    }));
    const fixed = fixupAcl(list, IDENTITIES, RULES, '/a');
    checkRoundTrip(
      fixed,
      (value) => Buffer.from(aclToText(value) ?? 'open'),
      (bytes) => aclFromText(bytes.toString() === 'open' ? null : bytes.toString()),
    );
    return fixed.map(({ id }) => ({ kind: id.scheme }));
  },
  refuses: isKeeperError,
};

const path: Target = {
  name: 'path',
  doc: 'paths of znodes, held against the rules one by one',
  generate: (random) =>
    some(random, ['/', 'a', '.', '..', '\0', 'é', '😀', '\u0085', '\ue000', '\ufff0', ' '], 8),
  run: (input) => {
    const text = input.toString();
    const fault = pathFault(text);
    if ((fault === undefined) !== isLegal(text))
      throw new Violation(`${JSON.stringify(text)}: ${String(fault)}`);
    return { kind: fault?.replace(/U\+.*/, '') };
  },
  refuses: never,
};

/** protocol.md section 12, slowly. */
function isLegal(text: string): boolean {
  if (text === '/') return true;
  if (!text.startsWith('/') || text.endsWith('/')) return false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const isControl = code < 0x20 || (code >= 0x7f && code < 0xa0);
    if (isControl || (code >= 0xd800 && code <= 0xf8ff) || code >= 0xfff0) return false;
  }
  return text
    .slice(1)
    .split('/')
    .every((part) => part !== '' && part !== '.' && part !== '..');
}

export const textTargets: readonly Target[] = [
  properties,
  zooCfg,
  membership,
  reconfig,
  jaas,
  flags,
  shell,
  connectString,
  quota,
  acl,
  path,
];
