/** One request from the call that makes it to the reply that settles it. */
import type { Reader, Writer } from '../codec/index.js';
import { ErrorCode, KeeperError } from '../types/index.js';
import { AbortGroup } from './abort.js';
import type { Chroot } from './chroot.js';
import { abortReason, replyError } from './errors.js';
import type { OneShotRegistration } from './watches.js';

/** How the arguments of an operation become a request and its reply a result. */
export interface Operation<A, T> {
  /** Op code. */
  readonly type: number;
  readonly write: (w: Writer, args: A) => void;
  readonly read: (r: Reader, chroot: Chroot) => T;
  /** The result when the znode is missing, for operations where that is no failure. */
  readonly absent?: { readonly value: T };
}

/** What a connection needs to know of a request, whatever its types. */
export interface Pending {
  /** The xid under which it was sent. */
  xid: number;
  readonly type: number;
  readonly path: string | undefined;
  /** True once the caller has an answer, be it by abort: then it need not be sent. */
  readonly settled: boolean;
  /** When it began to wait for a connection, ms of a monotonic clock. */
  waitingSinceMs: number;
  write(w: Writer): void;
  /** Settles it by a reply; `r` stands behind the header. */
  reply(err: number, r: Reader, chroot: Chroot): void;
  fail(error: Error): void;
}

/**
 * A request and the promise that its caller holds: no other promise and no timer belongs to it. An aborted one
 * keeps its place in the queue, so that its late reply still meets it.
 */
export class Request<A, T> implements Pending {
  readonly promise: Promise<T>;
  readonly path: string | undefined;
  xid = 0;
  waitingSinceMs = 0;
  /** Takes effect when the reply arrives. */
  watch: OneShotRegistration | undefined = undefined;

  readonly #operation: Operation<A, T>;
  readonly #args: A;
  #resolve: ((value: T) => void) | undefined;
  #reject: ((error: Error) => void) | undefined;
  #abortGroup: AbortGroup | undefined;

  /** @param path the caller's name of the znode, for errors */
  constructor(operation: Operation<A, T>, args: A, path: string | undefined) {
    this.#operation = operation;
    this.#args = args;
    this.path = path;
    this.promise = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get type(): number {
    return this.#operation.type;
  }

  get settled(): boolean {
    return this.#reject === undefined;
  }

  /** Rejects with the signal's reason as soon as it is aborted. */
  abortBy(signal: AbortSignal): void {
    if (signal.aborted) {
      this.fail(abortReason(signal));
      return;
    }
    this.#abortGroup = AbortGroup.join(signal, this);
  }

  write(w: Writer): void {
    this.#operation.write(w, this.#args);
  }

  reply(err: number, r: Reader, chroot: Chroot): void {
    if (this.#resolve === undefined) return;
    if (err !== ErrorCode.OK) {
      const { absent } = this.#operation;
      if (err === ErrorCode.NONODE && absent !== undefined) {
        this.watch?.activate(false);
        this.#succeed(absent.value);
      } else {
        this.fail(replyError(err, this.path));
      }
      return;
    }
    let value: T;
    try {
      value = this.#operation.read(r, chroot);
    } catch (error) {
      this.fail(error instanceof KeeperError ? error : malformed(this.path, error));
      return;
    }
    this.watch?.activate(true);
    this.#succeed(value);
  }

  fail(error: Error): void {
    const reject = this.#reject;
    if (reject === undefined) return;
    this.#release();
    reject(error);
  }

  #succeed(value: T): void {
    const resolve = this.#resolve;
    if (resolve === undefined) return;
    this.#release();
    resolve(value);
  }

  #release(): void {
    this.#resolve = undefined;
    this.#reject = undefined;
    this.#abortGroup?.leave(this);
  }
}

function malformed(path: string | undefined, cause: unknown): KeeperError {
  const error = new KeeperError('MARSHALLINGERROR', path, `the reply cannot be read`);
  error.cause = cause;
  return error;
}
