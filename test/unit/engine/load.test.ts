/**
 * Random clients on an engine whose disk is slow and fails: what they were told is what the log says, nothing that
 * was answered is lost, and a fresh engine makes the same state of the log.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import { AddWatchMode, OpCode, type Request, type WriteRequest } from '../../../src/types/index.js';
import type { Client } from '../helpers/client.js';
import {
  expectAllAnswered,
  expectAllEvents,
  expectExactReplies,
  expectWritesInLog,
} from '../helpers/history.js';
import { Host } from '../helpers/host.js';
import { addWatch, closeSession, exists, getChildren, getData, ping, sync } from '../helpers/requests.js';
import { dump, recomputedDigest } from '../helpers/treeDump.js';
import { SUPER, digestUser } from '../helpers/world.js';
import { arbitraryPath, arbitraryUpdate, stage } from '../helpers/writes.js';

type Step =
  | { readonly kind: 'send'; readonly slot: number; readonly request: Request }
  | { readonly kind: 'persist'; readonly count: number }
  | { readonly kind: 'disconnect' | 'return' | 'authenticate'; readonly slot: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'fail'; readonly kept: number }
  | { readonly kind: 'reap' | 'flush' };

const SLOTS = 3;
const slot = fc.nat(SLOTS - 1);

function sending(
  weight: number,
  request: fc.Arbitrary<Request>,
): { weight: number; arbitrary: fc.Arbitrary<Step> } {
  return { weight, arbitrary: fc.record({ kind: fc.constant('send' as const), slot, request }) };
}

const read: fc.Arbitrary<Request> = fc
  .tuple(fc.constantFrom(getData, exists, getChildren), arbitraryPath, fc.boolean())
  .map(([make, path, watch]) => make(path, watch));

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    sending(40, arbitraryUpdate),
    sending(24, read),
    sending(4, fc.constant(sync())),
    sending(1, fc.constant<WriteRequest>(closeSession)),
    sending(1, fc.constant<Request>({ type: 'unknown' })),
    {
      weight: 20,
      arbitrary: fc.record({ kind: fc.constant('persist' as const), count: fc.constantFrom(1, 2, 5, 99) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constantFrom('disconnect', 'return', 'authenticate' as const), slot }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(300, 3000, 7000) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail' as const), kept: fc.nat(4) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('reap', 'flush' as const) }) },
  ),
  { maxLength: 120, size: 'max' },
);

class Load {
  readonly host: Host;
  readonly #slots: (Client | undefined)[] = Array.from({ length: SLOTS });
  /** Clients that watch everything, with the zxid of their registration. */
  readonly watchers: { readonly client: Client; readonly since: bigint }[] = [];

  /** What was handed to tree.db. */
  readonly flushes: (Buffer | undefined)[] = [];

  constructor(counterStart: number) {
    this.host = Host.serving({ counterStart });
    this.host.connect().given(...stage);
    this.#watch();
  }

  play(step: Step): void {
    const { host } = this;
    switch (step.kind) {
      case 'send':
        this.#connected(step.slot)?.send(step.request);
        break;
      case 'persist':
        host.persist(step.count);
        this.#lastWatcher?.send(ping);
        break;
      case 'disconnect':
        this.#connected(step.slot)?.disconnect();
        break;
      case 'return': {
        const former = this.#connected(step.slot);
        if (former !== undefined)
          this.#slots[step.slot] = host.connecting({ session: former.session, timeOut: 4000 });
        break;
      }
      case 'authenticate':
        this.#connected(step.slot)?.authenticate(digestUser('ann'));
        break;
      case 'wait':
        host.wait(step.ms, 1000);
        this.#lastWatcher?.send(ping);
        break;
      case 'reap':
        host.reap();
        break;
      case 'flush':
        this.flushes.push(host.engine.takeFlush());
        break;
      case 'fail':
        host.failLog(step.kept);
        host.now += 1;
        host.lead();
        this.#watch();
        break;
    }
  }

  /** Whoever speaks for the slot; undefined while the handshake is on its way. */
  #connected(index: number): Client | undefined {
    const client = this.#slots[index];
    if (client?.closed === undefined && client !== undefined)
      return client.session === 0n ? undefined : client;
    const session = client?.closed === 'invalid session' ? undefined : client?.session;
    this.#slots[index] = this.host.connecting({
      timeOut: 4000,
      ...(session === undefined ? {} : { session }),
    });
    return undefined;
  }

  #watch(): void {
    const client = this.host.connect({ identities: [SUPER], timeOut: 40_000 });
    const { zxid } = client.call(addWatch('/', AddWatchMode.persistentRecursive));
    this.watchers.push({ client, since: zxid });
  }

  get #lastWatcher(): Client | undefined {
    return this.watchers.at(-1)?.client;
  }
}

function play(list: readonly Step[], counterStart = 1): Load {
  const load = new Load(counterStart);
  for (const step of list) load.play(step);
  load.host.persist();
  return load;
}

describe('random clients on a slow disk that fails', () => {
  it('are told what the log says, hear of every change, and lose nothing that was answered', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const { host, watchers } = play(list);
        expectWritesInLog(host);
        expectAllAnswered(host);
        expectExactReplies(host);
        for (const { client, since } of watchers) expectAllEvents(host, client, since);
      }),
      { numRuns: 120 },
    );
  });

  it('leave a state that a fresh engine makes of the log too', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const { host, flushes } = play(list);
        for (const again of [host.restarted(), host.restartedFrom(flushes)]) {
          expect(dump(again.engine.tree)).to.deep.equal(dump(host.engine.tree));
          expect(again.sessions.map(({ id }) => id)).to.deep.equal(host.sessions.map(({ id }) => id));
          expect(again.engine.applied).to.deep.equal(host.engine.applied);
        }
        expect(host.engine.tree.digest).to.equal(recomputedDigest(host.engine.tree));
      }),
      { numRuns: 60 },
    );
  });

  it('leave ephemerals of sessions that exist only, and nothing outstanding', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const { host } = play(list);
        for (const [owner] of host.engine.tree.ephemerals)
          expect(host.engine.sessions.has(owner)).to.equal(true);
        expect(host.engine.outstanding).to.equal(0);
        // Watches belong to connections that are there.
        for (const [watcher] of host.engine.watches.data.watchers) {
          expect(host.clients[watcher]?.closed, `connection ${watcher}`).to.equal(undefined);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('notice nothing of an epoch that ends meanwhile', () => {
    fc.assert(
      fc.property(
        steps.map((list) => list.filter(({ kind }) => kind !== 'fail')),
        (list) => {
          const { host } = play(list, 0xffff0000 - 20);
          expectWritesInLog(host);
          expectExactReplies(host);
          expect(dump(host.restarted().engine.tree)).to.deep.equal(dump(host.engine.tree));
          expect(host.clients.some(({ closed }) => closed === 'leadership lost')).to.equal(false);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('end their sessions once each', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const { host } = play(list);
        const ends = host.disk
          .filter(({ txn }) => txn.type === OpCode.closeSession)
          .map(({ header }) => header.clientId);
        expect(new Set(ends).size).to.equal(ends.length);
        const over = new Set<bigint>();
        for (const { header, txn } of host.disk) {
          // After its end a session only gets errors.
          if (over.has(header.clientId)) expect(txn.type).to.equal(OpCode.error);
          if (txn.type === OpCode.closeSession) over.add(header.clientId);
        }
      }),
      { numRuns: 60 },
    );
  });
});
