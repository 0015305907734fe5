/**
 * Reads the schema in `jute/`: ZooKeeper's record language, with two additions that its Java original keeps in
 * code: `type?` for a value that may be null on the wire, and `trailing type` for a last field that may be absent.
 */

export type Type =
  | { readonly kind: 'boolean' | 'int' | 'long' | 'buffer' | 'ustring'; readonly nullable: boolean }
  | { readonly kind: 'vector'; readonly of: Type; readonly nullable: boolean }
  | { readonly kind: 'record'; readonly name: string; readonly nullable: false };

export interface Field {
  readonly name: string;
  readonly type: Type;
  readonly trailing: boolean;
}

export interface Class {
  readonly name: string;
  readonly doc: string;
  readonly fields: readonly Field[];
}

const PRIMITIVES = ['boolean', 'int', 'long', 'buffer', 'ustring'] as const;
type Primitive = (typeof PRIMITIVES)[number];

/**
 * Parses one schema file.
 * @throws Error naming file and line where the text is not a schema.
 */
export function parse(text: string, file: string): Class[] {
  const classes: Class[] = [];
  let current: { name: string; doc: string; fields: Field[] } | undefined;
  let comment: string[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    const fail = (what: string): never => {
      throw new Error(`${file}:${index + 1}: ${what}: ${line}`);
    };
    if (line.startsWith('//')) {
      comment.push(line.slice(2).trim());
      continue;
    }
    const opened = /^class (\w+) \{$/.exec(line);
    if (opened?.[1] !== undefined) {
      const [, name] = opened;
      if (current !== undefined) fail('a class inside a class');
      if (classes.some((c) => c.name === name)) fail('a second class of this name');
      current = { name: opened[1], doc: comment.join(' '), fields: [] };
    } else if (line === '}' && current !== undefined) {
      classes.push(current);
      current = undefined;
    } else if (current !== undefined && line !== '') {
      const field = /^(trailing )?(\S+) (\w+);$/.exec(line);
      if (field?.[2] === undefined || field[3] === undefined) return fail('not a field');
      if (current.fields.at(-1)?.trailing === true) fail('a field after a trailing one');
      current.fields.push({
        name: field[3],
        type: parseType(field[2], fail),
        trailing: field[1] !== undefined,
      });
    } else if (line !== '' && line !== '}' && !/^module \w+ \{$/.test(line)) {
      fail('not part of a schema');
    }
    comment = [];
  }
  if (current !== undefined) throw new Error(`${file}: the class ${current.name} is not closed.`);
  return classes;
}

function parseType(text: string, fail: (what: string) => never): Type {
  const nullable = text.endsWith('?');
  const bare = nullable ? text.slice(0, -1) : text;
  const vector = /^vector<(.+)>$/.exec(bare);
  if (vector?.[1] !== undefined) return { kind: 'vector', of: parseType(vector[1], fail), nullable };
  if (isPrimitive(bare)) return { kind: bare, nullable };
  if (nullable || !/^[A-Z]\w*$/.test(bare)) return fail('unknown type');
  return { kind: 'record', name: bare, nullable: false };
}

function isPrimitive(name: string): name is Primitive {
  return (PRIMITIVES as readonly string[]).includes(name);
}
