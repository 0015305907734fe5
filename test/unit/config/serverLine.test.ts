/**
 * Why this file exists: the grammar of `server.N` lines, accepted and refused.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import type { Member } from '../../../src/config/index.js';
import { ConfigError, formatServerLine, parseServerLine } from '../../../src/config/index.js';

const accepted: [line: string, canonical: string][] = [
  ['a:2888:3888', 'a:2888:3888:participant'],
  ['a:2888:3888:observer', 'a:2888:3888:observer'],
  ['a:2888:3888:OBSERVER', 'a:2888:3888:observer'],
  ['a:2888:3888;2181', 'a:2888:3888:participant;0.0.0.0:2181'],
  [' a : 2888 : 3888 ; b : 2181 ', 'a:2888:3888:participant;b:2181'],
  ['a:2888:3888:participant;b:2181', 'a:2888:3888:participant;b:2181'],
  ['[::1]:2888:3888;[fe80::2]:2181', '[::1]:2888:3888:participant;[fe80::2]:2181'],
  ['b:2888:3888|a:2889:3889', 'a:2889:3889|b:2888:3888:participant'],
  ['b:1:2:observer|a:3:4:observer;2181', 'a:3:4|b:1:2:observer;0.0.0.0:2181'],
  ['a:2888:3888;;2281', 'a:2888:3888:participant;;0.0.0.0:2281'],
  ['a:2888:3888;2181;b:2281', 'a:2888:3888:participant;0.0.0.0:2181;b:2281'],
];

const refused: [line: string, reason: string][] = [
  ['', 'is not of the form'],
  ['a', 'is not of the form'],
  ['a:2888', 'has no election port'],
  ['a:2888:2888', 'must differ'],
  ['a:x:3888', 'quorum port that is not a port number: x'],
  ['a:2888:70000', 'election port that is not a port number: 70000'],
  ['a:2888:3888:voter', 'unknown role: voter'],
  ['a:2888:3888:observer:more', 'is not of the form'],
  ['a:2888:3888;b:c:2181', 'client part that is not [host:]port: b:c:2181'],
  ['a:2888:3888;0', 'client part that is not [host:]port: 0'],
  ['a:2888:3888;1;2;3', 'too many parts'],
  ['a:1:2:observer|b:1:2:participant', 'different roles'],
  // A reconfig could ask for it, and no server could read the line that the log then holds.
  ['a\nb:1:2', 'white space in a host'],
  ['a b:1:2', 'white space in a host'],
  ['a:1:2|\u0000:1:2', 'white space in a host'],
  ['a:1:2;b\nc:2181', 'client part that is not [host:]port'],
];

describe('parseServerLine', () => {
  for (const [line, canonical] of accepted) {
    it(`reads "${line}" as ${canonical}`, () => {
      expect(formatServerLine(parseServerLine('5', line, 'zoo.cfg, line 1'))).to.equal(
        `server.5=${canonical}`,
      );
    });
  }
  for (const [line, reason] of refused) {
    it(`refuses ${JSON.stringify(line)}: ${reason}`, () => {
      expect(() => parseServerLine('5', line, 'zoo.cfg, line 1'))
        .to.throw(ConfigError, reason)
        .with.property('message')
        .that.includes('server.5')
        .and.includes('zoo.cfg, line 1');
    });
  }
  it('refuses an id that is not a number', () => {
    expect(() => parseServerLine('one', 'a:1:2', 'zoo.cfg, line 1')).to.throw(ConfigError, 'server.one');
  });

  it('reads what formatServerLine writes', () => {
    const port = fc.integer({ min: 1, max: 65535 });
    const host = fc.oneof(fc.domain(), fc.ipV4(), fc.constantFrom('::1', 'fe80::1:2'));
    const client = fc.option(fc.record({ host, port }), { nil: undefined });
    const member: fc.Arbitrary<Member> = fc.record({
      id: fc.nat(),
      addresses: fc
        .uniqueArray(
          fc.tuple(host, port, port).filter(([, quorum, election]) => quorum !== election),
          { minLength: 1, maxLength: 3, selector: ([name]) => name },
        )
        .map((tuples) =>
          tuples
            .map(([name, quorumPort, electionPort]) => ({ host: name, quorumPort, electionPort }))
            .sort((left, right) => (left.host < right.host ? -1 : 1)),
        ),
      role: fc.constantFrom('participant' as const, 'observer' as const),
      client,
      secureClient: client,
    });
    fc.assert(
      fc.property(member, (given) => {
        const [, id = '', value = ''] = /^server\.(\d+)=(.*)$/.exec(formatServerLine(given)) ?? [];
        expect(parseServerLine(id, value, 'here')).to.deep.equal(given);
      }),
    );
  });
});
