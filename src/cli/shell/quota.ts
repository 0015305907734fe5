/**
 * Why this file exists: quotas are znodes below /zookeeper/quota whose data is a little language; the commands about
 * quotas read and write it here.
 */
import { KeeperError, type ZooKeeper } from '../../client/index.js';
import type { Json } from './command.js';
import { ShellError } from './errors.js';
import { checkPath } from './path.js';
import { walk } from './tree.js';

/** The root of all quotas. */
export const QUOTA_ROOT = '/zookeeper/quota';
const LIMITS = 'zookeeper_limits';
const STATS = 'zookeeper_stats';

/** The limits that there are: option of the commands, key in the data. The first two are soft, the others are hard. */
export const QUOTA_KEYS = [
  ['n', 'count'],
  ['b', 'bytes'],
  ['N', 'countHardLimit'],
  ['B', 'byteHardLimit'],
] as const;

export type QuotaKey = (typeof QUOTA_KEYS)[number][1];

/** Where the limits of a path are kept. */
export function limitsPath(path: string): string {
  return `${QUOTA_ROOT}${path}/${LIMITS}`;
}

/** Where the server keeps the sums of a path. */
export function statsPath(path: string): string {
  return `${QUOTA_ROOT}${path}/${STATS}`;
}

/**
 * Whether a path can have a quota, as this client sees it. Quotas are set on paths of the whole tree, which a client with
 * a chroot does not see.
 */
export function checkQuotaPath(zk: ZooKeeper, path: string): void {
  if (zk.chroot !== '') {
    throw new ShellError(
      'BADARGUMENTS',
      `Quotas are kept above the chroot ${zk.chroot}; connect without it and name ${zk.chroot}${path}`,
      { path },
    );
  }
  if (path === '/') {
    throw new ShellError('BADARGUMENTS', 'A quota on / is not possible; set it on what is below', { path });
  }
  checkPath(limitsPath(path));
}

/** Limits or sums as the data of a znode has them: `count=5,bytes=-1=;byteHardLimit=10;countHardLimit=-1`. */
export class QuotaData {
  readonly #values = new Map<string, bigint>();

  constructor(data: Buffer | null = null) {
    for (const pair of (data?.toString('utf8') ?? '').split(/[,;]/)) {
      const [key = '', value = ''] = pair.split('=');
      if (key !== '' && /^-?\d+$/.test(value)) this.#values.set(key, BigInt(value));
    }
  }

  /** -1 for none. */
  get(key: QuotaKey): bigint {
    return this.#values.get(key) ?? -1n;
  }

  set(key: QuotaKey, value: bigint): void {
    this.#values.set(key, value);
  }

  /** The form that servers and clients of all ages read: what came later stands behind `=;`. */
  toString(): string {
    const later = [...this.#values.keys()].filter((key) => key !== 'count' && key !== 'bytes').sort();
    const more = later.map((key) => `;${key}=${this.#values.get(key) ?? -1n}`).join('');
    return `count=${this.get('count')},bytes=${this.get('bytes')}${more === '' ? '' : `=${more}`}`;
  }

  toJson(): Json {
    return Object.fromEntries([...this.#values].map(([key, value]) => [key, Number(value)]));
  }
}

/** The limits of a path and the sums held against them; undefined when it has no quota. */
export async function readQuota(
  zk: ZooKeeper,
  path: string,
): Promise<{ limits: QuotaData; sums: QuotaData } | undefined> {
  try {
    const [limits, sums] = await Promise.all([zk.getData(limitsPath(path)), zk.getData(statsPath(path))]);
    return { limits: new QuotaData(limits.data), sums: new QuotaData(sums.data) };
  } catch (error) {
    if (error instanceof KeeperError && error.code === 'NONODE') return undefined;
    throw error;
  }
}

/**
 * Sets limits, leaving others as they are.
 * @returns the limits that are and the sums
 * @throws ShellError when the path is missing, or an ancestor or a descendant has a quota
 */
export async function writeQuota(
  zk: ZooKeeper,
  path: string,
  wanted: ReadonlyMap<QuotaKey, bigint>,
): Promise<{ limits: QuotaData; sums: QuotaData }> {
  if ((await zk.exists(path)) === null) {
    throw new ShellError('NONODE', `${path} does not exist.`, { path });
  }
  await refuseQuotaBelow(zk, path);
  await refuseQuotaAbove(zk, path);
  const present = await readQuota(zk, path);
  const limits = present?.limits ?? emptyLimits();
  for (const [key, value] of wanted) limits.set(key, value);
  if (present !== undefined) {
    await zk.setData(limitsPath(path), limits.toString());
    return { limits, sums: present.sums };
  }
  await createParents(zk, path);
  await zk.create(limitsPath(path), limits.toString());
  await zk.create(statsPath(path), 'count=0,bytes=0');
  const made = await readQuota(zk, path);
  return { limits, sums: made?.sums ?? new QuotaData() };
}

function emptyLimits(): QuotaData {
  const limits = new QuotaData();
  for (const [, key] of QUOTA_KEYS) limits.set(key, -1n);
  return limits;
}

async function createParents(zk: ZooKeeper, path: string): Promise<void> {
  let at = QUOTA_ROOT;
  for (const name of path.split('/').slice(1)) {
    at = `${at}/${name}`;
    try {
      await zk.create(at);
    } catch (error) {
      if (!(error instanceof KeeperError) || error.code !== 'NODEEXISTS') throw error;
    }
  }
}

async function refuseQuotaBelow(zk: ZooKeeper, path: string): Promise<void> {
  try {
    for await (const at of walk(zk, QUOTA_ROOT + path)) {
      if (!at.endsWith(`/${LIMITS}`) || at === limitsPath(path)) continue;
      const child = at.slice(QUOTA_ROOT.length, -LIMITS.length - 1);
      throw new ShellError('QUOTAEXISTS', `${path} has a child ${child} which has a quota`, { path });
    }
  } catch (error) {
    if (!(error instanceof KeeperError) || error.code !== 'NONODE') throw error;
  }
}

async function refuseQuotaAbove(zk: ZooKeeper, path: string): Promise<void> {
  const names = path.split('/').slice(1, -1);
  for (let count = 1; count <= names.length; count++) {
    const parent = `/${names.slice(0, count).join('/')}`;
    if ((await zk.exists(limitsPath(parent))) === null) continue;
    throw new ShellError('QUOTAEXISTS', `${path} has a parent ${parent} which has a quota`, { path });
  }
}

/** Takes some limits away, leaving the quota; false when there is no quota. */
export async function clearLimits(zk: ZooKeeper, path: string, keys: readonly QuotaKey[]): Promise<boolean> {
  const present = await readQuota(zk, path);
  if (present === undefined) return false;
  for (const key of keys) present.limits.set(key, -1n);
  await zk.setData(limitsPath(path), present.limits.toString());
  return true;
}

/** Takes the quota away, and the znodes above it that serve no other; false when there is none. */
export async function deleteQuota(zk: ZooKeeper, path: string): Promise<boolean> {
  if ((await zk.exists(limitsPath(path))) === null) return false;
  for (const at of [limitsPath(path), statsPath(path)]) {
    try {
      await zk.delete(at);
    } catch (error) {
      if (!(error instanceof KeeperError) || error.code !== 'NONODE') throw error;
    }
  }
  let at = QUOTA_ROOT + path;
  while (at !== QUOTA_ROOT) {
    const { children } = await zk.getChildren(at);
    if (children.length > 0) break;
    await zk.delete(at);
    at = at.slice(0, at.lastIndexOf('/'));
  }
  return true;
}
