/** Ephemerals: whose they are, and that all of a session's go together when it ends, outstanding ones included. */
import { expect } from 'chai';
import { OpCode, sessionIdOf } from '../../../src/types/index.js';
import { closeSession, create, createTtl, del, multi, setData } from '../helpers/requests.js';
import { World } from '../helpers/world.js';

const owner = { session: 5n };
const other = { session: 6n };
const ephemeral = { mode: 'ephemeral' } as const;

function ownedBy(world: World, session: bigint): string[] {
  return [...world.outstanding.ephemeralsOf(sessionIdOf(session))].sort();
}

function appliedOf(world: World, session: bigint): string[] {
  return [...world.tree.ephemeralsOf(sessionIdOf(session))].sort();
}

/** Paths that the txn of a closeSession names. */
function named(world: World, who = owner): readonly string[] {
  const txn = world.prepare(closeSession, who);
  if (txn.type !== OpCode.closeSession) throw new Error('Not the end of a session.');
  return [...(txn.record.paths2Delete ?? [])].sort();
}

describe('ephemerals', () => {
  it('belong to the session that made them', () => {
    const world = new World();
    world.write(create('/a', ephemeral), owner);
    world.write(create('/b', ephemeral), other);
    world.write(multi(create('/c', { mode: 'ephemeralSequential' })), owner);
    expect(appliedOf(world, 5n)).to.deep.equal(['/a', '/c0000000002']);
    expect(appliedOf(world, 6n)).to.deep.equal(['/b']);
    expect(world.tree.ephemeralsCount).to.equal(3);
  });

  it('are deleted by others too, after which their session ends without them', () => {
    const world = new World();
    world.write(create('/a', ephemeral), owner);
    world.write(del('/a'), other);
    expect(world.tree.ephemeralsCount).to.equal(0);
    expect(world.tree.ephemerals.size).to.equal(0);
    expect(named(world)).to.deep.equal([]);
    expect(world.applyNext()?.error).to.equal('OK');
  });

  it('go together, in one zxid, each with its own event', () => {
    const world = new World().given(create('/p'));
    for (const path of ['/p/a', '/p/b', '/c']) world.write(create(path, ephemeral), owner);
    world.write(create('/p/stays', ephemeral), other);
    const { changes, header } = world.write(closeSession, owner);
    expect(changes.map(({ kind, path }) => `${kind} ${path}`).sort()).to.deep.equal([
      'deleted /c',
      'deleted /p/a',
      'deleted /p/b',
    ]);
    expect(world.stat('/p').pzxid).to.equal(header.zxid);
    expect(world.children('/p')).to.deep.equal(['stays']);
    expect(world.tree.ephemeralsCount).to.equal(1);
  });

  it('that are outstanding are named by the end of the session', () => {
    const world = new World();
    world.write(create('/applied', ephemeral), owner);
    world.prepare(create('/outstanding', ephemeral), owner);
    expect(named(world)).to.deep.equal(['/applied', '/outstanding']);
  });

  it('whose delete is outstanding are not named any more', () => {
    const world = new World();
    world.write(create('/a', ephemeral), owner);
    world.write(create('/b', ephemeral), owner);
    world.prepare(del('/a'), other);
    expect(named(world)).to.deep.equal(['/b']);
  });

  it('that failed to be made are not named', () => {
    const world = new World().given(create('/a'));
    world.prepare(create('/a', ephemeral), owner);
    world.prepare(multi(create('/b', ephemeral), del('/nowhere')), owner);
    expect(named(world)).to.deep.equal([]);
  });

  it('that only got data stay with their session', () => {
    const world = new World();
    world.write(create('/a', ephemeral), owner);
    world.prepare(setData('/a', 'x'), other);
    expect(ownedBy(world, 5n)).to.deep.equal(['/a']);
    expect(ownedBy(world, 6n)).to.deep.equal([]);
    expect(named(world)).to.deep.equal(['/a']);
  });

  it('that were deleted and made again by another session are the other session’s', () => {
    const world = new World();
    world.write(create('/a', ephemeral), owner);
    world.prepare(del('/a'), other);
    world.prepare(create('/a', ephemeral), other);
    expect(named(world)).to.deep.equal([]);
    expect(ownedBy(world, 6n)).to.deep.equal(['/a']);
    while (world.applyNext() !== undefined);
    expect(appliedOf(world, 6n)).to.deep.equal(['/a']);
  });

  it('are gone for whoever prepares behind the end of their session', () => {
    const world = new World().given(create('/p'));
    world.write(create('/p/a', ephemeral), owner);
    world.prepare(closeSession, owner);
    expect(world.prepare(del('/p')).type).to.equal(OpCode.delete);
    expect(world.prepare(create('/p/b')).type).to.equal(OpCode.error);
  });

  it('do not include containers and TTL znodes', () => {
    const world = new World();
    world.write(createTtl('/t', 5n), owner);
    expect(named(world)).to.deep.equal([]);
    expect(world.tree.ephemeralsCount).to.equal(0);
  });

  it('of a log that does not name them are all that the session owns', () => {
    const world = new World();
    world.write(create('/a', ephemeral), owner);
    world.write(create('/b', ephemeral), other);
    const header = { clientId: 5n, cxid: 0, zxid: world.zxid + 1n, time: 0n, type: OpCode.closeSession };
    const { changes } = world.apply(header, { type: OpCode.closeSession, record: {} });
    expect(changes.map(({ path }) => path)).to.deep.equal(['/a']);
  });

  it('are not named when there are so many that the txn would be too large, and go all the same', () => {
    const world = new World().given(create('/p'));
    const long = 'x'.repeat(1000);
    for (let i = 0; i < 1100; i++) world.write(create(`/p/${long}${i}`, ephemeral), owner);
    world.write(create('/p/stays', ephemeral), other);
    const txn = world.prepare(closeSession, owner);
    expect(txn).to.deep.equal({ type: OpCode.closeSession, record: {} });
    expect(world.prepare(create(`/p/${long}0`)).type).to.equal(OpCode.create);
    expect(world.applyNext()?.changes).to.have.length(1100);
    expect([...world.tree.childrenOf('/p')]).to.deep.equal(['stays']);
    expect(appliedOf(world, 5n)).to.deep.equal([]);
  });
});
