/**
 * A loop without end in a parser would hang the fuzzer and say nothing. The input that is being parsed lies in memory
 * that a thread of its own can see: when it stays the same for too long, the thread says so and ends the process.
 */
import { writeSync } from 'node:fs';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { INPUT_BYTES_MAX } from './target.js';

const HANG_MS = 30_000;
/** Counter of inputs, and the length of the present one. */
const HEAD_WORDS = 2;

interface Shared {
  readonly target: string;
  readonly memory: SharedArrayBuffer;
}

export class Watchdog implements Disposable {
  readonly #head: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #worker: Worker;

  constructor(target: string) {
    const memory = new SharedArrayBuffer(4 * HEAD_WORDS + 4 * INPUT_BYTES_MAX);
    this.#head = new Int32Array(memory, 0, HEAD_WORDS);
    this.#bytes = new Uint8Array(memory, 4 * HEAD_WORDS);
    this.#worker = new Worker(new URL(import.meta.url), { workerData: { target, memory } satisfies Shared });
    this.#worker.unref();
  }

  /** `input` is parsed now. */
  begins(input: Buffer): void {
    this.#bytes.set(
      input.byteLength > this.#bytes.byteLength ? input.subarray(0, this.#bytes.byteLength) : input,
    );
    this.#head[1] = input.byteLength;
    Atomics.add(this.#head, 0, 1);
  }

  [Symbol.dispose](): void {
    void this.#worker.terminate();
  }
}

if (!isMainThread) watch(workerData as Shared);

function watch({ target, memory }: Shared): void {
  const head = new Int32Array(memory, 0, HEAD_WORDS);
  let seen = -1;
  setInterval(() => {
    const count = Atomics.load(head, 0);
    if (count !== seen) {
      seen = count;
      return;
    }
    const input = Buffer.from(new Uint8Array(memory, 4 * HEAD_WORDS, head[1]));
    // The thread that hangs is the one that other ways of writing, and of ending, go through.
    writeSync(2, `${target} hangs with ${input.toString('hex')}\n`);
    process.kill(process.pid, 'SIGKILL');
  }, HANG_MS);
}
