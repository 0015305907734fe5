/**
 * Why this file exists: whatever one client does, the others must not notice, and the server must not grow. A
 * Bystander writes and pings all the time and says afterwards whether it was disturbed; a MemoryWatch says how far
 * heap and process grew meanwhile.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { Reader, readStat } from '../../src/codec/index.js';
import { Xid } from '../../src/types/index.js';
import { create, getData, ping, setData } from './frames.js';
import { Wire } from './wire.js';

const PATH = '/bystander';
const PAUSE_MS = 5;

export class Bystander implements AsyncDisposable {
  readonly #wire: Wire;
  #version = 0;
  #slowestMs = 0;
  #stopped = false;
  #running: Promise<void> = Promise.resolve();

  private constructor(wire: Wire) {
    this.#wire = wire;
  }

  static async start(port: number): Promise<Bystander> {
    const bystander = new Bystander(await Wire.connect(port, { timeOut: 30_000 }));
    await bystander.#wire.call(create(1, PATH, { data: '0' }));
    bystander.#running = bystander.#run();
    // Whoever waits for it gets the error; until then it is not unhandled.
    bystander.#running.catch(() => undefined);
    return bystander;
  }

  /** Expects that all went on as if nothing had happened, with no request slower than this. */
  async undisturbed(slowestMs = 2000): Promise<void> {
    const before = this.#version;
    const deadline = Date.now() + slowestMs;
    while (this.#version < before + 3) {
      await Promise.race([this.#running, new Promise((resolve) => setTimeout(resolve, PAUSE_MS))]);
      expect(Date.now(), 'the bystander makes no progress').to.be.at.most(deadline);
    }
    expect(this.#slowestMs, 'ms for the slowest request of the bystander').to.be.at.most(slowestMs);
    this.#slowestMs = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    // Whether all was well is what `undisturbed` tells.
    await this.#running.catch(() => undefined);
    await this.#wire[Symbol.asyncDispose]();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const startedAt = performance.timeOrigin + performance.now();
      this.#wire.send(setData(1, PATH, String(this.#version + 1), this.#version), getData(2, PATH), ping());
      const [written, read, pong] = await this.#wire.replies(3, 20_000);
      expect([written?.xid, read?.xid, pong?.xid]).to.deep.equal([1, 2, Xid.ping]);
      expect([written?.err, read?.err, pong?.err]).to.deep.equal([0, 0, 0]);
      this.#version++;
      expect(readStat(written?.body ?? new Reader()).version).to.equal(this.#version);
      expect(read?.body.buffer().toString()).to.equal(String(this.#version));
      this.#slowestMs = Math.max(this.#slowestMs, performance.timeOrigin + performance.now() - startedAt);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

const MIB = 1024 * 1024;

setFlagsFromString('--expose-gc');
const gc: unknown = runInNewContext('gc');

function isAction(value: unknown): value is () => void {
  return typeof value === 'function';
}

function collect(): void {
  if (isAction(gc)) gc();
}

export class MemoryWatch {
  readonly #heap: number;
  readonly #rss: number;
  #rssPeak: number;
  readonly #timer: NodeJS.Timeout;

  constructor() {
    collect();
    const { heapUsed, rss } = process.memoryUsage();
    this.#heap = heapUsed;
    this.#rss = this.#rssPeak = rss;
    this.#timer = setInterval(() => this.#look(), 10);
  }

  #look(): void {
    this.#rssPeak = Math.max(this.#rssPeak, process.memoryUsage.rss());
  }

  /** Expects that the process never grew by more than `peakMib`, and that no more than `leftMib` stay on the heap. */
  expectGrowth({ peakMib, leftMib }: { readonly peakMib: number; readonly leftMib: number }): void {
    clearInterval(this.#timer);
    this.#look();
    collect();
    const heap = process.memoryUsage().heapUsed;
    expect((this.#rssPeak - this.#rss) / MIB, 'MiB by which the process grew').to.be.at.most(peakMib);
    expect((heap - this.#heap) / MIB, 'MiB that stay on the heap').to.be.at.most(leftMib);
  }
}
