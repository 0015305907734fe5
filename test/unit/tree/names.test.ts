/** Lists of children: those of large znodes are kept until they change, which nobody must notice. */
import { expect } from 'chai';
import { NameList } from '../../../src/tree/index.js';
import { create, del } from '../helpers/requests.js';
import { World } from '../helpers/world.js';

/** Beyond the number from which on a list is kept. */
const MANY = 150;

function large(): World {
  const world = new World().given(create('/p'));
  for (let i = 0; i < MANY; i++) world.given(create(`/p/${i}`));
  return world;
}

function names(world: World): string[] {
  return [...world.tree.childrenOf('/p')];
}

describe('the list of children', () => {
  it('has them in the order of their creation', () => {
    expect(names(large())).to.deep.equal(Array.from({ length: MANY }, (_, i) => String(i)));
  });

  it('is made once for a large znode that does not change', () => {
    const { tree } = large();
    expect(tree.childrenOf('/p')).to.equal(tree.childrenOf('/p'));
  });

  it('shows every child that comes or goes, whenever it was asked for before', () => {
    const world = large();
    const expected = names(world);
    for (let i = 0; i < MANY; i += 7) {
      world.given(del(`/p/${i}`));
      expected.splice(expected.indexOf(String(i)), 1);
      expect(names(world)).to.deep.equal(expected);
      world.given(create(`/p/new${i}`));
      expected.push(`new${i}`);
      expect(names(world)).to.deep.equal(expected);
    }
  });

  it('is not that of a znode that was here before', () => {
    const world = large();
    expect(names(world)).to.have.length(MANY);
    for (let i = 0; i < MANY; i++) world.given(del(`/p/${i}`));
    world.given(del('/p'), create('/p'));
    expect(names(world)).to.deep.equal([]);
    for (let i = MANY; i > 0; i--) world.given(create(`/p/${i}`));
    expect(names(world)).to.deep.equal(Array.from({ length: MANY }, (_, i) => String(MANY - i)));
  });

  it('is empty where there is no znode', () => {
    expect([...new World().tree.childrenOf('/none')]).to.deep.equal([]);
  });
});

describe('a list of names', () => {
  it('reads back what it was made of', () => {
    const given = ['', 'a', 'ä', '漢字', 'x'.repeat(1000)];
    const list = NameList.of(given);
    expect([...list]).to.deep.equal(given);
    expect(list.length).to.equal(given.length);
  });
});
