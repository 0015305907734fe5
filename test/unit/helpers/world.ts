/**
 * A tree with its outstanding state and nothing around it: prepares writes and applies them at once or later, with
 * rising zxids and a clock that goes ahead by one with each.
 */
import type { Stat, TxnHeader } from '../../../src/codec/index.js';
import {
  Outstanding,
  Tree,
  applyTxn,
  prepare,
  type Change,
  type Identity,
  type InternalRequest,
  type OpResult,
  type PrepareSettings,
} from '../../../src/tree/index.js';
import {
  ErrorCode,
  KeeperError,
  OpCode,
  errorName,
  makeZxid,
  sessionIdOf,
  zxidOf,
  type ErrorName,
  type Txn,
  type WriteRequest,
  type Zxid,
} from '../../../src/types/index.js';
import { Queue } from '../../../src/util/index.js';
import { acl } from './requests.js';

/** Who asks. */
export interface Who {
  readonly session?: bigint;
  readonly identities?: readonly Identity[];
}

/** What became of a write. */
export interface Outcome {
  readonly header: TxnHeader;
  readonly txn: Txn;
  /** Of a multi, the error of the operation that failed. */
  readonly error: ErrorName;
  readonly results: readonly OpResult[];
  readonly changes: readonly Change[];
}

export const defaultSettings: PrepareSettings = {
  acl: { skip: false, schemes: new Set(['digest', 'ip', 'sasl', 'x509']) },
  extendedTypesEnabled: true,
  enforceQuota: false,
  reconfigEnabled: false,
};

/** Passes every check. */
export const SUPER: Identity = { scheme: 'super', id: '' };

/** A wall clock that nobody mistakes for a zxid. */
const TIME_START = 1_600_000_000_000n;

export class World {
  readonly tree = new Tree();
  readonly outstanding = new Outstanding(this.tree);
  readonly settings: PrepareSettings;
  /** Quotas that writes exceeded, as the operator is told. */
  readonly exceeded: string[] = [];
  readonly #prepared = new Queue<{ header: TxnHeader; txn: Txn }>();
  #counter = 0;

  constructor(settings: Partial<PrepareSettings> = {}) {
    this.settings = { ...defaultSettings, ...settings };
  }

  /** Zxid of the last write that was prepared. */
  get zxid(): Zxid {
    return makeZxid(1, this.#counter);
  }

  /** Wall clock of the last write. */
  get time(): bigint {
    return TIME_START + BigInt(this.#counter);
  }

  /** Prepares a write, without applying it. */
  prepare(request: WriteRequest | InternalRequest, { session = 1n, identities = [] }: Who = {}): Txn {
    this.#counter++;
    this.outstanding.zxid = this.zxid;
    const context = {
      tree: this.tree,
      settings: this.settings,
      session: sessionIdOf(session),
      identities,
      onQuotaExceeded: (prefix: string, what: string) => void this.exceeded.push(`${prefix}: ${what}`),
    };
    let txn: Txn;
    try {
      txn = prepare(this.outstanding, request, context);
    } catch (error) {
      if (!(error instanceof KeeperError)) throw error;
      txn = { type: OpCode.error, record: { err: error.wireCode } };
    }
    const header = { clientId: session, cxid: 0, zxid: this.zxid, time: this.time, type: txn.type };
    this.#prepared.push({ header, txn });
    return txn;
  }

  /** Applies the oldest write that is only prepared. */
  applyNext(): Outcome | undefined {
    const next = this.#prepared.shift();
    return next === undefined ? undefined : this.apply(next.header, next.txn);
  }

  /** Applies a txn that was made elsewhere. */
  apply(header: TxnHeader, txn: Txn): Outcome {
    const changes: Change[] = [];
    const results: OpResult[] = [];
    applyTxn(this.tree, header, txn, changes, results);
    this.outstanding.applied(zxidOf(header.zxid));
    return { header, txn, error: errorOf(results), results, changes };
  }

  /** Prepares a write and applies everything up to it. */
  write(request: WriteRequest | InternalRequest, who: Who = {}): Outcome {
    this.prepare(request, who);
    let last = this.applyNext();
    for (let next = last; next !== undefined; next = this.applyNext()) last = next;
    if (last === undefined) throw new Error('Nothing was prepared.');
    return last;
  }

  /** Sets the stage, with the rights to do so: throws when a write fails. */
  given(...requests: WriteRequest[]): this {
    for (const request of requests) {
      const { error } = this.write(request, { identities: [SUPER] });
      if (error !== 'OK') throw new Error(`The stage cannot be set: ${error}.`);
    }
    return this;
  }

  stat(path: string): Stat {
    const node = this.tree.get(path);
    if (node === undefined) throw new Error(`There is no ${path}.`);
    return node.stat();
  }

  /** Names of the children, sorted. */
  children(path: string): string[] {
    return [...this.tree.childrenOf(path)].sort();
  }

  data(path: string): string | null | undefined {
    const node = this.tree.get(path);
    return node === undefined ? undefined : (node.data?.toString() ?? null);
  }
}

function errorOf(results: readonly OpResult[]): ErrorName {
  const err = results.find((result) => result.err !== 0)?.err ?? ErrorCode.OK;
  const name = errorName(err);
  if (name === undefined) throw new Error(`There is no error ${err}.`);
  return name;
}

// --- people --------------------------------------------------------------------------------------------------------

/** Somebody who authenticated with digest; `digestAcl` names the same person in a list. */
export function digestUser(name: string): Identity {
  return { scheme: 'digest', id: `${name}:hash` };
}

export function digestAcl(name: string, perms: string): ReturnType<typeof acl> {
  return acl('digest', `${name}:hash`, perms);
}
