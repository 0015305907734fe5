/** Why this file exists: a snapshot that was written while txns went on shows some of them already, in any mixture. */
import { expect } from 'chai';
import { Replay } from '../../../src/apache/replay.js';
import type { LogEntry } from '../../../src/apache/txnLog.js';
import { Tree } from '../../../src/tree/index.js';
import { OPEN_ACL, OpCode, type Txn } from '../../../src/types/index.js';
import { dump } from '../helpers/treeDump.js';

const GUARDED = [{ perms: 1, id: { scheme: 'digest', id: 'u:x' } }];
const OWNER = 9n;

function entry(zxid: bigint, txn: Txn): LogEntry {
  const header = { clientId: OWNER, cxid: 0, zxid, time: zxid * 10n, type: txn.type };
  return { header, txn, digest: undefined, offset: 0 };
}

function create(path: string, acl = OPEN_ACL, ephemeral = false): Txn {
  const record = { path, data: Buffer.from(path), acl: [...acl], ephemeral, parentCVersion: -1 };
  return { type: OpCode.create, record };
}

function remove(path: string): Txn {
  return { type: OpCode.delete, record: { path } };
}

function replayed(txns: readonly Txn[], replay = new Replay(new Tree())): Replay {
  txns.forEach((txn, at) => replay.apply(entry(BigInt(at + 1), txn)));
  return replay;
}

/** parentCVersion as the leader knew it: the number of creates so far. */
function counted(txns: readonly Txn[]): Txn[] {
  const creates = new Map<string, number>();
  return txns.map((txn) => {
    if (txn.type === OpCode.delete) creates.delete(txn.record.path);
    if (txn.type !== OpCode.create) return txn;
    const { record } = txn;
    const parent = record.path.slice(0, record.path.lastIndexOf('/'));
    creates.set(parent, (creates.get(parent) ?? 0) + 1);
    return { type: txn.type, record: { ...record, parentCVersion: creates.get(parent) ?? 0 } };
  });
}

describe('replaying on a fuzzy snapshot', () => {
  it('takes a znode away together with children that its successor got', () => {
    const txns = counted([
      create('/a'),
      create('/a/old'),
      remove('/a/old'),
      remove('/a'),
      create('/a'),
      create('/a/new'),
      create('/a/new/er'),
    ]);
    const whole = replayed(txns);
    // The snapshot is named after its beginning, and shows the end.
    const again = replayed(txns, replayed(txns));
    expect(dump(again.tree)).to.deep.equal(dump(whole.tree));
    expect(again.tree.get('/a/new')?.czxid).to.equal(6n);
  });

  it('takes the access list that the snapshot lacks from the txn that made the znode', () => {
    const replay = replayed([create('/a'), create('/b'), create('/c')]);
    for (const path of ['/a', '/b', '/c']) replay.withoutAcl.add(path);
    replay.apply(entry(1n, create('/a', GUARDED)));
    const setAcl: Txn = { type: OpCode.setACL, record: { path: '/b', acl: GUARDED, version: 4 } };
    replay.apply(entry(2n, { type: OpCode.multi, txns: [setAcl] }));
    expect(replay.tree.get('/a')?.acl).to.deep.equal(GUARDED);
    expect(replay.tree.get('/a')?.aversion).to.equal(0);
    expect(replay.tree.get('/b')).to.deep.include({ acl: GUARDED, aversion: 4 });
    expect([...replay.withoutAcl]).to.deep.equal(['/c']);
    replay.apply(entry(4n, remove('/c')));
    expect(replay.withoutAcl.size).to.equal(0);
  });

  it('ends a session with ephemerals that its txn does not name', () => {
    const replay = replayed([
      { type: OpCode.createSession, record: { timeOut: 5000 } },
      create('/e1', OPEN_ACL, true),
      create('/e2', OPEN_ACL, true),
    ]);
    expect([...replay.sessions]).to.deep.equal([[OWNER, 5000]]);
    replay.apply(entry(9n, { type: OpCode.closeSession, record: { paths2Delete: ['/e1'] } }));
    expect(replay.tree.ephemeralsCount).to.equal(0);
    expect(replay.sessions.size).to.equal(0);
  });

  it('does nothing for a multi of which a part failed', () => {
    const failed: Txn = { type: OpCode.error, record: { err: -101 } };
    const { tree } = replayed([create('/a'), { type: OpCode.multi, txns: [remove('/a'), failed] }]);
    expect(tree.get('/a')?.czxid).to.equal(1n);
  });

  it('leaves out ephemerals of sessions that are in no table', () => {
    const replay = replayed([create('/e', OPEN_ACL, true), create('/kept')]);
    expect(replay.endLostSessions(replay.tree.get('/kept')?.czxid ?? expect.fail())).to.equal(1);
    expect(replay.tree.get('/e')).to.equal(undefined);
    expect(replay.tree.get('/')?.pzxid).to.equal(2n);
  });
});
