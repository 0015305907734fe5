/** Z1 to Z7: the properties of ZAB itself (zab.md 2.1). */
import type { LogMark } from '../../../src/zab/index.js';
import type { Agreed } from '../canon.js';
import { Checker, epochOfZxid, hex, type ServerView, type Traced } from './checker.js';

/** Each applied record was broadcast by some primary, once per server and position. */
export class Integrity extends Checker {
  readonly property = 'Z1';
  readonly #broadcast = new Set<bigint>();
  readonly #last = new Map<number, number>();

  override broadcast(_server: ServerView, { mark }: Traced<'broadcast'>): void {
    this.#broadcast.add(mark.chain);
  }

  override agreed(entry: Agreed): void {
    if (!this.#broadcast.has(entry.chain)) this.fail(`record ${entry.index} was broadcast by nobody`);
  }

  override booted({ id }: ServerView): void {
    this.#last.delete(id);
  }

  override installed({ id }: ServerView): void {
    this.#last.delete(id);
  }

  override applied({ id }: ServerView, mark: LogMark): void {
    const last = this.#last.get(id);
    if (last !== undefined && mark.index !== last + 1)
      this.fail(`server ${id} applies ${mark.index} behind ${last}`);
    this.#last.set(id, mark.index);
  }
}

/** All servers apply the same record at an index. */
export class TotalOrder extends Checker {
  readonly property = 'Z2';

  override applied({ id }: ServerView, mark: LogMark): void {
    const entry = this.world.canon.at(mark.index);
    if (entry !== undefined && (entry.chain !== mark.chain || entry.zxid !== mark.zxid))
      this.fail(`server ${id} applies ${hex(mark.zxid)} at ${mark.index}, others applied ${hex(entry.zxid)}`);
  }

  override committed({ id, disk }: ServerView, index: number): void {
    const entry = this.world.canon.at(index);
    const record = disk.volatileAt(index);
    if (entry !== undefined && record !== undefined && record.chain !== entry.chain)
      this.fail(`server ${id} commits ${hex(record.zxid)} at ${index}, agreed is ${hex(entry.zxid)}`);
  }
}

/** Nothing is applied behind a hole. */
export class Agreement extends Checker {
  readonly property = 'Z3';

  override applied({ id }: ServerView, mark: LogMark): void {
    const { length } = this.world.canon;
    if (mark.index > length) this.fail(`server ${id} applies ${mark.index}, agreed are ${length}`);
  }
}

/** Records of one epoch are agreed on in the order of their broadcast, without omission. */
export class LocalPrimaryOrder extends Checker {
  readonly property = 'Z4';

  override agreed(entry: Agreed): void {
    const before = this.world.canon.at(entry.index - 1);
    const epoch = epochOfZxid(entry.zxid);
    const expected =
      before !== undefined && epochOfZxid(before.zxid) === epoch
        ? before.zxid + 1n
        : (BigInt(epoch) << 32n) + BigInt(this.world.counterStart);
    if (entry.zxid !== expected)
      this.fail(`${hex(entry.zxid)} is agreed behind ${hex(before?.zxid)}, not ${hex(expected)}`);
  }
}

/** A lower epoch comes before a higher one. */
export class GlobalPrimaryOrder extends Checker {
  readonly property = 'Z5';

  override agreed(entry: Agreed): void {
    const before = this.world.canon.at(entry.index - 1);
    if (before !== undefined && before.zxid >= entry.zxid)
      this.fail(`${hex(entry.zxid)} is agreed behind ${hex(before.zxid)}`);
  }
}

/** A leader broadcasts only once it holds everything that was agreed in lower epochs, and then nothing joins those. */
export class PrimaryIntegrity extends Checker {
  readonly property = 'Z6';
  #highest = 0;
  /** Who broadcasts in the highest epoch, and in which of its epochs before without a break (a rollover). */
  #primary = 0;
  #since = 0;

  override broadcast(server: ServerView, { epoch }: Traced<'broadcast'>): void {
    if (epoch <= this.#highest) return;
    if (server.id !== this.#primary || epoch !== this.#highest + 1) this.#since = epoch;
    this.#primary = server.id;
    this.#highest = epoch;
    const { last } = this.world.canon;
    if (last === undefined || last.index < server.disk.logStart.index) return;
    const chain = server.disk.volatileAt(last.index)?.chain ?? server.disk.logStart.chain;
    if (chain !== last.chain)
      this.fail(`server ${server.id} broadcasts in epoch ${epoch} without record ${last.index}`);
  }

  override agreed(entry: Agreed): void {
    if (epochOfZxid(entry.zxid) < this.#since)
      this.fail(`${hex(entry.zxid)} is agreed after epoch ${this.#highest} began to broadcast`);
  }
}

/** One zxid, one content. */
export class Uniqueness extends Checker {
  readonly property = 'Z7';
  readonly #chains = new Map<bigint, bigint>();

  override broadcast(server: ServerView, { mark }: Traced<'broadcast'>): void {
    const chain = this.#chains.get(mark.zxid);
    if (chain !== undefined && chain !== mark.chain)
      this.fail(`server ${server.id} broadcasts ${hex(mark.zxid)} with another content`);
    this.#chains.set(mark.zxid, mark.chain);
  }
}
