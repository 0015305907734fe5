/** Configurations as text (zab.md 1.9): what a reconfig makes, every server reads again from the log. */
import { expect } from 'chai';
import { memberships } from '../../../src/server/memberships.js';
import { makeZxid } from '../../../src/types/index.js';

const LINES = [1, 2, 3].map((id) => `server.${id}=10.0.0.${id}:2888:3888:participant;10.0.0.${id}:2181`);

describe('a configuration that a reconfig makes', () => {
  const texts = memberships(false);
  const weighted = texts.parse([...LINES, 'weight.1=1', 'weight.2=1', 'weight.3=0', 'version=0'].join('\n'));

  it('is what its text says, also about the weight of one that was an observer in between', () => {
    const ask = { leavingServers: null, newMembers: null, curConfigId: -1n };
    const as = (role: string): string => `server.3=10.0.0.3:2888:3888:${role};10.0.0.3:2181`;
    const first = texts.next(weighted!, { ...ask, joiningServers: as('observer') }, makeZxid(1, 5));
    const second = texts.next(
      first.configuration,
      { ...ask, joiningServers: as('participant') },
      makeZxid(1, 6),
    );
    const onAnother = texts.next(
      texts.parse(first.text)!,
      { ...ask, joiningServers: as('participant') },
      makeZxid(1, 6),
    );
    expect(second.text).to.equal(onAnother.text);
    expect(second.configuration.voters).to.deep.equal([1, 2, 3]);
  });

  it('has no version in the text: then it is none', () => {
    expect(texts.parse('')).to.equal(undefined);
    expect(weighted?.voters).to.deep.equal([1, 2]);
  });
});
