/**
 * A lock with fencing: in the order of zxids, the tokens that holders write to what it guards never go back. A token is
 * the holder's own znode under the lock, and each write checks in the same multi that it is still there.
 */
import { hex, tell, type Op, type Problem } from './history.js';
import { suffixOf } from './locker.js';

interface Held {
  readonly token: string;
  readonly zxid: bigint;
}

export class LockOrder {
  readonly #resource: string;
  #last: Held | undefined;

  /** @param resource what the lock guards */
  constructor(resource: string) {
    this.#resource = resource;
  }

  feed(ops: readonly Op[]): Problem[] {
    const held: (Held & { readonly op: Op })[] = [];
    for (const op of ops) {
      const token = this.#tokenOf(op);
      if (token !== undefined && op.answer !== undefined) held.push({ token, zxid: op.answer.zxid, op });
    }
    held.sort((a, b) => (a.zxid < b.zxid ? -1 : 1));
    const problems: Problem[] = [];
    for (const { token, zxid, op } of held) {
      const last = this.#last;
      if (last !== undefined && (suffixOf(token) < suffixOf(last.token) || zxid <= last.zxid))
        problems.push({
          rule: 'lock',
          what: `${tell(op)} with ${token}, after ${last.token} at ${hex(last.zxid)}`,
        });
      this.#last = { token, zxid };
    }
    return problems;
  }

  /** What was written to the resource, if it was. */
  #tokenOf({ call, answer }: Op): string | undefined {
    if (call.op !== 'multi' || answer?.err !== 0) return undefined;
    if (answer.results?.some(({ err }) => err !== 0) !== false) return undefined;
    const write = call.ops.find(({ op, path }) => op === 'set' && path === this.#resource);
    return write?.op === 'set' ? write.data : undefined;
  }
}
