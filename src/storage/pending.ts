/** Questions to a worker that wait for their answer. */

interface Waiting<T> {
  resolve(answer: T): void;
  reject(error: Error): void;
}

/** Each question has a token, which its answer carries. */
export class Pending<T> {
  readonly #waiting = new Map<number, Waiting<T>>();
  #token = 0;

  /** Questions without an answer. */
  get size(): number {
    return this.#waiting.size;
  }

  /** @param ask sends the question */
  add(ask: (token: number) => void): Promise<T> {
    const token = ++this.#token;
    return new Promise((resolve, reject) => {
      this.#waiting.set(token, { resolve, reject });
      ask(token);
    });
  }

  /** An answer that nobody waits for any more is dropped. */
  resolve(token: number, answer: T): void {
    this.#take(token)?.resolve(answer);
  }

  reject(token: number, error: Error): void {
    this.#take(token)?.reject(error);
  }

  rejectAll(error: Error): void {
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }

  #take(token: number): Waiting<T> | undefined {
    const waiting = this.#waiting.get(token);
    this.#waiting.delete(token);
    return waiting;
  }
}
