/** Mutants: how a learner comes to the log of its leader (zab.md 1.5). */
import type { Mutant } from './mutant.js';

const LEADER = 'src/zab/leader.js';
const LEARNER = 'src/zab/learner.js';
const HANDLER = 'src/zab/learnerHandler.js';
const PEER = 'src/zab/quorumPeer.js';

export const SYNCHRONISATION: readonly Mutant[] = [
  {
    id: 'M01',
    what: 'currentEpoch is saved before the records of synchronisation',
    // A server has to die between the two: more do when they are about to write what they were synchronised with.
    given: [{ file: 'test/sim/faults.js', find: 'part: 0.3,', replace: 'part: 0.3, synchronise: 0.3,' }],
    edits: [
      {
        file: LEARNER,
        find: 'this.#context.savingEpochs(token, saved);',
        replace: `{
          this.#context.savingEpochs(token, saved);
          disk(this.#context, { kind: 'epochs', token: this.#context.newToken(), epochs: saved });
        }`,
      },
    ],
    caughtBy: ['E3', 'DUR3', 'DUR4'],
    because: 'who leads without what was committed cuts it from the logs of others before it is established',
    seeds: 5000,
  },
  {
    id: 'M02',
    what: "ACK(e',0) before the records of synchronisation are on disk",
    edits: [
      {
        file: LEARNER,
        find: 'this.#context.savingEpochs(token, saved);',
        replace: `{
          this.#context.savingEpochs(token, saved);
          this.#say({ kind: 'ackNewLeader', epoch: this.#epoch });
        }`,
      },
    ],
    caughtBy: ['DUR1'],
    seeds: 100,
  },
  {
    id: 'M12',
    what: 'records behind TRUNC stay on disk',
    edits: [{ file: LEARNER, find: 'truncate: this.#truncate,', replace: 'truncate: undefined,' }],
    caughtBy: ['DUR6', 'Z2'],
    seeds: 500,
  },
  {
    id: 'M13a',
    what: 'TRUNC removes one record too many',
    edits: [
      {
        file: LEARNER,
        find: 'truncate: this.#truncate,',
        replace: 'truncate: this.#truncate && { ...this.#truncate, index: this.#truncate.index - 1 },',
      },
    ],
    caughtBy: ['DUR6', 'DUR4'],
    seeds: 500,
  },
  {
    id: 'M13b',
    what: 'TRUNC removes one record too few',
    edits: [
      {
        file: LEARNER,
        find: 'truncate: this.#truncate,',
        replace: 'truncate: this.#truncate && { ...this.#truncate, index: this.#truncate.index + 1 },',
      },
    ],
    caughtBy: ['DUR6', 'DUR4'],
    seeds: 500,
  },
  {
    id: 'M14',
    what: 'proposals go only to learners that acknowledged NEWLEADER, and no cursor remembers the others',
    edits: [
      {
        file: HANDLER,
        find: "this.phase = 'synced';",
        replace: "this.phase = 'synced'; this.#cursor = this.#leader.targetFor(this.observer).index;",
      },
      {
        file: HANDLER,
        find: 'if (this.#cursor >= goal || this.#read !== undefined)',
        replace:
          "if (this.#cursor >= goal || this.#read !== undefined || (this.#newLeaderSent && this.phase !== 'synced'))",
      },
    ],
    caughtBy: ['DUR6', 'alarm'],
    because:
      'a learner looks whether a record follows before it writes it: the hole is an alarm and never comes to a disk',
    seeds: 300,
  },
  {
    id: 'M15',
    what: 'what is proposed in the turn of NEWLEADER goes to no learner',
    edits: [
      {
        file: HANDLER,
        find: 'this.#newLeaderSent = true;',
        replace: 'this.#newLeaderSent = this.late = true;',
      },
      {
        file: HANDLER,
        find: `const { history, settings } = this.#context;
        for (;;) {`,
        replace: `const { history, settings } = this.#context;
        if (this.late) this.#cursor = this.#leader.targetFor(this.observer).index;
        this.late = false;
        for (;;) {`,
      },
    ],
    caughtBy: ['DUR6', 'alarm'],
    because:
      'a learner looks whether a record follows before it writes it: the hole is an alarm and never comes to a disk',
    seeds: 500,
  },
  {
    id: 'M16',
    what: 'UPTODATE carries the history that the epoch began with, and pings do not make up for it',
    // Every ping carries the watermark: UPTODATE alone would be late by a heartbeat, and harm nobody.
    edits: [
      {
        file: LEADER,
        find: "kind: 'upToDate', commit: this.#committed.index",
        replace: "kind: 'upToDate', commit: Math.min(this.#tail.index, this.#committed.index)",
      },
      { file: LEADER, find: 'handler.commitSent = Math.max(handler.commitSent, commit);', replace: '' },
      {
        file: LEADER,
        find: "handler.say({ kind: 'ping', beat, commit });",
        replace: "handler.say({ kind: 'ping', beat, commit: 0 });",
      },
    ],
    caughtBy: ['liveness'],
    seeds: 1000,
  },
  {
    id: 'M17',
    what: 'a learner applies what it was synchronised with before UPTODATE',
    edits: [
      {
        file: LEARNER,
        find: 'this.#acked = this.#newLeader.tail.index;',
        replace:
          'this.#acked = this.#newLeader.tail.index; this.#context.state.commit(this.#newLeader.tail.index);',
      },
    ],
    caughtBy: ['DUR4', 'SM1', 'DUR5'],
    because: 'what is applied was committed by nobody, before it differs from what somebody else applies',
    seeds: 3000,
  },
  {
    id: 'M19',
    what: 'what an earlier role gave to the disk may land after the next one began',
    // The memory of the log is cut to what is known to be on disk: it would notice otherwise that the disk goes beyond
    // it, and end the process.
    edits: [
      {
        file: PEER,
        find: "this.#output.disk.push({ kind: 'fence', token: this.#fence });",
        replace: 'this.history.truncate(this.history.durable); this.#fenced(this.history.durable);',
      },
      {
        file: 'src/zab/history.js',
        find: 'if (mark.index > this.#durable.index)',
        replace: 'if (mark.index > this.#durable.index && mark.index <= this.#tail.index)',
      },
    ],
    caughtBy: ['DUR6', 'Z2'],
    seeds: 3000,
  },
  {
    id: 'M22',
    what: 'what came with a synchronisation is left out when the next learner is served from memory',
    edits: [
      {
        file: LEARNER,
        find: `history.append(batch);
            for (const record`,
        replace: `history.append({ ...batch, left: true });
            for (const record`,
      },
      {
        file: HANDLER,
        find: 'const batch = history.after(this.#cursor, goal);',
        replace: `let batch = history.after(this.#cursor, goal);
            if (batch?.left && batch.last.index < goal) batch = history.after(batch.last.index, goal);`,
      },
    ],
    caughtBy: ['DUR6', 'alarm'],
    because:
      'a learner looks whether a record follows before it writes it: the hole is an alarm and never comes to a disk',
    seeds: 2000,
  },
  {
    id: 'M53',
    what: 'NEWLEADER leaves before the records that it is about',
    // A learner would notice twice: by the end of what it was sent, and by the epoch of what follows.
    edits: [
      {
        file: HANDLER,
        find: 'if (!this.#newLeaderSent && this.#cursor === this.#target?.index)',
        replace: 'if (!this.#newLeaderSent && this.#target !== undefined)',
      },
      {
        file: LEARNER,
        find: 'if (message.epoch !== this.#epoch || !sameMark(message.tail, this.#end)) {',
        replace: 'if (message.epoch !== this.#epoch) {',
      },
      {
        file: LEARNER,
        find: 'if (proposal && epochOf(last.zxid) !== this.#epoch)',
        replace: 'if (proposal && epochOf(last.zxid) > this.#epoch)',
      },
    ],
    caughtBy: ['DUR2', 'E3'],
    seeds: 500,
  },
  {
    id: 'M54',
    what: 'a learner says that its log ends where the synchronisation would have ended that broke off',
    edits: [
      { file: LEARNER, find: 'this.#end = last;', replace: 'this.#end = this.#context.claimed = last;' },
      {
        file: LEARNER,
        find: 'tail: history.durable, counts });',
        replace:
          'tail: this.#context.claimed?.index > history.durable.index ? this.#context.claimed : history.durable, counts });',
      },
    ],
    caughtBy: ['DUR1', 'DUR6'],
    seeds: 1000,
  },
  {
    id: 'M57',
    what: 'a snapshot is switched to before the records behind it are on disk',
    // Only who lost its tree, and nothing else, gets a snapshot that ends before its log does: more of them do.
    given: [{ file: 'test/sim/options.js', find: 'loseTree: 0.1,', replace: 'loseTree: 2,' }],
    edits: [
      {
        file: LEARNER,
        find: `disk(this.#context, {
            kind: 'synchronise',
            token,`,
        replace: `if (install !== undefined)
            disk(this.#context, { kind: 'synchronise', token: this.#context.newToken(), install, batches: [] });
        disk(this.#context, {
            kind: 'synchronise',
            token,`,
      },
      {
        file: LEARNER,
        find: `            install,
`,
        replace: `            install: undefined,
`,
      },
    ],
    caughtBy: ['DUR4', 'E3'],
    seeds: 5000,
  },
];
