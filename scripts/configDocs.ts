/**
 * Why this file exists: docs/configuration.md is written from the option table, so that it cannot say anything else than
 * what the server does. Run by `npm run generate`; with --check it only tells whether the page is up to date.
 */
import type { Option, OptionFamily, OptionGroup, OptionStatus } from '../src/config/index.js';
import { optionGroups } from '../src/config/index.js';
import { writeOrCheck } from './generatedPage.js';

const INTRO = `# Configuration

<!-- Generated from src/config/options by npm run generate; do not edit. -->

A server reads one file, \`zoo.cfg\`, in the format of ZooKeeper: Java properties, \`key=value\` lines, \`#\` for comments, \`\\\` at
the end of a line to continue it. Existing files of ZooKeeper work as they are. \`zabkeeper config zoo.cfg\` checks a file
and prints what follows from it; problems are reported with file and line, and the server does not start with exit code 2.

## Where options are read from

- **zoo.cfg**, with the key.
- **Flags** \`-D<system property>=<value>\`: arguments of \`zabkeeper\` and of \`zkServer.sh\`, and the variables
  \`SERVER_JVMFLAGS\` and \`JVMFLAGS\`. Other flags of the Java virtual machine found there, such as \`-Xmx1g\`, are skipped.
- **Arguments**: \`zabkeeper server <clientPort> <dataDir> [tickTime] [maxClientCnxns]\` instead of a file.

A key of zoo.cfg wins over a flag, as in ZooKeeper. Among flags, arguments win over \`JVMFLAGS\`, and \`JVMFLAGS\` over
\`SERVER_JVMFLAGS\`. The exceptions are marked with *: ZooKeeper reads them from flags alone and ignores them in zoo.cfg. Here
they work in zoo.cfg, too, and a flag wins.

Numbers in flags, and in keys that ZooKeeper turns into system properties, may be written as \`0x9fffff\`. A boolean is \`true\`
or \`false\`. Relative paths count from the directory the server is started in. Unknown keys are reported and skipped.

## Effect

Options without a mark work. The others are accepted, so that files and flags need no change, and reported at the start:

- *ensemble*: works in an ensemble of several servers and means nothing to a standalone server.
- *later*: takes effect with a later release.
- *none*: has no effect, because it tunes something that only the Java server has; the row says what is there instead.
`;

const EFFECT: Readonly<Record<OptionStatus, string>> = {
  active: '',
  ensemble: '*ensemble.* ',
  later: '*later.* ',
  javaOnly: '*none.* ',
};

function page(groups: readonly OptionGroup[]): string {
  return [INTRO, ...groups.map(section)].join('\n');
}

function section({ title, intro, options, families }: OptionGroup): string {
  const rows = [...options.map(optionRow), ...families.map(familyRow)];
  return [
    `## ${title}\n`,
    `${intro}\n`,
    '| Key | System property | Type | Default | Effect |',
    '|---|---|---|---|---|',
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
    '',
  ].join('\n');
}

function optionRow({
  key,
  property,
  aliases,
  scope,
  type,
  unit,
  defaultText,
  status,
  doc,
}: Option<unknown>): string[] {
  return [
    code(key) + (scope === 'jvm' ? ' *' : ''),
    [property, ...aliases].map(code).join(', '),
    unit === undefined ? type : `${type} (${unit})`,
    status === 'javaOnly' ? '' : defaultText,
    EFFECT[status] + doc,
  ];
}

function familyRow({ key, prefix, propertyPrefix, type, defaultText, status, doc }: OptionFamily): string[] {
  const property = propertyPrefix + key.slice(prefix.length);
  return [code(key), code(property), type, status === 'javaOnly' ? '' : defaultText, EFFECT[status] + doc];
}

function code(text: string): string {
  return `\`${text}\``;
}

writeOrCheck('configuration.md', page(optionGroups), 'the option table');
