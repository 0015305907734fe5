/** Why this file exists: a leak is found by these bounds only, and nothing in a healthy campaign ever passes them. */
import { expect } from 'chai';
import { KINDS } from './kinds.js';
import { growth } from './resources.js';

const MIB = 1024 * 1024;
const BEFORE = { pid: 1, descriptors: 60, bytes: 100 * MIB };

describe('growth of a server in a campaign', () => {
  it('is none when all clients come to one server and its caches fill', () => {
    expect(growth(1, BEFORE, { pid: 1, descriptors: 120, bytes: 400 * MIB })).to.deep.equal([]);
  });

  it('is named, descriptors and memory each on its own', () => {
    const rules = (now: Partial<typeof BEFORE>): string[] =>
      growth(1, BEFORE, { ...BEFORE, ...now }).map(({ rule }) => rule);
    expect(rules({ descriptors: 300 })).to.deep.equal(['descriptors']);
    expect(rules({ bytes: 700 * MIB })).to.deep.equal(['memory']);
  });
});

describe('the kinds of faults', () => {
  it('have names of their own: the report counts by them, and --only chooses by them', () => {
    const names = KINDS.map(({ name }) => name);
    expect(new Set(names).size).to.equal(names.length);
  });
});
