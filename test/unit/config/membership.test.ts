/** Why this file exists: the text in which servers tell clients who the members are is read by Curator and kazoo. */
import { expect } from 'chai';
import { formatMembership, parseMembership } from '../../../src/config/index.js';

function format(keys: Readonly<Record<string, string>>, version?: string): string {
  const placed = Object.entries(keys).map(([key, value]) => ({ key, value, where: 'zoo.cfg' }));
  return formatMembership(parseMembership(placed, version));
}

describe('formatMembership', () => {
  it('has the members in the order of their ids, each with its role, and ends with the version', () => {
    const servers = {
      'server.10': 'c:2888:3888:observer;127.0.0.1:2183',
      'server.2': 'b:2888:3888;2182',
      'server.1': 'a:2888:3888',
    };
    expect(format(servers)).to.equal(
      [
        'server.1=a:2888:3888:participant',
        'server.2=b:2888:3888:participant;0.0.0.0:2182',
        'server.10=c:2888:3888:observer;127.0.0.1:2183',
        'version=0',
      ].join('\n'),
    );
  });

  it('has the version of a dynamic configuration file in hex', () => {
    expect(format({ 'server.1': 'a:1:2' }, '10000000a')).to.match(/\nversion=10000000a$/);
  });

  it('has groups with the weights of all voters', () => {
    const hierarchical = {
      'server.1': 'a:1:2',
      'server.2': 'b:1:2',
      'server.3': 'c:1:2',
      'server.4': 'd:1:2:observer',
      'group.1': '1:2',
      'group.2': '3',
      'weight.1': '2',
    };
    expect(format(hierarchical).split('\n').slice(4)).to.deep.equal(GROUPS_AND_WEIGHTS);
  });
});

/** As Apache ZooKeeper 3.8.0 has it. */
const GROUPS_AND_WEIGHTS = [
  'group.1=1:2',
  'group.2=3',
  'weight.1=2',
  'weight.2=1',
  'weight.3=1',
  'version=0',
];
