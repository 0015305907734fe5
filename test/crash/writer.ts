/**
 * A client that writes as fast as it is answered and remembers every acknowledgement, so that after a crash each of
 * them can be held against what the server still has.
 */
import { expect } from 'chai';
import { connect, type Stat, type ZooKeeper } from '../../src/client/index.js';

/** Requests outstanding at a time: enough that a crash always finds many in every stage. */
const WINDOW = 64;
const TIMEOUT_MS = 1500;

interface Acknowledged {
  readonly path: string;
  readonly stat: Stat;
}

/** One writer with a subtree of its own, for one round. */
export class Writer {
  readonly #zk: ZooKeeper;
  readonly #root: string;
  readonly #created: Acknowledged[] = [];
  readonly #sequential: Acknowledged[] = [];
  readonly #ephemerals: Acknowledged[] = [];
  readonly #multis: Acknowledged[] = [];
  /** Created, and then deleted again. */
  readonly #deleted: string[] = [];
  #counter: Stat | undefined;
  /** Versions asked for; those behind the last acknowledged one may or may not have happened. */
  #counterAsked = 0;
  #issued = 0;
  #zxids: bigint[] = [];
  #stopped = false;
  readonly #done: Promise<unknown>;

  private constructor(zk: ZooKeeper, root: string) {
    this.#zk = zk;
    this.#root = root;
    this.#done = Promise.all(Array.from({ length: WINDOW }, () => this.#lane()));
  }

  static async start(servers: string, root: string): Promise<Writer> {
    const zk = await connect({ servers, sessionTimeoutMs: TIMEOUT_MS });
    await zk.create(root);
    await zk.create(`${root}/counter`, '0');
    return new Writer(zk, root);
  }

  get acknowledged(): number {
    const { length } = this.#created;
    const others = this.#sequential.length + this.#ephemerals.length + this.#multis.length;
    return length + others + this.#deleted.length + (this.#counter?.version ?? 0);
  }

  /** Highest zxid that was acknowledged. */
  get lastZxid(): bigint {
    return this.#zxids.reduce((a, b) => (b > a ? b : a), 0n);
  }

  get sessionId(): bigint {
    return this.#zk.sessionId;
  }

  /** The server is gone: what is not answered by now never will be. The session is left behind. */
  async abandon(): Promise<void> {
    this.#stopped = true;
    await this.#zk.close({ keepSession: true });
    await this.#done;
  }

  /** Keeps one request under way until the connection breaks. */
  async #lane(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#one(this.#issued++);
      } catch {
        // Connection loss: the outcome of this one is unknown, and so is that of all after it.
        return;
      }
    }
  }

  async #one(n: number): Promise<void> {
    const zk = this.#zk;
    switch (n % 6) {
      case 0: {
        const { path, stat } = await zk.createWithStat(`${this.#root}/n-${n}`, `data ${n}`);
        this.#note(this.#created, path, stat);
        return;
      }
      case 1: {
        const version = this.#counterAsked++;
        const stat = await zk.setData(`${this.#root}/counter`, String(version + 1), { version });
        this.#zxids.push(stat.mzxid);
        if (this.#counter === undefined || stat.version > this.#counter.version) this.#counter = stat;
        return;
      }
      case 2: {
        const { path, stat } = await zk.createWithStat(`${this.#root}/s-`, null, { sequential: true });
        this.#note(this.#sequential, path, stat);
        return;
      }
      case 3: {
        const path = `${this.#root}/m-${n}`;
        const data = 'x'.repeat(n % 300);
        const [first] = await zk.multi([
          { type: 'create', path: `${path}-a`, data },
          { type: 'create', path: `${path}-b`, data },
          { type: 'delete', path: `${path}-a` },
          { type: 'create', path: `${path}-a`, data: 'again' },
        ]);
        if (first.stat !== undefined) this.#note(this.#multis, path, first.stat);
        return;
      }
      case 4: {
        const { path, stat } = await zk.createWithStat(`${this.#root}/e-${n}`, null, { ephemeral: true });
        this.#note(this.#ephemerals, path, stat);
        return;
      }
      default: {
        const path = `${this.#root}/d-${n}`;
        await Promise.all([zk.create(path, 'soon gone'), zk.delete(path)]);
        this.#deleted.push(path);
        return;
      }
    }
  }

  #note(list: Acknowledged[], path: string, stat: Stat): void {
    list.push({ path, stat });
    this.#zxids.push(stat.czxid);
  }

  /** Everything acknowledged is there, as acknowledged; nothing is there by half. */
  async verify(zk: ZooKeeper): Promise<void> {
    const stats = await Promise.all(this.#created.map(({ path }) => zk.getData(path)));
    for (const [i, { path, stat }] of this.#created.entries()) {
      expect(stats[i]?.stat, path).to.deep.equal(stat);
      expect(stats[i]?.data?.toString(), path).to.equal(`data ${path.slice(path.lastIndexOf('-') + 1)}`);
    }
    const sequential = await Promise.all(this.#sequential.map(({ path }) => zk.exists(path)));
    for (const [i, { path, stat }] of this.#sequential.entries()) {
      expect(sequential[i], path).to.deep.equal(stat);
    }
    await this.#verifySequence(zk);
    const deleted = await Promise.all(this.#deleted.map((path) => zk.exists(path)));
    for (const [i, path] of this.#deleted.entries()) expect(deleted[i], path).to.equal(null);
    await this.#verifyCounter(zk);
    await this.#verifyMultis(zk);
    this.#verifyOrder();
  }

  /** No number that was given away is given again, also not by the server that came up after the crash. */
  async #verifySequence(zk: ZooKeeper): Promise<void> {
    const numberOf = (path: string): number => Number(path.slice(-10));
    const numbers = this.#sequential.map(({ path }) => numberOf(path));
    expect(new Set(numbers).size, 'a sequence number was given twice').to.equal(numbers.length);
    const next = numberOf(await zk.create(`${this.#root}/s-`, null, { sequential: true }));
    expect(next, 'the next sequence number').to.be.greaterThan(Math.max(-1, ...numbers));
  }

  async #verifyCounter(zk: ZooKeeper): Promise<void> {
    const { data, stat } = await zk.getData(`${this.#root}/counter`);
    const acknowledged = this.#counter?.version ?? 0;
    expect(stat.version, 'version').to.be.within(acknowledged, this.#counterAsked);
    expect(data?.toString(), 'the data is that of the version').to.equal(String(stat.version));
    if (this.#counter !== undefined && stat.version === acknowledged) {
      expect(stat).to.deep.equal(this.#counter);
    }
  }

  async #verifyMultis(zk: ZooKeeper): Promise<void> {
    const { children } = await zk.getChildren(this.#root);
    const present = new Set(children);
    for (const name of children) {
      if (!name.startsWith('m-')) continue;
      const other = name.endsWith('-a') ? name.replace(/-a$/, '-b') : name.replace(/-b$/, '-a');
      expect(present.has(other), `${name} without ${other}: half a multi`).to.equal(true);
    }
    for (const { path, stat } of this.#multis) {
      const [a, b] = await Promise.all([zk.getData(`${path}-a`), zk.exists(`${path}-b`)]);
      expect(a.stat.czxid, `${path}-a`).to.equal(stat.czxid);
      expect(a.data?.toString(), `${path}-a`).to.equal('again');
      expect(b?.czxid, `${path}-b`).to.equal(stat.czxid);
      expect([a.stat.ctime, b?.ctime], 'one time for all').to.deep.equal([stat.ctime, stat.ctime]);
    }
  }

  /** Each list was acknowledged in the order in which it was asked for: zxids rise. */
  #verifyOrder(): void {
    for (const list of [this.#created, this.#sequential, this.#ephemerals]) {
      for (let i = 1; i < list.length; i++) {
        const [before, after] = [list[i - 1], list[i]];
        if (before === undefined || after === undefined) continue;
        expect(after.stat.czxid > before.stat.czxid, `${after.path} after ${before.path}`).to.equal(true);
      }
    }
  }

  /** The session is dead: what it owned must go. @returns the paths that are still there */
  async remainingEphemerals(zk: ZooKeeper): Promise<string[]> {
    const { children } = await zk.getChildren(this.#root);
    return children.filter((name) => name.startsWith('e-'));
  }
}
