/**
 * Why this file exists: gtmk and stmk read and set what ZooKeeper's tracing prints. There is no such tracing here; the
 * number is kept so that tools which set it find it again, and has no effect.
 */
import type { ServerConfig } from '../config/index.js';
import type { Status } from '../server/index.js';

/** ZooKeeper's: client requests, sessions, events and warnings. */
const DEFAULT_MASK = 306n;

/** Per server, and the configuration is what a server is known by: a process may run several. */
const masks = new WeakMap<ServerConfig, bigint>();

/** The mask in decimal. */
export function gtmk({ config }: Status): string {
  return String(traceMask(config));
}

/** Keeps a new mask and repeats it. @param argument 8 bytes; if the client sent fewer, nothing is set or answered */
export function stmk({ config }: Status, argument: Buffer): string {
  if (argument.length < 8) return '';
  return String(setTraceMask(config, argument.readBigInt64BE(0)));
}

/** The mask of the server with this configuration. */
export function traceMask(config: ServerConfig): bigint {
  return masks.get(config) ?? DEFAULT_MASK;
}

/** @returns what is kept: the mask as a signed long */
export function setTraceMask(config: ServerConfig, mask: bigint): bigint {
  masks.set(config, BigInt.asIntN(64, mask));
  return traceMask(config);
}
