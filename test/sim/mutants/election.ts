/** Mutants: who may lead, and how one is found (zab.md 1.3, 1.4, 1.9). */
import type { Mutant } from './mutant.js';

const LEADER = 'src/zab/leader.js';
const LEADER_EPOCH = 'src/zab/leaderEpoch.js';
const LEARNER = 'src/zab/learner.js';
const HANDLER = 'src/zab/learnerHandler.js';
const PEER = 'src/zab/quorumPeer.js';
const CONFIGURATION = 'src/zab/configuration.js';

export const ELECTION: readonly Mutant[] = [
  {
    id: 'M04',
    what: 'votes are compared by zxid before epoch',
    edits: [
      {
        file: 'src/zab/election.js',
        find: `if (left.peerEpoch !== right.peerEpoch)
        return left.peerEpoch > right.peerEpoch;`,
        replace: 'if (left.zxid !== right.zxid) return left.zxid > right.zxid;',
      },
    ],
    caughtBy: ['E3', 'liveness'],
    seeds: 5000,
  },
  {
    id: 'M05',
    what: 'vote and ACKEPOCH carry acceptedEpoch',
    edits: [
      {
        file: PEER,
        find: 'peerEpoch: this.#context.epochs.currentEpoch,',
        replace: 'peerEpoch: this.#context.epochs.acceptedEpoch,',
      },
      {
        file: LEARNER,
        find: "kind: 'ackEpoch', currentEpoch: epochs.currentEpoch",
        replace: "kind: 'ackEpoch', currentEpoch: epochs.acceptedEpoch",
      },
    ],
    caughtBy: ['E3', 'liveness', 'DUR1'],
    because: 'ACKEPOCH names an epoch that is not on disk',
    seeds: 100,
  },
  {
    id: 'M07',
    what: 'ACKEPOCH before acceptedEpoch is on disk',
    edits: [
      {
        file: LEARNER,
        find: "this.#phase = 'promising';",
        replace: "this.#phase = 'promising'; this.#ackEpoch(true);",
      },
    ],
    caughtBy: ['E1', 'E2', 'DUR1'],
    because: 'the promise itself is seen to run ahead of the disk, long before two servers lead',
    seeds: 100,
  },
  {
    id: 'M08',
    what: 'LEADERINFO before acceptedEpoch is on disk',
    edits: [
      {
        file: LEADER_EPOCH,
        find: "this.#phase = 'choosing';",
        replace: `this.#phase = 'choosing';
        for (const handler of this.#learners.list) if (handler.phase === 'known') this.#leaderInfo(handler);`,
      },
    ],
    caughtBy: ['E1', 'DUR1'],
    because: 'the message itself is seen to run ahead of the disk, long before two servers lead',
    seeds: 100,
  },
  {
    id: 'M09',
    what: 'ACKEPOCH counts although the epoch had been promised before',
    // It takes two candidates with one number, and a server that promises to both: servers are torn more often. Elections
    // keep it from coming back to a leader that still waits for promises, and such a leader does not wait long. Without
    // both, elections are as bad as discovery has to expect.
    given: [
      {
        file: 'src/zab/election.js',
        find: 'if (this.#isQuorum(alike) && (isMe ? this.#mayVote : this.#leads(n.leader)))',
        replace:
          'if (isMe ? this.#mayVote && n.round === this.#round && this.#isQuorum(alike) : this.#leads(n.leader))',
      },
      {
        file: 'src/zab/election.js',
        find: 'if (n.round === this.#round) {',
        replace: 'if (n.round <= this.#round) {',
      },
      { file: 'test/sim/options.js', find: 'fickle: 0.15,', replace: 'fickle: 1,' },
      {
        file: 'test/sim/options.js',
        find: 'const on = random.chance(share);',
        replace: "const on = random.chance(share) || kind === 'fickle';",
      },
      { file: 'test/sim/options.js', find: 'random.pick([1, 3, 3, 3, 3, 3, 3, 5, 5])', replace: '3' },
      { file: LEADER, find: 'this.#deserters.add(peer);', replace: 'return;' },
      {
        file: LEADER,
        find: ': settings.discoveryTimeoutMs;',
        replace: ': 10 * settings.discoveryTimeoutMs;',
      },
    ],
    edits: [
      { file: LEARNER, find: 'return this.#ackEpoch(false);', replace: 'return this.#ackEpoch(true);' },
    ],
    caughtBy: ['E1'],
    seeds: 8000,
  },
  {
    id: 'M10',
    what: 'a leader ignores a follower with a more recent history',
    edits: [
      {
        file: LEADER_EPOCH,
        find: 'if (handler.votes && isAhead)',
        replace: 'if (handler.votes && isAhead && this.#epoch < 0)',
      },
    ],
    caughtBy: ['E3', 'DUR4'],
    seeds: 6000,
  },
  {
    id: 'M11',
    what: 'a follower takes up an epoch below the one that it promised',
    // The leader would not even ask: it looks at what was promised, too.
    edits: [
      { file: LEADER_EPOCH, find: 'if (accepted > this.#epoch)', replace: 'if (accepted < 0)' },
      { file: LEARNER, find: 'if (epoch < acceptedEpoch)', replace: 'if (epoch < 0)' },
      { file: LEARNER, find: 'if (epoch === acceptedEpoch)', replace: 'if (epoch <= acceptedEpoch)' },
    ],
    caughtBy: ['E5'],
    seeds: 3000,
  },
  {
    id: 'M20',
    what: 'the vote is taken from the tail in memory, without a drain',
    edits: [
      {
        file: PEER,
        find: "this.#output.disk.push({ kind: 'fence', token: this.#fence });",
        replace: 'this.#fenced(this.history.tail);',
      },
    ],
    caughtBy: ['DUR3', 'E3', 'DUR1', 'E2'],
    because:
      'the tail in ACKEPOCH is not on disk (DUR1), and a promise that is on its way there is forgotten and undercut (E2)',
    seeds: 5000,
  },
  {
    id: 'M26',
    what: 'observers count',
    edits: [
      {
        file: CONFIGURATION,
        find: '2 * this.voters.filter(has).length > this.voters.length',
        replace: '2 * [...this.members.keys()].filter(has).length > this.voters.length',
      },
      {
        file: HANDLER,
        find: 'return isGood && isVoter(this.#context, this.peer);',
        replace: 'return isGood;',
      },
    ],
    caughtBy: ['DUR2', 'E1'],
    seeds: 500,
  },
  {
    id: 'M45',
    what: 'votes keep the epoch of their election after synchronisation',
    edits: [
      {
        file: 'src/zab/election.js',
        find: 'this.#vote = { ...this.#vote, peerEpoch: epoch };',
        replace: 'void epoch;',
      },
    ],
    caughtBy: ['liveness'],
    seeds: 4000,
  },
  {
    id: 'M46',
    what: 'a server whose log is ahead of its epoch does not start',
    // Such a log comes from a synchronisation in several parts.
    given: [
      {
        file: LEARNER,
        find: 'const SYNC_BYTES_MAX = 16 * 1024 * 1024;',
        replace: 'const SYNC_BYTES_MAX = 300;',
      },
    ],
    edits: [
      {
        file: 'src/engine/engine.js',
        find: 'this.peer.start(boot);',
        replace: `if (boot.tail.zxid >> 32n > BigInt(boot.epochs.currentEpoch)) return;
        this.peer.start(boot);`,
      },
    ],
    caughtBy: ['liveness'],
    seeds: 2000,
  },
  {
    id: 'M50',
    what: 'servers that may have lost what they acknowledged vote like others',
    edits: [
      {
        file: 'src/zab/serverContext.js',
        find: 'return this.#suspect && !this.alone;',
        replace: 'return false;',
      },
      {
        file: 'src/zab/serverContext.js',
        find: 'return this.#epochs.currentEpoch === 0 && this.history.tail.index === 0 && !this.#trustBlank;',
        replace: 'return false;',
      },
    ],
    caughtBy: ['DUR3', 'E3', 'E4', 'DUR4'],
    because: 'who leads without what was committed is seen when it leads, or when it cuts the logs of others',
    seeds: 3000,
  },
  {
    id: 'M51',
    what: 'a server without weight is electable',
    edits: [
      {
        file: CONFIGURATION,
        find: 'return this.voters.includes(id);',
        replace: "return this.members.get(id)?.role === 'participant';",
      },
    ],
    caughtBy: ['E4'],
    seeds: 1000,
  },
];
