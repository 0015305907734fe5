/**
 * Outcomes as short texts: what stands for coverage. Two inputs whose values differ only in numbers and letters, or that
 * were refused with the same sentence, have led to the same place.
 */

const DEPTH_MAX = 4;
/** The end of a sentence is the parser's own more often than its beginning. */
const TEMPLATE_CHARS = 40;
/** Fields whose value names a variant. */
const NAMING: ReadonlySet<string> = new Set(['kind', 'type', 'state', 'channel', 'role', 'found']);

/** Of a value that a parser gave back. */
export function shapeOf(value: unknown, depth = 0): string {
  switch (typeof value) {
    case 'string':
      return value === '' ? 'e' : 's';
    case 'number':
    case 'bigint':
      return value < 0 ? '-' : 'i';
    case 'boolean':
      return value ? 'y' : 'n';
    case 'undefined':
      return 'u';
    case 'object':
      return value === null ? '0' : depth >= DEPTH_MAX ? 'o' : shapeOfObject(value, depth + 1);
    default:
      return 'f';
  }
}

function shapeOfObject(value: object, depth: number): string {
  if (Buffer.isBuffer(value)) return value.byteLength === 0 ? 'E' : 'B';
  if (value instanceof Map) return `M${shapeOf([...(value as Map<unknown, unknown>)], depth)}`;
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return `[${Math.min(items.length, 3)}${items.length > 0 ? shapeOf(items[0], depth) : ''}]`;
  }
  let text = '{';
  for (const [key, field] of Object.entries(value)) {
    text += NAMING.has(key) && !isLarge(field) ? `${String(field).slice(0, 20)},` : shapeOf(field, depth);
  }
  return `${text}}`;
}

function isLarge(field: unknown): boolean {
  return typeof field === 'number' && (field < -20 || field > 200);
}

/** Of an error: its sentence without what it quotes of the input. */
export function refusalOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  return `${error.name} ${code} ${templateOf(error.message)}`;
}

/** Words of a sentence that are plain ones: numbers, names and quoted parts come from the input. */
function templateOf(message: string): string {
  // Of several mistakes the first is enough.
  return message
    .slice(0, 2000)
    .replace(/ \(2\) [^]*/, '')
    .replace(/"[^"]*"|'[^']*'|\S*[^A-Za-z\s.,;:][^\s]*/g, '#')
    .replace(/(?:#\s*)+/g, '#')
    .slice(-TEMPLATE_CHARS);
}
