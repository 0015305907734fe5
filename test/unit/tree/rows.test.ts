import { expect } from 'chai';
import { Tree } from '../../../src/tree/index.js';
import { OPEN_ACL, zxidOf } from '../../../src/types/index.js';
import { measure } from '../../../src/backup/subtrees.js';
import { dump } from '../helpers/treeDump.js';

function treeOf(...paths: readonly string[]): Tree {
  const tree = new Tree();
  paths.forEach((path, at) => {
    const znode = { path, data: Buffer.from(path), acl: OPEN_ACL, owner: 0n, parentCVersion: -1 };
    tree.create(znode, zxidOf(BigInt(at + 1)), 5n);
  });
  return tree;
}

describe('the rows of a tree', () => {
  const tree = treeOf('/a', '/a/b', '/c', '/a/b/d', '/a/e', '/c/f', '/g');
  tree.delete('/c/f', zxidOf(9n));
  tree.delete('/a/e', zxidOf(10n));

  for (const pieceBytes of [1, 200, 1 << 20]) {
    it(`make the same tree again, in pieces of ${pieceBytes} bytes`, () => {
      const again = new Tree();
      let count = 0;
      for (const piece of tree.rows(pieceBytes)) {
        again.restoreRows(piece.bytes, piece.count);
        count += piece.count;
      }
      again.restored();
      expect(dump(again)).to.deep.equal(dump(tree));
      expect(count).to.equal(tree.nodeCount);
    });
  }

  it('tell which subtrees are the largest, and which znodes the deepest', () => {
    const { largest, deepest, bytes } = measure(tree.rows(1 << 20), 3);
    expect(largest).to.deep.equal([
      { path: '/zookeeper', znodes: 3, bytes: 10 + 17 + 16 },
      { path: '/a', znodes: 3, bytes: 2 * (2 + 4 + 6) },
      { path: '/a/b', znodes: 2, bytes: 2 * (4 + 6) },
    ]);
    expect(deepest).to.deep.equal([
      { path: '/a/b/d', depth: 3 },
      { path: '/zookeeper/config', depth: 2 },
      { path: '/zookeeper/quota', depth: 2 },
    ]);
    expect(bytes).to.equal(1 + tree.approximateDataSize - 1);
  });

  it('keep the first of equals when there are more than are asked for', () => {
    const flat = treeOf('/1', '/2', '/3', '/4');
    expect(measure(flat.rows(1 << 20), 2).deepest.map(({ depth }) => depth)).to.deep.equal([2, 2]);
    expect(measure(flat.rows(1 << 20), 0)).to.deep.include({ largest: [], deepest: [] });
  });
});
