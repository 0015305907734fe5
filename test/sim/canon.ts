/** The one history: what the ensemble has agreed on, filled by the first server that commits or applies an index. */
import type { TxnHeader } from '../../src/codec/index.js';
import type { Txn, Zxid } from '../../src/types/index.js';
import { txnOf, type SimRecord } from './records.js';

/** A record that is committed. */
export interface Agreed {
  readonly index: number;
  readonly zxid: Zxid;
  readonly chain: bigint;
  readonly header: TxnHeader;
  readonly txn: Txn;
  /** State after it, from the first server that applied it. */
  digest: bigint | undefined;
}

export class Canon {
  readonly #entries: Agreed[] = [];
  readonly #byZxid = new Map<Zxid, Agreed>();

  /** Index of the last committed record. */
  get length(): number {
    return this.#entries.length;
  }

  get last(): Agreed | undefined {
    return this.#entries.at(-1);
  }

  at(index: number): Agreed | undefined {
    return this.#entries[index - 1];
  }

  /** The last record of this epoch or of one before. */
  lastUpTo(epoch: number): Agreed | undefined {
    return this.#entries.findLast(({ zxid }) => zxid >> 32n <= epoch);
  }

  byZxid(zxid: bigint): Agreed | undefined {
    return this.#byZxid.get(zxid as Zxid);
  }

  *[Symbol.iterator](): IterableIterator<Agreed> {
    yield* this.#entries;
  }

  /** Appends a record, which is the next one. */
  append(record: SimRecord): Agreed {
    const { header, txn } = txnOf(record);
    const { zxid, chain } = record;
    const entry: Agreed = { index: this.length + 1, zxid, chain, header, txn, digest: undefined };
    this.#entries.push(entry);
    this.#byZxid.set(zxid, entry);
    return entry;
  }
}
