/** Mutants: what clients are answered, and in which order (zab.md 2.4). */
import type { Mutant } from './mutant.js';

const LEADER = 'src/zab/leader.js';
const PROPOSER = 'src/engine/proposer.js';

export const CLIENTS: readonly Mutant[] = [
  {
    id: 'M33',
    what: 'a sync is answered without asking a quorum',
    edits: [
      {
        file: LEADER,
        find: 'if (this.#isAlone)\n            return this.#context.state.confirmed(token, index);',
        replace: 'return this.#context.state.confirmed(token, index);',
      },
    ],
    caughtBy: ['C3'],
    seeds: 4000,
  },
  {
    id: 'M35',
    what: 'a write that fails its checks is answered at once',
    edits: [
      {
        file: PROPOSER,
        find: 'const txn = this.#prepare(session, request, origin);',
        replace: `const txn = this.#prepare(session, request, origin);
        if (txn.type === OpCode.error && origin.early?.(txn.record.err)) return;`,
      },
      {
        file: 'src/engine/requests.js',
        find: `asker: undefined,
            localSession: local,`,
        replace: `asker: undefined,
            localSession: local,
            early: (err) => {
                const connection = this.#own.clients.get(id);
                if (connection?.waiting.length !== 1) return false;
                connection.waiting.shift();
                this.#own.clients.reply(id, cxid, this.#own.state.lastZxid, err, undefined);
                return true;
            },`,
      },
    ],
    caughtBy: ['C1', 'C9'],
    because: 'a failed write is a record here: an answer without one has no place in the order',
    seeds: 500,
  },
  {
    id: 'M36',
    what: 'a client is taken that has seen a later zxid',
    edits: [
      {
        file: 'src/engine/handshake.js',
        find: `if (input.lastZxidSeen > this.#own.state.lastZxid)
            return this.#own.clients.close(id, 'client has seen a later zxid');
        const timeOut`,
        replace: 'const timeOut',
      },
    ],
    caughtBy: ['C2'],
    seeds: 1000,
  },
  {
    id: 'M37',
    what: 'a reply leaves before the events of its record',
    edits: [
      {
        file: 'src/engine/applier.js',
        find: `for (const change of changes)
            this.#own.clients.trigger(change, mark.zxid);
        const session`,
        replace: 'const session',
      },
      {
        file: 'src/engine/applier.js',
        find: `if (txn.type === OpCode.closeSession) {
            const owner`,
        replace: `for (const change of changes)
            this.#own.clients.trigger(change, mark.zxid);
        if (txn.type === OpCode.closeSession) {
            const owner`,
      },
    ],
    caughtBy: ['C4'],
    seeds: 200,
  },
  {
    id: 'M38',
    what: 'the suffix of a sequential znode is counted in the memory of the leader',
    edits: [
      {
        file: PROPOSER,
        find: 'settings: this.#settings.prepare,',
        replace: `settings: this.#settings.prepare,
            counts: (this.#outstanding.counts ??= new Map()),`,
      },
      {
        file: 'src/tree/prepare/create.js',
        find: 'asked + sequenceSuffix(parent.childCreates) : asked;',
        replace: 'asked + sequenceSuffix(context.counts.get(parentPath) ?? 0) : asked;',
      },
      {
        file: 'src/tree/prepare/create.js',
        find: 'view.set(path, facts, undefined);',
        replace: `view.set(path, facts, undefined);
    context.counts.set(parentPath, (context.counts.get(parentPath) ?? 0) + 1);`,
      },
    ],
    caughtBy: ['C5'],
    seeds: 1000,
  },
  {
    id: 'M39',
    what: 'a multi does what comes before the operation that fails',
    edits: [{ file: 'src/tree/apply.js', find: 'if (!failed)', replace: 'if (sub.type !== OpCode.error)' }],
    caughtBy: ['C6', 'SM1'],
    seeds: 500,
  },
  {
    id: 'M40',
    what: 'the clock of a server gets into what it applies',
    edits: [
      {
        file: 'src/engine/state.js',
        find: 'applyTxn(this.#tree, header, txn, changes, results);',
        replace:
          'applyTxn(this.#tree, { ...header, time: header.time + BigInt(Math.trunc(clock)) }, txn, changes, results);',
      },
    ],
    caughtBy: ['SM1'],
    seeds: 200,
  },
];
