/** The text of /zookeeper/config, which each member has from its own configuration. */
import { expect } from 'chai';
import { takeChanges } from '../helpers/treeDump.js';
import { Tree } from '../../../src/tree/index.js';

const PATH = '/zookeeper/config';
const OWN = Buffer.from('server.1=a:2888:3888:participant\nversion=0');
const OTHER = Buffer.from('server.1=b:2888:3888:participant\nserver.2=c:2888:3888:participant\nversion=0');

describe('/zookeeper/config', () => {
  it('has the Stat that ZooKeeper gives it: version -1, and no txn behind it', () => {
    const tree = new Tree();
    tree.configure(OWN);
    expect(String(tree.get(PATH)?.data)).to.equal(String(OWN));
    expect(tree.get(PATH)).to.include({
      version: -1,
      aversion: -1,
      czxid: 0n,
      mzxid: 0n,
      pzxid: 0n,
      mtime: 0n,
    });
  });

  it('counts in no digest, so members may differ in it', () => {
    const one = new Tree();
    const other = new Tree();
    one.configure(OWN);
    other.configure(OTHER);
    expect(one.digest).to.equal(other.digest).and.to.equal(new Tree().digest);
  });

  it('counts its bytes once, however often it is set', () => {
    const tree = new Tree();
    const before = tree.approximateDataSize;
    tree.configure(OTHER);
    tree.configure(OWN);
    expect(tree.approximateDataSize).to.equal(before + OWN.byteLength);
  });

  it('is nothing to write to tree.db for', () => {
    const tree = new Tree();
    takeChanges(tree);
    tree.configure(OWN);
    expect(tree.changesCount).to.equal(0);
  });

  it('replaces the text that came with the rows of another server', () => {
    const leader = new Tree();
    leader.configure(OTHER);
    const tree = new Tree();
    for (const row of takeChanges(leader).znodes) tree.restore(row);
    tree.restored();
    tree.configure(OWN);
    expect(String(tree.get(PATH)?.data)).to.equal(String(OWN));
    expect(tree.changesCount).to.equal(0);
  });
});
