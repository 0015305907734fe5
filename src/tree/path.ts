/** Paths: which are legal (protocol.md section 12), and their parts. */
import { KeeperError } from '../types/index.js';

export const ROOT = '/';
export const ZOOKEEPER = '/zookeeper';
export const QUOTA = '/zookeeper/quota';
export const CONFIG = '/zookeeper/config';

/** No client may delete these. */
const UNDELETABLE: ReadonlySet<string> = new Set([ROOT, ZOOKEEPER, QUOTA, CONFIG]);

/**
 * Control characters, surrogates and private use, specials: ZooKeeper's list of what no path contains.
 * The surrogates make it so that no character outside the basic plane (an emoji, say) is legal.
 */
const ILLEGAL = /[\u0000-\u001f\u007f-\u009f\ud800-\uf8ff\ufff0-\uffff]/;

/** The path of the parent; the root is its own. `path` contains a slash. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? ROOT : path.slice(0, slash);
}

/** The last component. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Path of a child. */
export function childOf(parent: string, name: string): string {
  return parent === ROOT ? `/${name}` : `${parent}/${name}`;
}

/** Clients may name the root by an empty path in reads. */
export function canonical(path: string): string {
  return path === '' ? ROOT : path;
}

/** True when `path` is `ancestor` or lies below it. */
export function isWithin(path: string, ancestor: string): boolean {
  return (
    ancestor === ROOT || path === ancestor || (path.startsWith(ancestor) && path[ancestor.length] === '/')
  );
}

/** What is wrong with a path, undefined when nothing is. */
export function pathFault(path: string): string | undefined {
  if (path === ROOT) return undefined;
  if (path === '') return 'it is empty';
  if (!path.startsWith('/')) return 'it does not start with a slash';
  if (path.endsWith('/')) return 'it ends with a slash';
  const illegal = ILLEGAL.exec(path);
  if (illegal !== null)
    return `it contains the character U+${illegal[0].charCodeAt(0).toString(16).padStart(4, '0')}`;
  // Looking for "//" and "/." first spares the split in the usual case.
  if (path.includes('//')) return 'it has an empty component';
  if (path.includes('/.') && path.split('/').some((part) => part === '.' || part === '..')) {
    return 'it has a relative component';
  }
  return undefined;
}

/** @throws KeeperError BADARGUMENTS for an illegal path, and for none at all */
export function validatePath(path: string | null): asserts path is string {
  if (path === null) throw new KeeperError('BADARGUMENTS', undefined, 'the path is null');
  const fault = pathFault(path);
  if (fault !== undefined) throw new KeeperError('BADARGUMENTS', path, fault);
}

/** create and delete call a null path malformed. @throws KeeperError MARSHALLINGERROR */
export function givenPath(path: string | null): string {
  if (path === null) throw new KeeperError('MARSHALLINGERROR', undefined, 'the path is null');
  return path;
}

/**
 * What create and delete look at before anything else: only these, so that a later fault (a missing parent, say)
 * is reported in ZooKeeper's order.
 * @returns the parent's path
 * @throws KeeperError BADARGUMENTS without a slash or with a NUL
 */
export function parentChecked(path: string): string {
  if (!path.includes('/') || path.includes('\0')) throw new KeeperError('BADARGUMENTS', path);
  return parentOf(path);
}

/** As parentChecked, for delete. */
export function deletableParent(path: string): string {
  if (UNDELETABLE.has(path)) throw new KeeperError('BADARGUMENTS', path, 'it cannot be deleted');
  return parentChecked(path);
}
