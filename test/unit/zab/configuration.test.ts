/** Which sets of servers are a quorum (zab.md 1.9), against a version that only counts. */
import { expect } from 'chai';
import fc from 'fast-check';
import { Configuration, type ConfigMember, type ServerId } from '../../../src/zab/index.js';
import { ensembleOf } from '../helpers/peer.js';

interface Shape {
  readonly members: readonly ConfigMember[];
  readonly groups: readonly (readonly ServerId[])[];
  readonly weights: ReadonlyMap<ServerId, number>;
}

/** Up to nine servers; each is in one group, if there are any. */
const shape: fc.Arbitrary<Shape> = fc
  .record({
    servers: fc.array(
      fc.record({
        role: fc.constantFrom<ConfigMember['role']>('participant', 'participant', 'participant', 'observer'),
        group: fc.nat(2),
        weight: fc.constantFrom(0, 1, 1, 1, 2, 5),
      }),
      { minLength: 1, maxLength: 9 },
    ),
    grouped: fc.boolean(),
  })
  .map(({ servers, grouped }) => {
    const idsOf = (group: number): ServerId[] =>
      servers.flatMap((server, i) => (server.group === group ? [i + 1] : []));
    return {
      members: servers.map(({ role }, i) => ({ id: i + 1, role })),
      groups: grouped ? [0, 1, 2].map(idsOf).filter((ids) => ids.length > 0) : [],
      weights: new Map(servers.map(({ weight }, i) => [i + 1, weight])),
    };
  });

/** The rule as it is written: slow, and obvious. */
function isQuorum({ members, groups, weights }: Shape, servers: ReadonlySet<ServerId>): boolean {
  const weigh = (ids: readonly ServerId[]): number => {
    let sum = 0;
    for (const id of ids)
      if (members.find((member) => member.id === id)?.role === 'participant') sum += weights.get(id) ?? 1;
    return sum;
  };
  if (groups.length === 0) {
    const voters = members.filter(({ id, role }) => role === 'participant' && weights.get(id) !== 0);
    return voters.filter(({ id }) => servers.has(id)).length > voters.length / 2;
  }
  const weighty = groups.filter((ids) => weigh(ids) > 0);
  const won = weighty.filter((ids) => weigh(ids.filter((id) => servers.has(id))) > weigh(ids) / 2);
  return won.length > weighty.length / 2;
}

const configurationOf = ({ members, groups, weights }: Shape): Configuration =>
  new Configuration(members, groups, weights);
const someServers = fc.uniqueArray(fc.integer({ min: 1, max: 10 })).map((ids) => new Set(ids));

describe('a quorum', () => {
  it('is what the rule says, for any ensemble and any servers', () => {
    fc.assert(
      fc.property(shape, someServers, (of, servers) => {
        expect(configurationOf(of).isQuorum((id) => servers.has(id))).to.equal(isQuorum(of, servers));
      }),
      { numRuns: 500 },
    );
  });

  it('shares a server with every other one', () => {
    fc.assert(
      fc.property(shape, someServers, someServers, (of, one, other) => {
        const configuration = configurationOf(of);
        const both = [one, other].every((servers) => configuration.isQuorum((id) => servers.has(id)));
        if (both) expect([...one].some((id) => other.has(id))).to.equal(true);
      }),
      { numRuns: 500 },
    );
  });

  it('stays one when servers join it', () => {
    fc.assert(
      fc.property(shape, someServers, someServers, (of, servers, more) => {
        const configuration = configurationOf(of);
        if (!configuration.isQuorum((id) => servers.has(id))) return;
        expect(configuration.isQuorum((id) => servers.has(id) || more.has(id))).to.equal(true);
      }),
    );
  });

  it('is never nobody', () => {
    fc.assert(
      fc.property(shape, (of) => void expect(configurationOf(of).isQuorum(() => false)).to.equal(false)),
    );
  });

  const sizes: [servers: number, quorum: number][] = [
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 3],
    [5, 3],
    [6, 4],
    [7, 4],
  ];
  for (const [servers, quorum] of sizes) {
    it(`of ${servers} equal servers has ${quorum}`, () => {
      const configuration = ensembleOf(Array.from({ length: servers }, (_, i) => i + 1));
      expect(configuration.isQuorum((id) => id <= quorum)).to.equal(true);
      expect(configuration.isQuorum((id) => id < quorum)).to.equal(false);
    });
  }
});

describe('a voter', () => {
  it('is a participant with a weight, and in a group if there are groups', () => {
    const members: ConfigMember[] = [1, 2, 3, 4].map((id) => ({ id, role: 'participant' }));
    members.push({ id: 5, role: 'observer' });
    const configuration = new Configuration(
      members,
      [
        [1, 2],
        [3, 5],
      ],
      new Map([[2, 0]]),
    );
    expect(configuration.voters).to.deep.equal([1, 3]);
    expect([1, 2, 4, 5, 9].map((id) => configuration.isVoter(id))).to.deep.equal([
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});
