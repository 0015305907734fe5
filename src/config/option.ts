/**
 * Why this file exists: an option is described once, and the parser, the warnings and the documentation page all
 * read that description. This file holds the shape of a description and one constructor per type of value.
 *
 * Two ways of reading a value exist in ZooKeeper and are kept apart by `scope`:
 * - `file`: ZooKeeper reads the key from zoo.cfg itself and is strict about it.
 * - `property`: ZooKeeper turns the key into the system property `zookeeper.<key>`. Numbers may be written as
 *   `0x9fffff`, and a boolean that is neither true nor false counts as false.
 * - `jvm`: ZooKeeper reads it only as a system property without prefix, so there a value in zoo.cfg has no effect.
 */

/** How far an option works. */
export type OptionStatus =
  /** Works. */
  | 'active'
  /** Works in an ensemble of several servers; accepted by a standalone server, to which it means nothing. */
  | 'ensemble'
  /** Accepted; takes effect with a capability that a later release brings. */
  | 'later'
  /** Accepted so that existing files load; has no effect, because it tunes an internal of the Java server. */
  | 'javaOnly';

/** Where ZooKeeper reads an option from; see the head of this file. */
export type OptionScope = 'file' | 'property' | 'jvm';

/** One option: everything the parser, the warnings and the documentation need to know about it. */
export interface Option<T> {
  /** The key in zoo.cfg. */
  readonly key: string;
  /** The system property that means the same. */
  readonly property: string;
  /** Further names of that system property, for flags written for older servers. */
  readonly aliases: readonly string[];
  readonly scope: OptionScope;
  readonly status: OptionStatus;
  /** The type of value in words: `integer`, `true or false`, `path`. */
  readonly type: string;
  /** The unit of a number, or undefined for a plain count or a text. */
  readonly unit: string | undefined;
  /** The value when nobody sets the option. */
  readonly default: T;
  /** What the documentation prints as default; needed where the default follows from other options. */
  readonly defaultText: string;
  /** What it does, in full sentences. */
  readonly doc: string;
  /** A password: its value must not appear in any message, log or listing. */
  readonly secret: boolean;
  /** Accepted without a word even where it has no effect. */
  readonly quiet: boolean;
  /** Reads a value; the result is a mistake where the text does not fit. */
  parse(text: string): Parsed<T>;
}

/** What reading a value gives: the value, perhaps with a remark for the log, or what was expected instead. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T; readonly remark?: string }
  | { readonly ok: false; readonly expected: string };

/** A family of keys that share a prefix, such as `authProvider.1`. */
export interface OptionFamily {
  /** The prefix, including its final dot. */
  readonly prefix: string;
  /** How the documentation writes the key: `authProvider.N`. */
  readonly key: string;
  /** The prefix of the system properties that mean the same. */
  readonly propertyPrefix: string;
  readonly status: OptionStatus;
  readonly type: string;
  readonly defaultText: string;
  readonly doc: string;
  readonly secret: boolean;
}

/** A part of the table with its heading on the documentation page. */
export interface OptionGroup {
  readonly title: string;
  readonly intro: string;
  readonly options: readonly Option<unknown>[];
  readonly families: readonly OptionFamily[];
}

/** What every option states, whatever its type. */
interface Facts {
  readonly doc: string;
  /** Default `property`. */
  readonly scope?: OptionScope;
  /** Default `active`. */
  readonly status?: OptionStatus;
  /** Default: `zookeeper.<key>`, the bare key for scope `jvm` and for keys of our own. */
  readonly property?: string;
  readonly aliases?: readonly string[];
  readonly defaultText?: string;
  readonly unit?: string;
  readonly secret?: boolean;
  readonly quiet?: boolean;
}

interface Range {
  readonly min?: number;
  readonly max?: number;
}

const INT_MAX = 0x7fffffff;

function describe<T>(
  key: string,
  type: string,
  value: T,
  facts: Facts,
  parse: (text: string, scope: OptionScope) => Parsed<T>,
): Option<T> {
  const scope = facts.scope ?? 'property';
  const bare = scope === 'jvm' || key.startsWith('zabkeeper.');
  return Object.freeze({
    key,
    property: facts.property ?? (bare ? key : `zookeeper.${key}`),
    aliases: facts.aliases ?? [],
    scope,
    status: facts.status ?? 'active',
    type,
    unit: facts.unit,
    default: value,
    defaultText: facts.defaultText ?? (value === undefined || value === '' ? 'none' : String(value)),
    doc: facts.doc,
    secret: facts.secret ?? false,
    quiet: facts.quiet ?? false,
    parse: (text: string) => parse(text, scope),
  });
}

/** A whole number. Without `min` it may not be negative; without `max` it is a Java `int`. */
export function int<D extends number | undefined>(
  key: string,
  value: D,
  facts: Facts & Range,
): Option<number | D> {
  const { min = 0, max = INT_MAX } = facts;
  const expected = `a whole number from ${min} to ${max}${facts.unit === undefined ? '' : ` (${facts.unit})`}`;
  return describe<number | D>(key, 'integer', value, facts, (text, scope) => {
    if (isUnset(text, scope)) return { ok: true, value };
    const number = parseWhole(text, scope);
    return number !== undefined && number >= min && number <= max
      ? { ok: true, value: number }
      : { ok: false, expected };
  });
}

/** A whole number that may exceed 2^31, up to what a JavaScript number holds exactly. */
export function long<D extends number | undefined>(
  key: string,
  value: D,
  facts: Facts & Range,
): Option<number | D> {
  return int(key, value, { max: Number.MAX_SAFE_INTEGER, ...facts });
}

/** A TCP port. */
export function port(key: string, facts: Facts): Option<number | undefined> {
  return int(key, undefined, { min: 1, max: 65535, ...facts });
}

/** A number with a fraction. */
export function decimal(key: string, value: number, facts: Facts): Option<number> {
  return describe(key, 'number', value, facts, (text, scope) => {
    if (isUnset(text, scope)) return { ok: true, value };
    const number = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
    return Number.isFinite(number) ? { ok: true, value: number } : { ok: false, expected: 'a number' };
  });
}

/** True or false. Strict for keys of scope `file`; elsewhere what is not `true` is false, as in Java. */
export function bool(key: string, value: boolean, facts: Facts): Option<boolean> {
  return describe(key, 'true or false', value, facts, (text, scope) => {
    if (isUnset(text, scope)) return { ok: true, value };
    const word = text.toLowerCase();
    if (word === 'true' || word === 'false') return { ok: true, value: word === 'true' };
    if (scope === 'file') return { ok: false, expected: 'true or false' };
    return { ok: true, value: false, remark: 'is neither true nor false and therefore counts as false' };
  });
}

/** One of two words, of which `yes` alone (or `no` alone, for a default of yes) changes anything. */
export function yesNo(key: string, value: boolean, facts: Facts): Option<boolean> {
  return describe(key, 'yes or no', value, { defaultText: value ? 'yes' : 'no', ...facts }, (text, scope) => {
    if (isUnset(text, scope)) return { ok: true, value };
    if (text === 'yes' || text === 'no') return { ok: true, value: text === 'yes' };
    return { ok: true, value: false, remark: 'is neither yes nor no and therefore counts as no' };
  });
}

/** Any text. */
export function text(key: string, value: string, facts: Facts): Option<string> {
  return describe(key, 'text', value, facts, (given) => ({ ok: true, value: given }));
}

/** Any text, or nothing; an empty value counts as nothing. */
export function optionalText(key: string, facts: Facts): Option<string | undefined> {
  return describe<string | undefined>(key, 'text', undefined, facts, (given) => ({
    ok: true,
    value: given === '' ? undefined : given,
  }));
}

/** A path in the file system, taken relative to the current directory. */
export function path(key: string, facts: Facts): Option<string | undefined> {
  return describe<string | undefined>(key, 'path', undefined, facts, (given) =>
    given === '' ? { ok: false, expected: 'a path' } : { ok: true, value: given },
  );
}

/** One of a few words. */
export function choice<const W extends string>(
  key: string,
  value: W,
  words: readonly W[],
  facts: Facts,
): Option<W> {
  return describe<W>(key, words.join(', '), value, facts, (given, scope) => {
    if (isUnset(given, scope)) return { ok: true, value };
    const word = words.find((candidate) => candidate.toLowerCase() === given.toLowerCase());
    return word === undefined
      ? { ok: false, expected: `one of ${words.join(', ')}` }
      : { ok: true, value: word };
  });
}

/** A comma-separated list of words. */
export function list(key: string, value: readonly string[], facts: Facts): Option<readonly string[]> {
  const defaultText = value.length === 0 ? 'none' : value.join(',');
  return describe(key, 'comma-separated list', value, { defaultText, ...facts }, (given) => ({
    ok: true,
    value: given
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== ''),
  }));
}

/** An option that is accepted only so that existing files load. Its value is never looked at. */
export function ignored(key: string, doc: string, facts: Omit<Facts, 'doc' | 'status'> = {}): Option<string> {
  return describe(key, 'any', '', { ...facts, doc, status: 'javaOnly' }, (given) => ({
    ok: true,
    value: given,
  }));
}

/** A family of keys that share a prefix. */
export function family(
  key: string,
  facts: Pick<OptionFamily, 'doc'> &
    Partial<Pick<OptionFamily, 'status' | 'type' | 'secret' | 'propertyPrefix'>>,
): OptionFamily {
  const prefix = key.slice(0, key.lastIndexOf('.') + 1);
  return Object.freeze({
    prefix,
    key,
    propertyPrefix:
      facts.propertyPrefix ?? (prefix.startsWith('zabkeeper.') ? prefix : `zookeeper.${prefix}`),
    status: facts.status ?? 'active',
    type: facts.type ?? 'text',
    defaultText: 'none',
    doc: facts.doc,
    secret: facts.secret ?? false,
  });
}

/** An empty system property means the default; generated files contain such lines. An empty key of zoo.cfg is a mistake. */
function isUnset(given: string, scope: OptionScope): boolean {
  return given === '' && scope !== 'file';
}

/**
 * ZooKeeper reads keys of zoo.cfg with `Integer.parseInt` and most system properties with `Integer.decode`, which
 * also takes 0x, # and a leading 0 for octal: `-Djute.maxbuffer=0x9fffff` is how many operators write it.
 */
function parseWhole(given: string, scope: OptionScope): number | undefined {
  if (scope === 'file') return /^[+-]?\d+$/.test(given) ? Number(given) : undefined;
  const match = /^([+-]?)(?:(?:0[xX]|#)([0-9a-fA-F]+)|(0[0-7]+)|(\d+))$/.exec(given);
  if (match === null) return undefined;
  const [, sign, hex, octal, decimalDigits] = match;
  const size =
    hex !== undefined ? parseInt(hex, 16) : octal !== undefined ? parseInt(octal, 8) : Number(decimalDigits);
  return sign === '-' ? -size : size;
}
