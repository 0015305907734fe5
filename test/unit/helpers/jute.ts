/**
 * The schema in `jute/` as seen by tests: random values for each record, and a second, naive encoder for them that
 * shares nothing with the generated one but the schema.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import * as codec from '../../../src/codec/index.js';
import type { Reader, Writer } from '../../../src/codec/index.js';
import { parse, type Class, type Field, type Type } from '../../../scripts/jute/parse.js';
import { bytes, type Bytes } from './bytes.js';

/** Any value that a record may hold. */
export type JuteValue =
  boolean | number | bigint | Buffer | string | null | readonly JuteValue[] | JuteRecord;
export interface JuteRecord {
  readonly [field: string]: JuteValue;
}

/** The files of the schema, in the order in which they build on each other. */
export const SCHEMA_FILES = ['data', 'proto', 'txn', 'storage'].map((name) => `jute/${name}.jute`);

/** Every class of the schema. */
export const classes: readonly Class[] = SCHEMA_FILES.flatMap((file) =>
  parse(readFileSync(file, 'utf8'), file),
);

const byName = new Map(classes.map((c) => [c.name, c]));

export function classOf(name: string): Class {
  const found = byName.get(name);
  if (found === undefined) throw new Error(`The schema has no class ${name}.`);
  return found;
}

/** The generated reader of a record. */
export function readerOf(name: string): (r: Reader) => unknown {
  const read = generated(`read${name}`);
  return (r) => read(r);
}

/** The generated writer of a record. */
export function writerOf(name: string): (w: Writer, value: JuteRecord) => void {
  const write = generated(`write${name}`);
  return (w, value) => void write(w, value);
}

function generated(name: string): (...args: unknown[]) => unknown {
  const found: unknown = Reflect.get(codec, name);
  if (typeof found !== 'function') throw new Error(`src/codec exports no ${name}.`);
  return (...args) => Reflect.apply(found, undefined, args) as unknown;
}

// --- random values -------------------------------------------------------------------------------------------------

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  // Around the length at which the writer changes its way.
  fc.string({ unit: 'grapheme', minLength: 44, maxLength: 52 }),
);

/** Values of a record; a trailing field is sometimes absent. */
export function arbitraryRecord(c: Class): fc.Arbitrary<JuteRecord> {
  const fields = Object.fromEntries(c.fields.map((f) => [f.name, arbitraryValue(f.type)]));
  return fc.record(fields, {
    requiredKeys: c.fields.filter((f) => !f.trailing).map((f) => f.name),
    noNullPrototype: true,
  });
}

function arbitraryValue(type: Type): fc.Arbitrary<JuteValue> {
  const value = presentValue(type);
  return type.nullable ? fc.option(value, { freq: 4 }) : value;
}

function presentValue(type: Type): fc.Arbitrary<JuteValue> {
  switch (type.kind) {
    case 'boolean':
      return fc.boolean();
    case 'int':
      return fc.integer();
    case 'long':
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case 'buffer':
      return fc.uint8Array({ maxLength: 12 }).map((data) => Buffer.from(data));
    case 'ustring':
      return text;
    case 'vector':
      return fc.array(arbitraryValue(type.of), { maxLength: 4 });
    case 'record':
      return arbitraryRecord(classOf(type.name));
  }
}

// --- the naive encoder ---------------------------------------------------------------------------------------------

/** A record's bytes, as the schema says. */
export function encode(c: Class, value: JuteRecord): Buffer {
  const out = bytes();
  encodeRecord(out, c, value);
  return out.built;
}

function encodeRecord(out: Bytes, c: Class, value: JuteRecord): void {
  for (const field of c.fields) {
    const member = value[field.name];
    if (member !== undefined) encodeValue(out, field.type, member);
    else if (!field.trailing) throw new Error(`${c.name} needs ${field.name}.`);
  }
}

function encodeValue(out: Bytes, type: Type, value: JuteValue): void {
  if (value === null) return void out.int(-1);
  switch (type.kind) {
    case 'record':
      return encodeRecord(out, classOf(type.name), asRecord(value));
    case 'vector': {
      const items = asList(value);
      out.int(items.length);
      for (const item of items) encodeValue(out, type.of, item);
      return;
    }
    default:
      encodePrimitive(out, value, type.kind);
  }
}

function encodePrimitive(out: Bytes, value: JuteValue, kind: string): void {
  if (typeof value === 'boolean') out.boolean(value);
  else if (typeof value === 'number') out.int(value);
  else if (typeof value === 'bigint') out.long(value);
  else if (typeof value === 'string') out.ustring(value);
  else if (Buffer.isBuffer(value)) out.buffer(value);
  else throw new Error(`Not a ${kind}.`);
}

function asRecord(value: JuteValue): JuteRecord {
  if (typeof value !== 'object' || value === null || isList(value) || Buffer.isBuffer(value))
    throw new Error('Not a record.');
  return value;
}

function asList(value: JuteValue): readonly JuteValue[] {
  if (!isList(value)) throw new Error('Not a vector.');
  return value;
}

function isList(value: JuteValue): value is readonly JuteValue[] {
  return Array.isArray(value);
}

// --- the smallest values -------------------------------------------------------------------------------------------

/** The record whose encoding is shortest, except that its vectors hold `count` such elements each. */
export function smallest(c: Class, count: number): JuteRecord {
  return Object.fromEntries(
    c.fields.filter((f) => !f.trailing || isVector(f)).map((f) => [f.name, smallestValue(f.type, count)]),
  );
}

function smallestValue(type: Type, count: number): JuteValue {
  switch (type.kind) {
    case 'boolean':
      return false;
    case 'int':
      return 0;
    case 'long':
      return 0n;
    case 'buffer':
      return Buffer.alloc(0);
    case 'ustring':
      return '';
    case 'vector':
      return Array.from({ length: count }, () => smallestValue(type.of, 0));
    case 'record':
      return smallest(classOf(type.name), 0);
  }
}

function isVector(field: Field): boolean {
  return field.type.kind === 'vector';
}
