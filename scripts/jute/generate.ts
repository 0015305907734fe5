/**
 * Turns parsed classes into TypeScript: per record an interface, a reader and a writer over `codec/reader.ts` and
 * `codec/writer.ts`. The least encoded size of each element is computed here, so that a vector's count can be held
 * against the bytes that remain before anything is allocated for it.
 */
import type { Class, Field, Type } from './parse.js';

/** The whole generated file for these classes, in their order. */
export function generate(classes: readonly Class[]): string {
  const byName = new Map(classes.map((c) => [c.name, c]));
  const out = [
    '// Generated from jute/*.jute by scripts/jute. Do not edit: change the schema and run `npm run generate`.',
    "import type { Reader } from '../reader.js';",
    "import type { Writer } from '../writer.js';",
  ];
  if (classes.some((c) => c.fields.some((f) => isAclList(f.type))))
    out.splice(1, 0, "import { readAclList, writeAclList } from '../aclList.js';");
  for (const c of classes) out.push('', emitClass(c, byName));
  return out.join('\n') + '\n';
}

function emitClass(c: Class, byName: ReadonlyMap<string, Class>): string {
  const used = c.fields.length === 0 ? '_' : '';
  const lines: string[] = [];
  if (c.doc !== '') lines.push(`/** ${c.doc} */`);
  lines.push(`export interface ${c.name} {`);
  for (const f of c.fields) lines.push(`  readonly ${f.name}${f.trailing ? '?' : ''}: ${tsType(f.type)};`);
  lines.push('}', '', `export function read${c.name}(${used}r: Reader): ${c.name} {`);
  const last = c.fields.at(-1);
  const names: string[] = [];
  for (const f of c.fields) {
    const value = readExpression(f.type, byName);
    if (f.trailing) lines.push(`  if (r.remaining === 0) return { ${names.join(', ')} };`);
    lines.push(`  const ${f.name} = ${value};`);
    names.push(f.name);
  }
  lines.push(`  return { ${names.join(', ')} };`, '}', '');
  lines.push(`export function write${c.name}(${used}w: Writer, ${used}v: ${c.name}): void {`);
  for (const f of c.fields) lines.push(`  ${writeStatement(f)}`);
  lines.push('}');
  if (last === undefined) return lines.join('\n').replaceAll('{  }', '{}');
  return lines.join('\n').replaceAll('{  }', '{}');
}

function tsType(type: Type): string {
  const bare = ((): string => {
    switch (type.kind) {
      case 'boolean':
        return 'boolean';
      case 'int':
        return 'number';
      case 'long':
        return 'bigint';
      case 'buffer':
        return 'Buffer';
      case 'ustring':
        return 'string';
      case 'vector':
        return `readonly ${tsType(type.of)}[]`;
      case 'record':
        return type.name;
    }
  })();
  return type.nullable ? `${bare} | null` : bare;
}

/** Lists that have a codec of their own, because nearly all of them are the same. */
function isAclList(type: Type): boolean {
  return type.kind === 'vector' && type.nullable && type.of.kind === 'record' && type.of.name === 'ACL';
}

function readExpression(type: Type, byName: ReadonlyMap<string, Class>): string {
  if (isAclList(type)) return 'readAclList(r)';
  switch (type.kind) {
    case 'record':
      return `read${type.name}(r)`;
    case 'vector': {
      const element =
        type.of.kind === 'record' ? `read${type.of.name}` : `(r) => ${readExpression(type.of, byName)}`;
      const least = leastSize(type.of, byName);
      return type.nullable ? `r.vectorOrNull(${least}, ${element})` : `r.vector(${least}, ${element})`;
    }
    case 'buffer':
    case 'ustring':
      return `r.${type.kind}${type.nullable ? 'OrNull' : ''}()`;
    default:
      return `r.${type.kind}()`;
  }
}

function writeStatement(f: Field): string {
  const statement = writeValue(f.type, `v.${f.name}`);
  return f.trailing ? `if (v.${f.name} !== undefined) ${statement}` : statement;
}

function writeValue(type: Type, value: string): string {
  if (isAclList(type)) return `writeAclList(w, ${value});`;
  switch (type.kind) {
    case 'record':
      return `write${type.name}(w, ${value});`;
    case 'vector': {
      const element =
        type.of.kind === 'record' ? `write${type.of.name}` : `(w, e) => { ${writeValue(type.of, 'e')} }`;
      return `w.vector(${value}, ${element});`;
    }
    default:
      return `w.${type.kind}(${value});`;
  }
}

function leastSize(type: Type, byName: ReadonlyMap<string, Class>): number {
  switch (type.kind) {
    case 'boolean':
      return 1;
    case 'long':
      return 8;
    case 'record': {
      const c = byName.get(type.name);
      if (c === undefined) throw new Error(`The schema uses ${type.name}, which no class defines before it.`);
      return c.fields.reduce((sum, f) => sum + (f.trailing ? 0 : leastSize(f.type, byName)), 0);
    }
    default:
      return 4;
  }
}
