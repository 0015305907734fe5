/** Mutants: when sessions begin, move and end (zab.md 1.7). */
import type { Mutant } from './mutant.js';

const PROPOSER = 'src/engine/proposer.js';

export const SESSIONS: readonly Mutant[] = [
  {
    id: 'M28',
    what: 'the leader ends sessions by itself, not by a record',
    edits: [
      {
        file: PROPOSER,
        find: 'this.propose(session, 0, { type: OpCode.closeSession }, time, ITSELF);',
        replace: 'this.#state.sessions.end(session);',
      },
    ],
    caughtBy: ['SM1', 'S2'],
    seeds: 200,
  },
  {
    id: 'M29',
    what: 'writes are admitted after the end of their session was proposed',
    edits: [
      {
        file: PROPOSER,
        find: `if (this.#closing.has(session))
            return false;
        return this.#state.sessions.isOpen(session) ||`,
        replace: 'return this.#state.sessions.has(session) ||',
      },
    ],
    caughtBy: ['S1', 'S2'],
    because: 'any write behind the end is one too many, whether it makes an ephemeral or not',
    seeds: 1000,
  },
  {
    id: 'M30',
    what: 'a follower takes a returning session without asking the leader',
    edits: [
      {
        file: 'src/engine/handshake.js',
        find: `if (this.#own.service() !== 'leading')
            return this.#own.forwarder.revalidate(id, sessionId, timeOut);`,
        replace: `if (this.#own.service() !== 'leading')
            return this.#own.state.sessions.has(sessionId)
                ? this.#own.clients.attach(connection, sessionId, timeOut)
                : this.#own.clients.refuse(id);`,
      },
    ],
    caughtBy: ['S4', 'S5'],
    because: 'the leader goes on taking writes from the server that the client has left',
    seeds: 1000,
  },
  {
    id: 'M31',
    what: 'sessions expire by the wall clock',
    edits: [
      {
        file: 'src/engine/engine.js',
        find: 'this.#clock += Math.min(now - (this.#now ?? now), CLOCK_STEP_MS_MAX);',
        replace: 'this.#clock += Number(time - this.#time);',
      },
    ],
    caughtBy: ['S3'],
    seeds: 1000,
  },
  {
    id: 'M32',
    what: 'a new leader goes on with the deadlines that its own process happens to have',
    edits: [
      {
        file: 'src/engine/engine.js',
        find: `if (role === 'leading')
            this.sessions.restart(this.#clock);`,
        replace: '',
      },
    ],
    caughtBy: ['S3'],
    seeds: 500,
  },
  {
    id: 'M55',
    what: 'a session is in the table when it is proposed',
    edits: [
      {
        file: PROPOSER,
        find: 'this.#opening.add(session);',
        replace: `this.#opening.add(session);
            this.#state.sessions.open(session, request.timeOut, 1e12);`,
      },
    ],
    caughtBy: ['SM1'],
    seeds: 200,
  },
  {
    id: 'M56',
    what: 'deadlines are kept for sessions that this leader proposed, not for those that it learned of by records',
    edits: [
      {
        file: 'src/engine/applier.js',
        find: 'this.#deliver(mark, header, txn, this.#own.forwarder.take(mark.index));',
        replace: `this.#own.state.learning = true;
        this.#deliver(mark, header, txn, this.#own.forwarder.take(mark.index));
        this.#own.state.learning = false;`,
      },
      {
        file: 'src/engine/state.js',
        find: 'this.#sessions.open(session, txn.record.timeOut, clock);',
        replace: 'this.#sessions.open(session, txn.record.timeOut, clock, this.learning);',
      },
      {
        file: 'src/session/sessions.js',
        find: 'open(id, timeoutMs, now) {',
        replace: 'open(id, timeoutMs, now, learned = false) {',
      },
      {
        file: 'src/session/sessions.js',
        find: 'this.#moveTo(session, this.#bucketOf(now + timeoutMs));',
        replace: 'if (!learned) this.#moveTo(session, this.#bucketOf(now + timeoutMs));',
      },
      {
        file: 'src/session/sessions.js',
        find: `session.closing = false;
            this.#moveTo`,
        replace: `session.closing = false;
            if (session.bucket > 0) this.#moveTo`,
      },
    ],
    caughtBy: ['liveness'],
    seeds: 500,
  },
];
