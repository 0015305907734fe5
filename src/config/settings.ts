/**
 * Why this file exists: one option can be set in zoo.cfg, by a `-D` argument or in SERVER_JVMFLAGS and JVMFLAGS. This file
 * decides which of them counts, and collects what the operator should be told about the rest.
 *
 * The order is ZooKeeper's. Reading zoo.cfg sets system properties, so a key of zoo.cfg beats the flag of the same
 * meaning. The exceptions are options of scope `jvm`: a key of zoo.cfg sets nothing there, only the flag works, so here
 * the flag wins (and the key alone works, too). Among flags the last one wins: SERVER_JVMFLAGS, JVMFLAGS, arguments.
 */
import { ConfigError } from './errors.js';
import { isMembershipKey } from './membership.js';
import type { PlacedKey } from './membership.js';
import type { Option, OptionFamily, OptionStatus } from './option.js';
import { Problems } from './problems.js';
import { allOptions, familyByKey, familyByProperty, optionByKey, optionByProperty } from './options.js';

/** Flags of a Java virtual machine, already split into words. */
export interface JvmFlags {
  /** `SERVER_JVMFLAGS`, `JVMFLAGS` or `the command line`. */
  readonly origin: string;
  readonly words: readonly string[];
}

interface Placed {
  readonly value: string;
  readonly where: string;
}

/** What was set, by whom; typed values come out of `take`. */
export class Settings {
  /** Sentences for the operator about what may not be as intended. */
  readonly warnings: string[] = [];
  /** Sentences for the operator about what is as it should be. */
  readonly infos: string[] = [];
  /** What stops the start. */
  readonly problems = new Problems();

  private readonly file = new Map<string, Placed>();
  private readonly properties = new Map<string, Placed>();
  private readonly taken = new Map<Option<unknown>, Placed | undefined>();

  /**
   * @param keys the keys of zoo.cfg in order
   * @param flags weakest first
   */
  constructor(keys: readonly PlacedKey[], flags: readonly JvmFlags[]) {
    for (const { key, value, where } of keys) {
      const earlier = this.file.get(key);
      if (earlier !== undefined) {
        this.warnings.push(`${key} is set twice, at ${earlier.where} and at ${where}; the latter counts.`);
      }
      this.file.set(key, { value, where });
      if (optionByKey(key) === undefined && familyByKey(key) === undefined && !isMembershipKey(key)) {
        this.warnings.push(`${key} (${where}) is not an option and has no effect.${suggestion(key)}`);
      }
    }
    for (const { origin, words } of flags) this.readFlags(origin, words);
    for (const option of allOptions) {
      this.choose(option);
      // ZooKeeper itself is strict about these keys, whether they matter on this server or not.
      if (option.scope === 'file') this.problems.attempt(() => this.take(option));
    }
  }

  /** The value of an option: what was set, or its default. */
  take<T>(option: Option<T>): T {
    const placed = this.taken.get(option);
    if (placed === undefined) return option.default;
    const parsed = option.parse(placed.value);
    if (!parsed.ok) {
      const value = option.secret ? 'The value' : `The value "${placed.value}"`;
      throw new ConfigError(
        'VALUE',
        `${value} of ${option.key} (${placed.where}) is not valid; expected ${parsed.expected}.`,
      );
    }
    if (parsed.remark !== undefined) {
      this.warnings.push(`The value "${placed.value}" of ${option.key} (${placed.where}) ${parsed.remark}.`);
    }
    return parsed.value;
  }

  /** Whether somebody set the option. */
  isSet(option: Option<unknown>): boolean {
    return this.taken.get(option) !== undefined;
  }

  /** The option and the place where it was set, for messages. */
  name(option: Option<unknown>): string {
    const placed = this.taken.get(option);
    return placed === undefined ? option.key : `${option.key} (${placed.where})`;
  }

  /** All members of a family: what follows the prefix, with the value. Keys of zoo.cfg beat flags here, too. */
  family(prefix: string): ReadonlyMap<string, Placed> {
    const found = new Map<string, Placed>();
    for (const [name, placed] of this.properties) {
      const family = familyByProperty(name);
      if (family?.prefix === prefix) found.set(name.slice(family.propertyPrefix.length), placed);
    }
    for (const [key, placed] of this.file) {
      if (familyByKey(key)?.prefix === prefix) found.set(key.slice(prefix.length), placed);
    }
    return found;
  }

  /** The system property as a JAAS file may refer to it. */
  property(name: string): string | undefined {
    return this.properties.get(name)?.value;
  }

  /** Tells about settings that do nothing on this server, or not yet. */
  reportStatus(distributed: boolean): void {
    const names = new Map<OptionStatus, string[]>();
    const note = (item: Option<unknown> | OptionFamily, key: string, where: string): void => {
      if (item.status === 'javaOnly') this.warnings.push(`${key} (${where}) has no effect. ${item.doc}`);
      else names.set(item.status, [...(names.get(item.status) ?? []), key]);
    };
    for (const [option, placed] of this.taken) {
      if (placed === undefined || option.quiet) continue;
      // Spelling out a default changes nothing, so it needs no comment either.
      const parsed = option.parse(placed.value);
      if (option.status === 'javaOnly' || !parsed.ok || parsed.value !== option.default) {
        note(option, option.key, placed.where);
      }
    }
    for (const [key, { where }] of this.file) {
      const family = familyByKey(key);
      if (family !== undefined && optionByKey(key) === undefined) note(family, key, where);
    }
    for (const [name, { where }] of this.properties) {
      const family = familyByProperty(name);
      if (family !== undefined && optionByProperty(name) === undefined) note(family, name, where);
    }
    const ensemble = names.get('ensemble');
    const later = names.get('later');
    if (ensemble !== undefined && !distributed) {
      this.warnings.push(`On a standalone server these options have no effect: ${ensemble.join(', ')}.`);
    }
    if (later !== undefined) {
      this.warnings.push(
        `These options are accepted but have no effect before a later release: ${later.join(', ')}.`,
      );
    }
  }

  private readFlags(origin: string, words: readonly string[]): void {
    const skipped: string[] = [];
    for (const word of words) {
      const [, name, value = ''] = /^-D([^=]+)(?:=([^]*))?$/.exec(word) ?? [];
      if (name === undefined) {
        skipped.push(word.replace(/=[^]*$/, ''));
        continue;
      }
      const where = `-D${name} of ${origin}`;
      if (optionByProperty(name) !== undefined || familyByProperty(name) !== undefined) {
        this.properties.set(name, { value: value.trim(), where });
      } else if (/^(zookeeper|zabkeeper)\./.test(name)) {
        this.warnings.push(`${where} is not an option and has no effect.${suggestion(name)}`);
      } else if (optionByKey(name) !== undefined) {
        this.warnings.push(`${where} has no effect; the name is ${optionByKey(name)?.property ?? name}.`);
      } else {
        this.properties.set(name, { value, where });
        skipped.push(`-D${name}`);
      }
    }
    if (skipped.length > 0) {
      this.infos.push(`Settings of the Java virtual machine in ${origin} are skipped: ${skipped.join(' ')}.`);
    }
  }

  private flagOf({ property, aliases }: Option<unknown>): Placed | undefined {
    return [property, ...aliases]
      .map((name) => this.properties.get(name))
      .find((placed) => placed !== undefined);
  }

  /** Finds out which setting of an option counts. */
  private choose(option: Option<unknown>): void {
    const inFile = this.file.get(option.key);
    const flag = this.properties.size === 0 ? undefined : this.flagOf(option);
    const [winner, loser] = option.scope === 'jvm' ? [flag ?? inFile, inFile] : [inFile ?? flag, flag];
    this.taken.set(option, winner);
    if (winner !== undefined && loser !== undefined && winner !== loser && winner.value !== loser.value) {
      this.warnings.push(
        `${option.key} is set differently by ${winner.where} and by ${loser.where}; the former counts.`,
      );
    }
  }
}

const KEYS = allOptions.map(({ key }) => key);

/** A guess at what a mistyped key was meant to be. */
function suggestion(key: string): string {
  const bare = key.replace(/^zookeeper\./, '');
  if (bare !== key && optionByKey(bare) !== undefined) {
    const property = optionByKey(bare)?.property ?? bare;
    return ` In zoo.cfg the key is ${bare}; as a flag it is -D${property}.`;
  }
  const lower = bare.toLowerCase();
  const most = Math.min(2, Math.floor(lower.length / 4));
  const [best] = KEYS
    // Each letter more or less is a change: of most options the length is enough to say no.
    .filter((key) => Math.abs(key.length - lower.length) <= most)
    .map((key) => ({ key, distance: editDistance(lower, key.toLowerCase()) }))
    .filter(({ distance }) => distance <= most)
    .sort((left, right) => left.distance - right.distance);
  return best === undefined ? '' : ` Did you mean ${best.key}?`;
}

/** How many letters must be added, dropped or changed to get from one word to the other. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let index = 0; index < from.length; index++) {
    const next = [index + 1];
    for (let column = 1; column <= to.length; column++) {
      const changed = (row[column - 1] ?? 0) + (from.charAt(index) === to.charAt(column - 1) ? 0 : 1);
      next.push(Math.min(changed, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
