/**
 * The rules of the house that a compiler does not know: which room may import which (always from its index, and only
 * downwards), nothing impure in the deterministic rooms, and no file that has grown past one subject.
 * `npm run tidy` prints what breaks them and exits 1.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import ts from 'typescript';

/** Per room under src/: what it may import. `npm:` packages and `node:` modules are named one by one or by `node:*`. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  util: ['node:zlib'],
  codec: ['util'],
  types: ['codec', 'util'],
  zab: ['types', 'codec', 'util', 'xxhash-wasm'],
  tree: ['types', 'codec', 'util', 'ipaddr.js'],
  session: ['types', 'util'],
  watch: ['types', 'util'],
  engine: ['zab', 'tree', 'session', 'watch', 'types', 'codec', 'util'],
  config: ['util', 'node:*', 'node-forge'],
  net: ['zab', 'types', 'codec', 'util', 'node:*', 'protobufjs/minimal.js'],
  storage: ['engine', 'zab', 'types', 'codec', 'util', 'node:*', 'better-sqlite3'],
  apache: ['tree', 'types', 'codec', 'util', 'node:*', 'adler-32', 'snappyjs'],
  backup: [
    'apache',
    'storage',
    'engine',
    'zab',
    'tree',
    'types',
    'codec',
    'util',
    'node:*',
    'better-sqlite3',
  ],
  client: ['types', 'codec', 'util', 'node:*'],
  bench: ['types', 'codec', 'util', 'node:*'],
  server: ['engine', 'zab', 'storage', 'net', 'config', 'tree', 'types', 'codec', 'util', 'node:*', 'pino'],
  ops: ['server', 'config', 'types', 'util', 'node:*', 'ipaddr.js'],
  admin: ['ops', 'server', 'net', 'config', 'types', 'util', 'node:*', 'fastify', 'pino', 'prom-client'],
  start: ['server', 'ops', 'admin', 'storage', 'config', 'node:*', 'pino'],
  cli: [
    'start',
    'backup',
    'bench',
    'client',
    'config',
    'types',
    'util',
    'node:*',
    'pino',
    'pino-pretty',
    'commander',
  ],
  index: ['client', 'start'],
};

/** Rooms that the simulator must be able to drive: the same inputs give the same outputs. */
const DETERMINISTIC: ReadonlySet<string> = new Set([
  'util',
  'codec',
  'types',
  'zab',
  'tree',
  'session',
  'watch',
  'engine',
]);

const IMPURE =
  /\b(Date\.now|new Date|Math\.random|performance\.|setTimeout|setInterval|setImmediate|queueMicrotask|process\.|console\.|async |await |Promise\b)/;
/** `await` once while a module is loaded is no effect of a call. */
const IMPURE_ALLOWED: ReadonlySet<string> = new Set(['src/zab/chain.ts']);

const LINES_MAX = 600;

const faults: string[] = [];
for (const file of sourceFiles('src')) check(file);
for (const file of [...sourceFiles('test'), ...sourceFiles('scripts')])
  checkLength(file, readFileSync(file, 'utf8'));
for (const fault of faults) console.error(fault);
console.log(faults.length === 0 ? 'The house is tidy.' : `${faults.length} things to tidy.`);
process.exitCode = faults.length === 0 ? 0 : 1;

function check(file: string): void {
  const text = readFileSync(file, 'utf8');
  const [, first = ''] = file.split('/');
  const room = first.replace(/\.ts$/, '');
  const allowed = ROOMS[room];
  if (allowed === undefined) {
    faults.push(`${file}: the room ${room} has no rule in scripts/tidy.ts.`);
    return;
  }
  if (!file.includes('/generated/')) checkLength(file, text);
  for (const { fileName: specifier } of ts.preProcessFile(text).importedFiles) {
    const target = specifier.startsWith('.') ? roomOf(file, specifier) : specifier;
    if (target === room) continue;
    const ok = allowed.includes(target) || (target.startsWith('node:') && allowed.includes('node:*'));
    if (!ok) faults.push(`${file}: ${room} may not import ${target} (${specifier}).`);
    const throughIndex = /\/index\.js$/.test(specifier) || /\/(ports|status)\.js$/.test(specifier);
    if (specifier.startsWith('.') && !throughIndex) {
      faults.push(`${file}: ${specifier} reaches into a room; import from its index.`);
    }
  }
  if (!DETERMINISTIC.has(room) || IMPURE_ALLOWED.has(file)) return;
  for (const [index, line] of text.split('\n').entries()) {
    const code = line
      .replace(/\/\/.*$/, '')
      .replace(/^\s*\*.*$/, '')
      .replace(/\/\*.*\*\//, '');
    const found = IMPURE.exec(code);
    if (found !== null) faults.push(`${file}:${index + 1}: ${found[0].trim()} in a deterministic room.`);
  }
}

function checkLength(file: string, text: string): void {
  const lines = text.split('\n').length;
  if (lines > LINES_MAX)
    faults.push(`${file}: ${lines} lines; past ${LINES_MAX} there is a second subject in it.`);
}

function roomOf(file: string, specifier: string): string {
  const [, room = ''] = relative('.', resolve(file, '..', specifier)).split('/');
  return room.replace(/\.js$/, '');
}

function sourceFiles(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(directory, name));
}
