/**
 * Turns `peer.proto` into TypeScript: per message an interface, its size, a writer and a reader over the runtime of
 * protobufjs. Why not `pbjs`: its output is JavaScript that the compiler does not carry to dist/, holds 64-bit values
 * in Long objects, and moves a nested message once per level when its length becomes known; a batch of log records is
 * nested three levels deep.
 *
 * Covers what the schema uses and refuses the rest: proto3 with bool, uint32, sint32, fixed32, fixed64, sfixed64,
 * string, bytes, enums, messages, `optional`, `repeated`, and messages that are nothing but one oneof of messages.
 */
import protobuf from 'protobufjs';

/** How a scalar is typed, measured, written and read; expressions over `v`, `w` and `r`. */
interface Scalar {
  readonly type: string;
  readonly wire: number;
  readonly zero: string;
  readonly size: (v: string) => string;
  readonly write: (v: string) => string;
  readonly read: string;
}

const SCALARS: Readonly<Record<string, Scalar>> = {
  bool: scalar('boolean', 0, 'false', () => '1', 'bool'),
  uint32: scalar('number', 0, '0', (v) => `sizeOfVarint(${v})`, 'uint32'),
  sint32: scalar('number', 0, '0', (v) => `sizeOfSint32(${v})`, 'sint32'),
  fixed32: scalar('number', 5, '0', () => '4', 'fixed32'),
  string: {
    ...scalar('string', 2, "''", (v) => `sizeOfString(${v})`, 'string'),
    read: 'r.stringVerify()',
  },
  bytes: scalar('Uint8Array', 2, '', (v) => `sizeWithLength(${v}.byteLength)`, 'bytes'),
  fixed64: {
    ...scalar('bigint', 1, '0n', () => '8', ''),
    write: (v) => `writeFixed64(w, ${v})`,
    read: 'readFixed64(r)',
  },
  sfixed64: {
    ...scalar('bigint', 1, '0n', () => '8', ''),
    write: (v) => `writeFixed64(w, ${v})`,
    read: 'readSfixed64(r)',
  },
};

function scalar(
  type: string,
  wire: number,
  zero: string,
  size: (v: string) => string,
  method: string,
): Scalar {
  return { type, wire, zero, size, write: (v) => `w.${method}(${v})`, read: `r.${method}()` };
}

/** @param source text of the schema @returns the whole generated file */
export function generate(source: string): string {
  const { root, package: name } = protobuf.parse(source, { alternateCommentMode: true });
  root.resolveAll();
  const space = root.lookup(name ?? '');
  if (!(space instanceof protobuf.Namespace)) throw new Error('The schema needs a package.');
  const out = [
    '// Generated from src/net/peer.proto by scripts/proto. Do not edit: change the schema and run `npm run generate`.',
    'import {',
    ...HELPERS.map((helper) => `  ${helper},`),
    "} from '../protobuf.js';",
  ];
  for (const item of space.nestedArray) {
    if (item instanceof protobuf.Enum) out.push('', emitEnum(item));
    else if (item instanceof protobuf.Type) out.push('', isUnion(item) ? emitUnion(item) : emitMessage(item));
    else throw new Error(`${item.name}: only messages and enums are supported.`);
  }
  return out.join('\n') + '\n';
}

/** The compiler tells when the schema does not use one of them any more. */
const HELPERS = [
  'checkCount',
  'checkEnd',
  'nestedEnd',
  'readFixed64',
  'readSfixed64',
  'sizeOfSint32',
  'sizeOfString',
  'sizeOfVarint',
  'sizeWithLength',
  'skipField',
  'writeFixed64',
  'type ProtoReader',
  'type ProtoWriter',
];

function emitEnum(item: protobuf.Enum): string {
  const values = Object.entries(item.values).map(([name, value]) => `  ${name}: ${value},`);
  return [...doc(item.comment), `export const ${item.name} = {`, ...values, '} as const;'].join('\n');
}

function isUnion(type: protobuf.Type): boolean {
  const [oneof] = type.oneofsArray;
  if (oneof === undefined || isOptional(oneof.fieldsArray[0])) return false;
  if (type.oneofsArray.length > 1 || oneof.fieldsArray.length !== type.fieldsArray.length) {
    throw new Error(`${type.name}: a message with a oneof must be nothing but that.`);
  }
  return true;
}

function emitMessage(type: protobuf.Type): string {
  const { name, fieldsArray: fields } = type;
  const lines = [...doc(type.comment), `export interface ${name} {`];
  for (const field of fields) {
    lines.push(
      ...doc(field.comment).map((line) => `  ${line}`),
      `  readonly ${field.name}: ${tsType(field)};`,
    );
  }
  lines.push('}', '');

  const unused = fields.length === 0 ? '_' : '';
  lines.push(`export function size${name}(${unused}v: ${name}): number {`);
  lines.push(fields.length === 0 ? '  return 0;' : '  let size = 0;');
  for (const field of fields) lines.push(...emitSize(field));
  lines.push(...(fields.length === 0 ? [] : ['  return size;']), '}', '');

  lines.push(`export function write${name}(${unused}w: ProtoWriter, ${unused}v: ${name}): void {`);
  for (const field of fields) lines.push(...emitWrite(field));
  lines.push('}', '', `export function read${name}(r: ProtoReader, end = r.len): ${name} {`);
  for (const field of fields) lines.push(`  ${emitLocal(field)}`);
  lines.push(...emitLoop(fields.flatMap(emitCases)));
  lines.push(`  return { ${fields.map(({ name: field }) => field).join(', ')} };`, '}');
  return lines.join('\n').replaceAll('{  }', '{}').replaceAll('{\n}', '{}');
}

function emitUnion(type: protobuf.Type): string {
  const { name, fieldsArray: fields } = type;
  const lines = [...doc(type.comment), `export type ${name} =`];
  for (const field of fields)
    lines.push(`  | { readonly kind: '${field.name}'; readonly value: ${messageName(field)} }`);
  lines.push('', `export function size${name}(v: ${name}): number {`, '  switch (v.kind) {');
  for (const field of fields) {
    const tag = sizeOfTag(field);
    lines.push(`    case '${field.name}':`);
    lines.push(`      return ${tag} + sizeWithLength(size${messageName(field)}(v.value));`);
  }
  lines.push('  }', '}', '', `export function write${name}(w: ProtoWriter, v: ${name}): void {`);
  lines.push('  switch (v.kind) {');
  for (const field of fields) {
    lines.push(`    case '${field.name}':`, `      w.uint32(${tagOf(field)});`);
    lines.push(`      w.uint32(size${messageName(field)}(v.value));`);
    lines.push(`      write${messageName(field)}(w, v.value);`, '      break;');
  }
  lines.push('  }', '}', '');
  lines.push(`export function read${name}(r: ProtoReader, end = r.len): ${name} {`);
  lines.push(`  let message: ${name} | undefined;`);
  lines.push(
    ...emitLoop(
      fields.flatMap((field) => [
        `      case ${tagOf(field)}:`,
        `        message = { kind: '${field.name}', value: ${readExpression(field)} };`,
        '        break;',
      ]),
    ),
  );
  lines.push(
    `  if (message === undefined) throw new RangeError('a ${name} of a kind that is not known here');`,
  );
  lines.push('  return message;', '}');
  return lines.join('\n');
}

function emitLoop(cases: readonly string[]): string[] {
  return [
    '  while (r.pos < end) {',
    '    const tag = r.tag();',
    '    switch (tag) {',
    ...cases,
    '      default:',
    '        skipField(r, tag);',
    '    }',
    '  }',
    '  checkEnd(r, end);',
  ];
}

function emitSize(field: protobuf.Field): string[] {
  const tag = sizeOfTag(field);
  const value = `v.${field.name}`;
  if (field.repeated) {
    if (isPacked(field))
      return [`  if (${value}.length > 0) size += ${tag} + sizeWithLength(8 * ${value}.length);`];
    return [`  for (const item of ${value}) size += ${tag} + ${sizeExpression(field, 'item')};`];
  }
  return [`  if (${isPresent(field)}) size += ${tag} + ${sizeExpression(field, value)};`];
}

function emitWrite(field: protobuf.Field): string[] {
  const value = `v.${field.name}`;
  if (field.repeated && isPacked(field)) {
    return [
      `  if (${value}.length > 0) {`,
      `    w.uint32(${tagOf(field)}).uint32(8 * ${value}.length);`,
      `    for (const item of ${value}) writeFixed64(w, item);`,
      '  }',
    ];
  }
  const write = (item: string): string[] => [
    `    w.uint32(${tagOf(field)});`,
    ...(isMessage(field)
      ? [`    w.uint32(size${messageName(field)}(${item}));`, `    write${messageName(field)}(w, ${item});`]
      : [`    ${scalarOf(field).write(item)};`]),
  ];
  if (field.repeated) return [`  for (const item of ${value}) {`, ...write('item'), '  }'];
  return [`  if (${isPresent(field)}) {`, ...write(value), '  }'];
}

function emitLocal(field: protobuf.Field): string {
  if (field.repeated) return `const ${field.name}: ${itemType(field)}[] = [];`;
  if (hasPresence(field)) return `let ${field.name}: ${tsType(field)};`;
  return `let ${field.name} = ${zeroOf(field)};`;
}

function emitCases(field: protobuf.Field): string[] {
  const read = readExpression(field);
  if (!field.repeated)
    return [`      case ${tagOf(field)}:`, `        ${field.name} = ${read};`, '        break;'];
  const push = `checkCount(${field.name}.push(${read}));`;
  const one = [`        ${push}`, '        break;'];
  if (!isPacked(field)) return [`      case ${tagOf(field)}:`, ...one];
  return [
    `      case ${tagOf(field)}: {`,
    '        const packed = nestedEnd(r, end);',
    `        while (r.pos < packed) ${push}`,
    '        checkEnd(r, packed);',
    '        break;',
    '      }',
    `      case ${field.id * 8 + 1}:`,
    ...one,
  ];
}

function sizeExpression(field: protobuf.Field, value: string): string {
  if (isMessage(field)) return `sizeWithLength(size${messageName(field)}(${value}))`;
  return scalarOf(field).size(value);
}

function readExpression(field: protobuf.Field): string {
  if (isMessage(field)) return `read${messageName(field)}(r, nestedEnd(r, end))`;
  return scalarOf(field).read;
}

function isPresent(field: protobuf.Field): string {
  if (hasPresence(field)) return `v.${field.name} !== undefined`;
  const zero = zeroOf(field);
  return zero === 'false' ? `v.${field.name}` : `v.${field.name} !== ${zero}`;
}

function zeroOf(field: protobuf.Field): string {
  const { zero } = scalarOf(field);
  if (zero === '') throw new Error(`${field.fullName}: ${field.type} must be optional.`);
  return zero;
}

function tsType(field: protobuf.Field): string {
  if (field.repeated) return `readonly ${itemType(field)}[]`;
  return hasPresence(field) ? `${itemType(field)} | undefined` : itemType(field);
}

function itemType(field: protobuf.Field): string {
  return isMessage(field) ? messageName(field) : scalarOf(field).type;
}

function scalarOf(field: protobuf.Field): Scalar {
  // An enum's number is kept also when it has no name here; the codec judges it.
  const found = SCALARS[field.resolvedType instanceof protobuf.Enum ? 'uint32' : field.type];
  if (found === undefined || field.map) throw new Error(`${field.fullName}: ${field.type} is not supported.`);
  return found;
}

function isMessage(field: protobuf.Field): boolean {
  return field.resolvedType instanceof protobuf.Type;
}

function messageName(field: protobuf.Field): string {
  return field.resolvedType?.name ?? field.type;
}

/** Repeated numbers share one length; the schema repeats 64-bit ones only. */
function isPacked(field: protobuf.Field): boolean {
  if (isMessage(field) || scalarOf(field).wire === 2) return false;
  if (scalarOf(field).wire !== 1)
    throw new Error(`${field.fullName}: repeated ${field.type} is not supported.`);
  return true;
}

function hasPresence(field: protobuf.Field): boolean {
  return isMessage(field) || isOptional(field);
}

function isOptional(field: protobuf.Field | undefined): boolean {
  return field?.options?.['proto3_optional'] === true;
}

function tagOf(field: protobuf.Field): number {
  const wire = isMessage(field) || (field.repeated && isPacked(field)) ? 2 : scalarOf(field).wire;
  return field.id * 8 + wire;
}

function sizeOfTag(field: protobuf.Field): number {
  return field.id < 16 ? 1 : 2;
}

function doc(comment: string | null | undefined): string[] {
  if (comment === null || comment === undefined || comment === '') return [];
  const lines = comment.split('\n').map((line) => line.trim());
  return lines.length === 1
    ? [`/** ${lines.join('')} */`]
    : ['/**', ...lines.map((line) => ` * ${line}`), ' */'];
}
