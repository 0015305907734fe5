/** The index of children, held against a Map: through growth, removals in the midst of others, and equal names. */
import { expect } from 'chai';
import fc from 'fast-check';
import { SlotIndex, componentEnd } from '../../../src/tree/slotIndex.js';

describe('the index of children', () => {
  it('finds what a Map finds, after any additions and removals', () => {
    const step = fc.record({ parent: fc.nat(3), name: fc.nat(400).map(String), add: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 1500, size: 'max' }), fc.integer(), (steps, seed) => {
        const held: { parent: number; name: string }[] = [];
        const expected = new Map<string, number>();
        const index = new SlotIndex((slot, parent, path, from, to) => {
          const child = held[slot];
          return child?.parent === parent && child.name === path.slice(from, to);
        }, seed);
        for (const { parent, name, add } of steps) {
          const key = `${parent}/${name}`;
          const slot = expected.get(key);
          if (add && slot === undefined) {
            expected.set(key, held.length);
            index.add(held.length, parent, name);
            held.push({ parent, name });
          } else if (!add && slot !== undefined) {
            expected.delete(key);
            index.remove(slot, parent, name);
          }
        }
        for (let parent = 0; parent <= 3; parent++)
          for (let i = 0; i <= 400; i++) {
            const path = `/somewhere/${i}`;
            const found = index.find(parent, path, path.lastIndexOf('/') + 1, path.length);
            expect(found).to.equal(expected.get(`${parent}/${i}`) ?? -1);
          }
      }),
      { numRuns: 30 },
    );
  });
});

describe('the end of a component', () => {
  const rows: [path: string, from: number, end: number][] = [
    ['/a/b', 1, 2],
    ['/a/b', 3, 4],
    ['/', 1, 1],
    ['/a/', 3, 3],
  ];
  for (const [path, from, end] of rows)
    it(`of ${path} from ${from} on is ${end}`, () => expect(componentEnd(path, from)).to.equal(end));
});
