/**
 * Why this file exists: docs/cli.md is written from the commander program and from the shell's table of commands, so that it
 * cannot say anything else than what they do. Run by `npm run generate`; with --check it only tells whether the page is up
 * to date.
 */
import type { Command } from 'commander';
import { program } from '../src/cli/main.js';
import { optionText, usageLine, type ShellCommand } from '../src/cli/shell/command.js';
import { sortedCommands } from '../src/cli/shell/commands/index.js';
import { writeOrCheck } from './generatedPage.js';

const INTRO = `# The command line

<!-- Generated from src/cli by npm run generate; do not edit. -->

\`zabkeeper <command> --help\` says all of this, too. A wrong call of any command ends with exit code 2.

| command | what it does |
|---|---|
`;

const COMPLETION = `## Completion of zabkeeper in your shell

| shell | what to do |
|---|---|
| bash | \`source <(zabkeeper completion bash)\` in \`~/.bashrc\` |
| zsh | \`source <(zabkeeper completion zsh)\` in \`~/.zshrc\`, behind \`compinit\` |
| fish | \`zabkeeper completion fish > ~/.config/fish/completions/zabkeeper.fish\` |
`;

const SHELL = `## The shell

\`zabkeeper cli\`, and \`scripts/zkCli.sh\`, which is the same. Commands, options and output are those of ZooKeeper's zkCli.sh;
[differences](differences.md#the-shell) has the rest.

- **One command**: \`zabkeeper cli --server zk1:2181 get /greeting\`. The exit code is that of the command.
- **From a pipe**: one command in a line. The exit code is that of the last one.
- **At a prompt**: with completion of commands, options and paths by Tab. History is kept in
  \`$XDG_STATE_HOME/zabkeeper/cli_history\`, or \`~/.local/state/zabkeeper/cli_history\`, readable by you alone and without
  lines of \`addauth\`.

Results, and events of watches, go to stdout; \`Created ...\`, errors and remarks go to stderr. \`--quiet\` leaves out what is
said of the connection. Words are separated by blanks; a word with blanks stands in single or double quotes. Colours are
shown on a terminal only, and not when \`NO_COLOR\` is set.

A command without a connection waits until each server has been tried once. A session ends with \`quit\`, and at the end of the input or
of a single command, unless it has made ephemerals: then it is left to its timeout, as ZooKeeper's shell leaves every
session, and they live that long.

SASL DIGEST-MD5 is used if \`CLIENT_JVMFLAGS\`, \`JVMFLAGS\` or the file of \`--client-configuration\` name a JAAS file
(\`java.security.auth.login.config\`) with a section \`Client\`; \`jute.maxbuffer\` is read from there as well.

| exit code | when |
|---|---|
| 0 | done |
| 1 | the command failed, or was called wrongly |
| 2 | the options of \`zabkeeper cli\` itself are wrong |
| 127 | there is no such command |

### JSON

With \`--json\` each command prints one line, an object:

| field | what |
|---|---|
| \`command\` | its name |
| \`ok\`, \`exitCode\` | whether it was done, and its exit code |
| \`result\` | if it was done: see the command below |
| \`error\` | if not: \`{ code, path?, message }\`; the code is one of the protocol, such as \`NONODE\`, or \`USAGE\`, \`UNKNOWNCOMMAND\`, \`MALFORMEDPATH\`, \`NOTCONNECTED\`, \`QUOTAEXISTS\`, \`FAILED\` |
| \`notes\` | remarks, if there are any: a list of sentences |

A \`stat\` in a result has the fields of the protocol: \`czxid\`, \`mzxid\`, \`pzxid\` and \`ephemeralOwner\` as \`"0x1f"\`, \`ctime\` and
\`mtime\` in ISO 8601, the rest as numbers. Data is the string \`data\`, or null, or \`dataBase64\` if it is not UTF-8.

Events are lines of their own, \`{ "event": { type, ... } }\`: \`nodeCreated\`, \`nodeDeleted\`, \`nodeDataChanged\` and
\`nodeChildrenChanged\` with \`path\` and \`zxid\`; \`watchRemoved\` with \`path\` and \`watch\` (data, child, persistent); \`gap\` with the
\`path\` of a persistent watch that may have missed changes; \`connected\` (again), \`readOnly\`, \`disconnected\`, \`expired\` and
\`authFailed\`.

## The commands of the shell
`;

function page(): string {
  const help = program.createHelp();
  const commands = help.visibleCommands(program);
  const rows = commands.map(
    (command) => `| [${command.name()}](#zabkeeper-${command.name()}) | ${summary(command)} |`,
  );
  return [
    INTRO + rows.join('\n') + '\n',
    ...commands.flatMap((command) => section(command, `zabkeeper ${command.name()}`)),
    COMPLETION,
    SHELL,
    ...sortedCommands().map(shellSection),
  ].join('\n');
}

function summary(command: Command): string {
  return program.createHelp().subcommandDescription(command);
}

function section(command: Command, name: string): string[] {
  const help = command.createHelp();
  const usage = help.commandUsage(command).split('\n');
  // commander knows the path to a command only once it is called.
  usage[0] = `${name} ${command.usage().split('\n')[0] ?? ''}`.trimEnd();
  const children = command.commands;
  return [
    `## ${name}\n`,
    `${sentence(help.commandDescription(command) || help.subcommandDescription(command))}\n`,
    '```\n' + usage.map((line) => line.trim()).join('\n') + '\n```\n',
    ...table(
      ['argument', 'what'],
      help.visibleArguments(command).map((argument) => [argument.name(), help.argumentDescription(argument)]),
    ),
    ...table(
      ['option', 'what'],
      help
        .visibleOptions(command)
        .filter(({ long }) => long !== '--help')
        .map((option) => [option.flags, help.optionDescription(option)]),
    ),
    ...examples(command),
    ...children.flatMap((child) => section(child, `${name} ${child.name()}`)),
  ];
}

/** What a command's help says behind its options. */
function examples(command: Command): string[] {
  let printed = '';
  command.configureOutput({ writeOut: (text) => (printed += text) }).outputHelp();
  const text = printed.slice(command.helpInformation().length).trim();
  return text === '' ? [] : ['```\n' + text + '\n```\n'];
}

function shellSection(command: ShellCommand): string {
  return [
    `### ${command.name}\n`,
    `\`${usageLine(command).trim()}\`\n`,
    `${command.doc}\n`,
    ...table(
      ['option', 'what'],
      command.options.map((option) => [optionText(option), option.doc]),
    ),
    `In JSON: ${command.json}.\n`,
  ].join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  return [
    [
      `| ${head.join(' | ')} |`,
      `|${head.map(() => '---').join('|')}|`,
      ...rows.map(([first = '', second = '']) => `| \`${first}\` | ${second} |`),
      '',
    ].join('\n'),
  ];
}

function sentence(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1) + (text.endsWith('.') ? '' : '.');
}

writeOrCheck('cli.md', page(), 'the commands');
