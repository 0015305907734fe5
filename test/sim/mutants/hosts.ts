/** Mutants: what the simulated host does with disks and links (zab.md 1.3, 7). */
import type { Mutant } from './mutant.js';

const DISK = 'test/sim/disk.js';

export const HOSTS: readonly Mutant[] = [
  {
    id: 'M18',
    what: 'a snapshot is written into the tree, not staged',
    // Staging is the business of the disk, so this breaks the simulated one.
    edits: [
      {
        file: DISK,
        find: 'this.#staged.rows.add(rowsOf(op.bytes));',
        replace: 'this.#staged.rows.add(rowsOf(op.bytes)); this.tree.rows.add(rowsOf(op.bytes));',
      },
    ],
    caughtBy: ['SM1', 'SM2'],
    seeds: 3000,
  },
  {
    id: 'M47',
    what: 'of two election links between the same servers the older one stays',
    // Links are the business of the network, so this breaks the simulated one.
    edits: [
      { file: 'test/sim/network.js', find: 'if (one.up && other.up)', replace: 'if (one.up || other.up)' },
    ],
    caughtBy: ['liveness'],
    seeds: 2000,
  },
  {
    id: 'M48',
    what: 'a write that the disk refused passes for written',
    // Disks are the business of the host, so this breaks the simulated one; so do those below.
    edits: [
      {
        file: DISK,
        find: 'return this.#fail();',
        replace: `{
                    const lost = this.#pending.splice(0, group);
                    const last = lost.filter(({ kind }) => kind === 'append').at(-1)?.records.at(-1);
                    if (last !== undefined) this.#answer({ kind: 'persisted', mark: markOf(last) });
                    for (const op of lost) this.#confirm(op);
                    return this.#pump();
                }`,
      },
    ],
    caughtBy: ['DUR1'],
    seeds: 500,
  },
  {
    id: 'M49',
    what: 'TRUNC on a full disk is passed over',
    // A disk has to be full at that very moment, so space runs out when a synchronisation is to be written.
    given: [
      {
        file: 'test/sim/faults.js',
        find: 'options.bias * (MOMENTS[kind] ?? 0)',
        replace: "(kind === 'synchronise' ? 0.3 : options.bias * (MOMENTS[kind] ?? 0))",
      },
      {
        file: 'test/sim/faults.js',
        find: 'switch (this.#random.int(10)) {',
        replace: `if (kind === 'synchronise') {
            server.disk.full = true;
            return this.#later(this.#lasting(), () => server.roomAgain());
        }
        switch (this.#random.int(10)) {`,
      },
    ],
    edits: [
      {
        file: DISK,
        find: 'if (this.full && !light)',
        replace:
          "if (this.full && !light && (first?.kind !== 'synchronise' || first.op.truncate === undefined))",
      },
      {
        file: DISK,
        find: 'if (op.truncate !== undefined)',
        replace: 'if (op.truncate !== undefined && !this.full)',
      },
    ],
    caughtBy: ['DUR6', 'Z2'],
    seeds: 4000,
  },
  {
    id: 'M58',
    what: 'what was acknowledged is not looked at when a log comes up shorter',
    edits: [
      { file: DISK, find: 'if (this.tail.index < this.acked.index)', replace: 'if (this.tail.index < 0)' },
    ],
    caughtBy: ['DUR3', 'E3', 'DUR4', 'liveness'],
    because: 'who leads without what was committed is seen when it leads, or when it cuts the logs of others',
    seeds: 5000,
  },
];
