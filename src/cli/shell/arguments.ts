/**
 * Why this file exists: from a line to a command's arguments. Words and quotes are those of Apache's shell; options are
 * read by commander, from what the table says about the command.
 */
import { Command, CommanderError, Option } from 'commander';
import { usageError, type CommandOption, type ShellCommand } from './command.js';
import { ShellError } from './errors.js';

const WORD = /\s*([^"']\S*|"[^"]*"|'[^']*')\s*/g;

/**
 * Splits a line into words. A word may be in single or double quotes, which then are no part of it; there are no escapes,
 * and a quote in the middle of a word means itself.
 */
export function splitLine(line: string): string[] {
  if (line.trim() === '') return [];
  return [...line.matchAll(WORD)].map(([, word = '']) =>
    /^(?:".*"|'.*')$/s.test(word) && word.length > 1 ? word.slice(1, -1) : word,
  );
}

/** The arguments of one call. */
export class Arguments {
  /** Without the options and without the name of the command. */
  readonly operands: readonly string[];
  readonly #options: ReadonlyMap<string, string | true>;

  constructor(operands: readonly string[], options: ReadonlyMap<string, string | true> = new Map()) {
    this.operands = operands;
    this.#options = options;
  }

  /** The operand at a position that the command's `argumentsMin` promises. */
  at(index: number): string {
    const operand = this.operands[index];
    if (operand === undefined) throw new RangeError(`the command has no argument ${index}`);
    return operand;
  }

  has(option: string): boolean {
    return this.#options.has(option);
  }

  value(option: string): string | undefined {
    const value = this.#options.get(option);
    return value === true ? undefined : value;
  }

  /** The value of an option that must be a whole number of 32 bits. */
  int(option: string): number | undefined {
    const text = this.value(option);
    if (text === undefined) return undefined;
    const value = /^[+-]?\d+$/.test(text) ? Number(text) : NaN;
    if (!(value >= -0x80000000 && value <= 0x7fffffff)) {
      throw new ShellError('USAGE', `-${option} argument must be an int value, not ${text}`);
    }
    return value;
  }

  /** The same arguments with an option more and without the operand that used to stand for it. */
  with(option: string, operandCount: number): Arguments {
    return new Arguments(this.operands.slice(0, operandCount), new Map([...this.#options, [option, true]]));
  }
}

/**
 * Reads the words behind a command's name.
 * @throws ShellError with the usage for too few arguments, with the option for an unknown one
 */
export function parseArguments(command: ShellCommand, words: readonly string[]): Arguments {
  const parser = new Command(command.name)
    .helpOption(false)
    .exitOverride()
    .configureOutput({ writeOut: ignore, writeErr: ignore })
    .argument('[operands...]');
  for (const option of command.options) parser.addOption(commanderOption(option));
  try {
    parser.parse(longOptions(command, words), { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) throw refusal(command, error);
    throw error;
  }
  const count = parser.args.length;
  if (count < command.argumentsMin || count > (command.argumentsMax ?? Infinity)) {
    throw usageError(command);
  }
  return new Arguments(parser.args, givenOptions(command, parser));
}

function ignore(): void {
  // What commander would print becomes the message of an error.
}

/** Single letters are short options to commander, words are long ones. */
function commanderOption({ name, value }: CommandOption): Option {
  const flag = name.length === 1 ? `-${name}` : `--${name}`;
  return new Option(value === undefined ? flag : `${flag} <${value.replaceAll(/[<>[\]]/g, '')}>`);
}

/** `-members` becomes `--members`: commander would read it as a row of letters. */
function longOptions(command: ShellCommand, words: readonly string[]): string[] {
  const long = new Set(command.options.filter(({ name }) => name.length > 1).map(({ name }) => `-${name}`));
  return words.map((word) => (long.has(word) ? `-${word}` : word));
}

function refusal(command: ShellCommand, error: CommanderError): ShellError {
  const option = /'(-[^' ,]*)/.exec(error.message)?.[1]?.replace(/^--/, '-') ?? '';
  switch (error.code) {
    case 'commander.unknownOption':
      return usageError(command, `Unrecognized option: ${option}`);
    case 'commander.optionMissingArgument':
      return usageError(command, `Missing argument for option: ${option.replace(/^-/, '')}`);
    default:
      return usageError(command, error.message);
  }
}

function givenOptions(command: ShellCommand, parser: Command): Map<string, string | true> {
  const given: Readonly<Record<string, unknown>> = parser.opts();
  const options = new Map<string, string | true>();
  for (const { name } of command.options) {
    const value = given[name];
    if (typeof value === 'string') options.set(name, value);
    else if (value === true) options.set(name, true);
  }
  return options;
}
