/** Who takes part, as the agreed history has it, and what logs hold in excess of it. */
import { OpCode } from '../../src/types/index.js';
import type { ServerId } from '../../src/zab/index.js';
import type { Agreed, Canon } from './canon.js';
import type { DiskView } from './checkers/index.js';
import { electorateOf, isMemberOf, isQuorum, lineOf, linesOf, type Electorate } from './electorate.js';
import { chainAfter, txnOf, typeOf, type SimRecord } from './records.js';

/** A disk, as far as it says which configuration its server goes by. */
interface LogAndTree {
  readonly records: readonly SimRecord[];
  readonly tail: { readonly index: number };
  readonly tree: { readonly rows: { readonly mark: { readonly index: number } } };
}

interface Era {
  /** Of the record that brought it. */
  readonly index: number;
  readonly electorate: Electorate;
}

export class Ensemble {
  readonly #canon: Canon;
  readonly #eras: Era[];

  constructor(canon: Canon, initial: Electorate) {
    this.#canon = canon;
    this.#eras = [{ index: 0, electorate: initial }];
  }

  /** The last one that is agreed on. */
  get latest(): Electorate {
    return this.#at(Infinity).electorate;
  }

  /** How often it changed. */
  get changes(): number {
    return this.#eras.length - 1;
  }

  /** Index of the record that brought the last one. */
  get latestIndex(): number {
    return this.#at(Infinity).index;
  }

  agreed({ index, txn }: Agreed): void {
    if (txn.type !== OpCode.reconfig) return;
    this.#eras.push({ index, electorate: electorateOf(txn.record.data?.toString() ?? '') });
  }

  /** The one that counts at this record. */
  activeAt(index: number): Electorate {
    return this.#at(index).electorate;
  }

  /** A commit of this record needs a quorum in each of these: one that brings a configuration, also in the one before. */
  governing(index: number): readonly Electorate[] {
    const era = this.#at(index);
    return era.index === index && index > 0
      ? [this.#at(index - 1).electorate, era.electorate]
      : [era.electorate];
  }

  /** Those that count for a server which has applied so much: that one, and what its log brings behind. */
  effective(disk: DiskView, applied: number): readonly Electorate[] {
    const found = [this.#at(applied).electorate];
    for (let index = applied + 1; ; index++) {
      const record = disk.volatileAt(index);
      if (record === undefined) return found;
      if (typeOf(record) === OpCode.reconfig) found.push(electorateIn(record));
    }
  }

  /**
   * The last one, the one before as long as somebody may not know that it is over, and those that any of these logs
   * holds and nobody agreed on so far.
   */
  possible(disks: readonly LogAndTree[]): readonly Electorate[] {
    const found = new Map<bigint, Electorate>([[0n, this.latest]]);
    const isKnown = disks.every(
      ({ tree, tail }) => tail.index === 0 || tree.rows.mark.index >= this.latestIndex,
    );
    if (!isKnown) found.set(1n, this.activeAt(this.latestIndex - 1));
    for (const { records } of disks)
      for (const record of records) {
        if (typeOf(record) !== OpCode.reconfig || this.#canon.at(record.index)?.chain === record.chain)
          continue;
        // What lies behind another record than the agreed one is bound to go.
        const before = this.#canon.at(record.index - 1)?.chain;
        if (before !== undefined && chainAfter(before, record) !== record.chain) continue;
        found.set(record.chain, electorateIn(record));
      }
    return [...found.values()];
  }

  /** Whether these are a quorum whichever of them counts. */
  isSafe(electorates: readonly Electorate[], ids: ReadonlySet<ServerId>): boolean {
    return electorates.every((electorate) => isQuorum(electorate, (id) => ids.has(id)));
  }

  /** What an operator writes into the configuration file of a server that is set up now. */
  fileFor(id: ServerId): string {
    const { latest } = this;
    const lines = linesOf(latest);
    if (!isMemberOf(latest, id)) lines.push(lineOf(id, 'observer'));
    return [...lines, 'version=0'].join('\n');
  }

  #at(index: number): Era {
    for (let i = this.#eras.length - 1; i > 0; i--) {
      const era = this.#eras[i];
      if (era !== undefined && era.index <= index) return era;
    }
    const [first] = this.#eras;
    if (first === undefined) throw new Error('An ensemble begins with a configuration.');
    return first;
  }
}

function electorateIn(record: SimRecord): Electorate {
  const { txn } = txnOf(record);
  return electorateOf(txn.type === OpCode.reconfig ? (txn.record.data?.toString() ?? '') : '');
}
