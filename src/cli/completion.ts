/**
 * Why this file exists: `zabkeeper completion bash` prints a script that completes the command's own words. It is made
 * from the commander program, so it knows every command and option that there is.
 */
import { Argument, type Command } from 'commander';

/** The shells that a script can be made for. */
export const COMPLETION_SHELLS = ['bash', 'zsh', 'fish'] as const;

type CompletionShell = (typeof COMPLETION_SHELLS)[number];

/** One command with what can follow it. */
interface Node {
  /** The words that lead to it, `ensemble start`; empty for the program itself. */
  readonly path: string;
  readonly words: readonly Word[];
  readonly options: readonly Word[];
  /** Options that take a value, behind which a file may stand. */
  readonly valued: readonly string[];
  /** Whether arguments may be files. */
  readonly files: boolean;
}

interface Word {
  readonly text: string;
  readonly doc: string;
}

/** Adds the command to the program. */
export function addCompletion(program: Command): void {
  program
    .command('completion')
    .summary('print a completion script for a shell')
    .description(
      'Prints a script that lets a shell complete the commands and options of zabkeeper. Exit codes: 0 printed, 2 unknown shell.',
    )
    .addArgument(new Argument('<shell>', 'which shell').choices(COMPLETION_SHELLS))
    .addHelpText(
      'after',
      `
To install it, put one of these into the shell's start file:
  bash, ~/.bashrc        source <(zabkeeper completion bash)
  zsh, ~/.zshrc          source <(zabkeeper completion zsh)     (behind compinit)
  fish                   zabkeeper completion fish > ~/.config/fish/completions/zabkeeper.fish`,
    )
    .action(async (shell: CompletionShell) => {
      const { sortedCommands } = await import('./shell/commands/index.js');
      const shellCommands = sortedCommands().map(({ name, doc }) => ({
        text: name,
        doc: firstSentence(doc),
      }));
      const { scenarioNames } = await import('../bench/index.js');
      const more = new Map([
        ['cli', shellCommands],
        ['bench', scenarioNames.map((text) => ({ text, doc: '' }))],
      ]);
      process.stdout.write(completionScript(program, shell, more));
    });
}

/**
 * The script.
 * @param more first arguments of commands that commander does not know, by command
 */
export function completionScript(
  program: Command,
  shell: CompletionShell,
  more: ReadonlyMap<string, readonly Word[]>,
): string {
  const nodes = nodesOf(program, '', more);
  switch (shell) {
    case 'bash':
      return bashScript(nodes);
    case 'zsh':
      return `autoload -U +X bashcompinit && bashcompinit\n${bashScript(nodes)}`;
    case 'fish':
      return fishScript(nodes);
  }
}

function nodesOf(
  command: Command,
  path: string,
  more: ReadonlyMap<string, readonly Word[]>,
  parent?: Command,
): Node[] {
  const help = command.createHelp();
  const children = help.visibleCommands(command);
  const options = help.visibleOptions(command);
  // commander makes the help command when it is asked for, and names no parent in it.
  const isHelp = command.name() === 'help' && parent !== undefined;
  const siblings = isHelp ? help.visibleCommands(parent) : [];
  const fixed = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  const node: Node = {
    path,
    words: [
      ...children.map((child) => ({ text: child.name(), doc: help.subcommandDescription(child) })),
      ...siblings.map((sibling) => ({ text: sibling.name(), doc: help.subcommandDescription(sibling) })),
      ...fixed.map((text) => ({ text, doc: '' })),
      ...(more.get(path) ?? []),
    ],
    options: options.flatMap(({ short, long, description }) =>
      [long, short].flatMap((text) => (text === undefined ? [] : [{ text, doc: description }])),
    ),
    valued: options
      .filter(({ required }) => required)
      .flatMap(({ short, long }) => [short, long].flatMap((t) => t ?? [])),
    files: command.registeredArguments.length > 0 && fixed.length === 0 && !isHelp && !more.has(path),
  };
  return [
    node,
    ...children.flatMap((child) =>
      nodesOf(child, path === '' ? child.name() : `${path} ${child.name()}`, more, command),
    ),
  ];
}

function firstSentence(text: string): string {
  return text.replace(/\.(?:\s.*)?$/s, '');
}

/** Nothing that comes from the program may end a string of the script. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function bashScript(nodes: readonly Node[]): string {
  const paths = nodes.map(({ path }) => path).filter((path) => path !== '');
  const cases = nodes.map(({ path, words, options, valued, files }) => {
    const texts = (list: readonly Word[]): string => list.map(({ text }) => text).join(' ');
    return [
      `    ${quoted(path)})`,
      `      words=${quoted(texts(words))}`,
      `      options=${quoted(texts(options))}`,
      `      valued=${quoted(` ${valued.join(' ')} `)}`,
      `      files=${files ? 'yes' : ''}`,
      '      ;;',
    ].join('\n');
  });
  return `# Completion of the command zabkeeper. Made by: zabkeeper completion
_zabkeeper() {
  local current previous path='' word words='' options='' valued='' files='' at
  current=\${COMP_WORDS[COMP_CWORD]}
  previous=\${COMP_WORDS[COMP_CWORD-1]}
  for ((at = 1; at < COMP_CWORD; at++)); do
    word="\${path:+$path }\${COMP_WORDS[at]}"
    case "|$word|" in
      ${paths.map((path) => `'|${path}|'`).join(' | ')}) path=$word ;;
    esac
  done
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=()
  if [[ $valued == *" $previous "* ]]; then
    COMPREPLY=($(compgen -f -- "$current"))
  elif [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$current"))
  else
    COMPREPLY=($(compgen -W "$words" -- "$current"))
    [[ -z $files ]] || COMPREPLY+=($(compgen -f -- "$current"))
  fi
}
complete -o filenames -F _zabkeeper zabkeeper
`;
}

function fishScript(nodes: readonly Node[]): string {
  const lines = [
    '# Completion of the command zabkeeper. Made by: zabkeeper completion',
    'complete -c zabkeeper -f',
  ];
  for (const { path, words, options, valued, files } of nodes) {
    const parts = path === '' ? [] : path.split(' ');
    const inside =
      parts.length === 0
        ? '__fish_use_subcommand'
        : parts.map((part) => `__fish_seen_subcommand_from ${part}`).join('; and ');
    const others = words.map(({ text }) => text).join(' ');
    const first =
      parts.length === 0 || others === ''
        ? inside
        : `${inside}; and not __fish_seen_subcommand_from ${others}`;
    const entry = (when: string, rest: string, doc: string): string =>
      `complete -c zabkeeper -n ${quoted(when)} ${rest}${doc === '' ? '' : ` -d ${quoted(doc)}`}`;
    for (const { text, doc } of words) lines.push(entry(first, `-a ${quoted(text)}`, doc));
    for (const { text, doc } of options) {
      const flag = text.startsWith('--') ? `-l ${text.slice(2)}` : `-s ${text.slice(1)}`;
      lines.push(entry(inside, valued.includes(text) ? `${flag} -r` : flag, doc));
    }
    if (files) lines.push(entry(inside, '-F', ''));
  }
  return `${lines.join('\n')}\n`;
}
