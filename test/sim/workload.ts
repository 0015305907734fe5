/** What clients ask for: few paths, so that they meet, and values that nobody else writes. */
import { AddWatchMode, OPEN_ACL, OpCode, type MultiOp, type Request } from '../../src/types/index.js';
import {
  addWatch,
  check,
  closeSession,
  create,
  create2,
  del,
  exists,
  getChildren,
  getData,
  multi,
  setData,
  sync,
  type Mode,
} from '../unit/helpers/requests.js';
import { ANYBODY, type Load } from './load.js';
import type { SimRandom } from './random.js';

/** How often each is asked for. */
const MIX = {
  create: 14,
  ephemeral: 8,
  sequential: 8,
  ephemeralSequential: 4,
  setData: 16,
  cas: 12,
  delete: 12,
  deleteChild: 10,
  multi: 8,
  getData: 10,
  exists: 5,
  children: 8,
  syncRead: 8,
  close: 0.7,
} as const;

/** Somebody who mostly looks: a deposed leader has nothing under way that would hold such a client back. */
const READER = {
  ...MIX,
  create: 1,
  ephemeral: 0,
  sequential: 0,
  ephemeralSequential: 0,
  setData: 1,
  cas: 0,
  delete: 0,
  deleteChild: 0,
  multi: 0,
  syncRead: 80,
  close: 0.1,
} as const;

export class Workload implements Load {
  readonly identities = ANYBODY;
  readonly #random: SimRandom;
  readonly #paths: readonly string[];
  readonly #name: string;
  readonly #versions = new Map<string, number>();
  readonly #children = new Map<string, readonly string[]>();
  readonly #mix: Readonly<Record<keyof typeof MIX, number>>;
  #values = 0;

  /** @param paths number of znodes at the top */
  constructor(random: SimRandom, name: string, paths: number) {
    this.#random = random;
    this.#name = name;
    this.#mix = random.chance(0.3) ? READER : MIX;
    this.#paths = Array.from({ length: paths }, (_, i) => `/k${i}`);
  }

  /** One request, or a sync and the read behind it. */
  next(watches: boolean): Request[] {
    const random = this.#random;
    const path = this.#anyPath();
    const watch = watches && random.chance(0.3);
    switch (random.weighted(this.#mix)) {
      case 'create':
        return [this.#create(path, 'persistent')];
      case 'ephemeral':
        return [this.#create(`${this.#top()}/e${random.int(3)}`, 'ephemeral')];
      case 'sequential':
        return [this.#create(`${this.#top()}/s`, 'persistentSequential')];
      case 'ephemeralSequential':
        return [this.#create(`${this.#top()}/t`, 'ephemeralSequential')];
      case 'setData':
        return [setData(path, this.#value())];
      case 'cas':
        return [setData(path, this.#value(), this.#versionOf(path))];
      case 'delete':
        return [del(path)];
      case 'deleteChild':
        return [del(this.#child())];
      case 'multi':
        return [multi(...Array.from({ length: random.between(1, 4) }, () => this.#multiOp()))];
      case 'getData':
        return [getData(path, watch)];
      case 'exists':
        return [exists(path, watch)];
      case 'children':
        return [getChildren(random.chance(0.2) ? '/' : this.#top(), watch)];
      case 'syncRead':
        return [sync('/'), random.chance(0.7) ? getData(path) : getChildren(this.#top())];
      case 'close':
        return [closeSession];
    }
  }

  /** What an answer taught about a path. */
  learn(path: string, version: number | undefined, children: readonly string[] | undefined): void {
    if (version !== undefined) this.#versions.set(path, version);
    if (children !== undefined) this.#children.set(path, children);
  }

  #create(path: string, mode: Mode): MultiOp {
    const options = { data: this.#value(), mode, acl: OPEN_ACL };
    return this.#random.chance(0.5) ? create(path, options) : create2(path, options);
  }

  #multiOp(): MultiOp {
    const path = this.#anyPath();
    switch (this.#random.int(5)) {
      case 0:
        return this.#create(path, 'persistent');
      case 1:
        return del(this.#child());
      case 2:
        return check(path, this.#random.chance(0.6) ? -1 : this.#versionOf(path));
      case 3:
        return this.#create(`${this.#top()}/s`, 'persistentSequential');
      default:
        return setData(path, this.#value());
    }
  }

  #top(): string {
    return this.#random.pick(this.#paths);
  }

  #anyPath(): string {
    return this.#random.chance(0.7) ? this.#top() : `${this.#top()}/c${this.#random.int(2)}`;
  }

  #child(): string {
    const top = this.#top();
    const known = this.#children.get(top) ?? [];
    return known.length === 0 ? `${top}/c0` : `${top}/${this.#random.pick(known)}`;
  }

  #versionOf(path: string): number {
    return this.#versions.get(path) ?? this.#random.int(3);
  }

  /** Nobody writes the same twice. */
  #value(): string {
    const value = `${this.#name}.${this.#values++}`;
    return this.#random.chance(0.1) ? value.padEnd(this.#random.between(20, 300), '.') : value;
  }
}

/** Watches everything, for ever. */
export const WATCH_ALL: Request = addWatch('/', AddWatchMode.persistentRecursive);

/** The path a request reads or writes. */
export function pathOf(request: Request): string | undefined {
  if (
    request.type === OpCode.getData ||
    request.type === OpCode.getChildren2 ||
    request.type === OpCode.exists
  )
    return request.record.path;
  if (request.type === OpCode.setData) return request.record.path ?? undefined;
  return undefined;
}
