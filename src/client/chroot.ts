/** The part of the tree that a client calls its root. Servers know nothing of it: paths are turned at the edge. */
import { KeeperError } from '../types/index.js';

/** Adds the chroot to paths that go out and takes it off those that come back. */
export class Chroot {
  /** Empty when the client sees the whole tree, else without a slash at the end. */
  readonly prefix: string;

  /**
   * @param path empty or `/` for the whole tree
   * @throws KeeperError BADARGUMENTS for a path that does not start with a slash or ends with one
   */
  constructor(path: string) {
    const prefix = path === '/' ? '' : path;
    if (prefix !== '' && (!prefix.startsWith('/') || prefix.endsWith('/') || prefix.includes('//'))) {
      throw new KeeperError('BADARGUMENTS', path, 'not a path that can be a chroot');
    }
    this.prefix = prefix;
  }

  /**
   * The server's name for a path of the caller. Without a chroot it is passed on as it is: to judge it is the
   * server's business.
   * @throws KeeperError BADARGUMENTS for a relative path under a chroot, which would name a sibling of the chroot
   */
  toServer(path: string): string {
    if (this.prefix === '') return path;
    if (path === '/') return this.prefix;
    if (!path.startsWith('/'))
      throw new KeeperError('BADARGUMENTS', path, 'the path must start with a slash');
    return this.prefix + path;
  }

  /** The caller's name for a path of the server. What lies outside of the chroot keeps the server's name. */
  toClient(path: string): string {
    const { prefix } = this;
    if (prefix === '' || !path.startsWith(prefix)) return path;
    if (path.length === prefix.length) return '/';
    return path.charCodeAt(prefix.length) === 0x2f ? path.slice(prefix.length) : path;
  }
}
