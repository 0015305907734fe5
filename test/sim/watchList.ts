/** One-shot watches that a client has, to be set again on its next connection. */
import { OpCode, type Request } from '../../src/types/index.js';

export class WatchList {
  readonly #data = new Set<string>();
  readonly #exist = new Set<string>();
  readonly #child = new Set<string>();

  get isEmpty(): boolean {
    return this.#data.size + this.#exist.size + this.#child.size === 0;
  }

  /** A request was answered: it may have set a watch, or have taken the others along. */
  learn(request: Request, err: number): void {
    switch (request.type) {
      case OpCode.getData:
        if (request.record.watch && err === 0) this.#data.add(request.record.path);
        return;
      case OpCode.exists:
        if (request.record.watch) (err === 0 ? this.#data : this.#exist).add(request.record.path);
        return;
      case OpCode.getChildren2:
        if (request.record.watch && err === 0) this.#child.add(request.record.path);
        return;
      case OpCode.setWatches:
        for (const path of request.record.dataWatches) this.#data.add(path);
        for (const path of request.record.existWatches) this.#exist.add(path);
        for (const path of request.record.childWatches) this.#child.add(path);
        return;
      default:
        return;
    }
  }

  /** All that is known of a path may be used up; what is not is forgotten. */
  fired(path: string): void {
    for (const paths of [this.#data, this.#exist, this.#child]) paths.delete(path);
  }

  request(relativeZxid: bigint): Request {
    return {
      type: OpCode.setWatches,
      record: {
        relativeZxid,
        dataWatches: [...this.#data],
        existWatches: [...this.#exist],
        childWatches: [...this.#child],
      },
    };
  }
}
