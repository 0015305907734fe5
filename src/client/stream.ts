/** Events as async iteration, with a bound on what may wait to be read. */
import { Queue } from '../util/index.js';
import { StreamOverflowError } from './errors.js';

/**
 * Events one after the other. It has one reader; a loop over it that ends, in whatever way, closes it. When more
 * events wait than its bound allows, those that wait are handed out and then it throws a StreamOverflowError: none
 * is lost in silence.
 */
export interface EventStream<T> extends AsyncIterableIterator<T, undefined>, AsyncDisposable {
  /** Settles when the source is in place: for watches, when the server has answered. Need not be awaited. */
  readonly ready: Promise<void>;
  next(): Promise<IteratorResult<T, undefined>>;
  /** Ends it, and settles when the server has forgotten it. */
  return(): Promise<IteratorResult<T, undefined>>;
  [Symbol.asyncIterator](): EventStream<T>;
}

/** Events that may wait to be read, unless an option says otherwise. */
export const STREAM_BUFFER_MAX = 10_000;

interface Taker<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(error: Error): void;
}

/** The writing end of an EventStream. */
export class EventBuffer<T> implements EventStream<T> {
  ready: Promise<void> = Promise.resolve();

  readonly #bufferMax: number;
  readonly #onEnd: () => Promise<void> | void;
  readonly #events = new Queue<T>();
  readonly #takers = new Queue<Taker<T>>();
  #ended = false;
  #error: Error | undefined;

  /** @param onEnd called once, when it ends from either side */
  constructor(bufferMax: number, onEnd: () => Promise<void> | void) {
    this.#bufferMax = bufferMax;
    this.#onEnd = onEnd;
  }

  push(event: T): void {
    if (this.#ended) return;
    const taker = this.#takers.shift();
    if (taker !== undefined) taker.resolve({ value: event, done: false });
    else if (this.#events.length < this.#bufferMax) this.#events.push(event);
    else this.end(new StreamOverflowError(this.#bufferMax));
  }

  /** No more events; what waits can still be read, then comes the error, once, or the end. */
  end(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    for (let taker = this.#takers.shift(); taker !== undefined; taker = this.#takers.shift()) {
      if (this.#error === undefined) taker.resolve({ value: undefined, done: true });
      else taker.reject(this.#takeError(this.#error));
    }
    void this.#onEnd();
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const event = this.#events.shift();
    if (event !== undefined) return Promise.resolve({ value: event, done: false });
    if (this.#error !== undefined) return Promise.reject(this.#takeError(this.#error));
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve, reject) => this.#takers.push({ resolve, reject }));
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#events.clear();
    this.#error = undefined;
    if (!this.#ended) {
      this.#ended = true;
      for (let taker = this.#takers.shift(); taker !== undefined; taker = this.#takers.shift()) {
        taker.resolve({ value: undefined, done: true });
      }
      await this.#onEnd();
    }
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): EventStream<T> {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #takeError(error: Error): Error {
    this.#error = undefined;
    return error;
  }
}

/** Ends a stream, without an error, when the signal is aborted. */
export function endBySignal<T>(buffer: EventBuffer<T>, signal: AbortSignal | undefined): void {
  if (signal === undefined) return;
  if (signal.aborted) buffer.end();
  else signal.addEventListener('abort', () => buffer.end(), { once: true });
}
