/**
 * Why this file exists: a wrong path is refused before it is sent, in the words of Apache's client, and paths of the tree
 * are put together in one place.
 */
import { ShellError } from './errors.js';

/** Characters that no path may have: control characters, surrogates and private use, and the specials at the end. */
const FORBIDDEN = /[\u0001-\u001f\u007f-\u009f\ud800-\uf8ff\ufff0-\uffff]/;

/** @throws ShellError MALFORMEDPATH */
export function checkPath(path: string): void {
  const reason = reasonAgainst(path);
  if (reason !== undefined) throw new ShellError('MALFORMEDPATH', reason, { path });
}

/** As `checkPath` for a path that will get a number at its end. */
export function checkSequentialPath(path: string): void {
  checkPath(`${path}1`);
}

function reasonAgainst(path: string): string | undefined {
  if (path === '') return 'Path length must be > 0';
  if (!path.startsWith('/')) return `Path must start with / character: ${path}`;
  if (path === '/') return undefined;
  if (path.endsWith('/')) return `Path must not end with / character: ${path}`;
  let at = 1;
  for (const name of path.slice(1).split('/')) {
    const invalid = (reason: string, index: number): string =>
      `Invalid path string "${path}" caused by ${reason} @${at + index}`;
    if (name === '') return invalid('empty node name specified', 0);
    if (name === '.') return invalid('relative paths not allowed', 0);
    if (name === '..') return invalid('relative paths not allowed', 1);
    const nul = name.indexOf('\0');
    if (nul !== -1) return invalid('null character not allowed', nul);
    const forbidden = name.search(FORBIDDEN);
    if (forbidden !== -1) return invalid('invalid character', forbidden);
    at += name.length + 1;
  }
  return undefined;
}

/** The path of a child. */
export function childPath(parent: string, name: string): string {
  return parent === '/' ? `/${name}` : `${parent}/${name}`;
}
