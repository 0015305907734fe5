/** A server that lost its tree, and whose log does not reach back to the first record: it has promises, and no state. */
import { expect } from 'chai';
import { PeerHost } from '../helpers/peer.js';
import { log, say } from '../helpers/peerLines.js';

const LINK = 10;
const LOG = log('1:1 1:2 1:3 1:4');
const END = LOG[3]!.mark;
const MORE = log('2:1 2:2', END);
const T = MORE[1]!.mark;

/** As storage finds it: a log from the third record on, and no tree. */
function lost(): PeerHost {
  return new PeerHost({ log: LOG, purged: 2, epochs: [1, 1], suspect: true, needsSnapshot: true });
}

/** It has promised epoch 3 to server 3. */
function promised(): PeerHost {
  return lost().joining(3).connected(LINK, 3).hears(LINK, say.leaderInfo(3)).disk();
}

describe('a server without its tree', () => {
  it('looks for a leader, and votes for nobody', () => {
    const host = lost().start();
    expect(host.peer.role).to.equal('looking');
    const votes = host.take().filter((line) => line.startsWith('vote'));
    expect(votes.every((line) => line.includes('looking -1 '))).to.equal(true);
  });

  it('tells the leader what its log holds, which is as good as ever', () => {
    expect(promised().said()).to.include.members(['10 < followerInfo 1 suspect', '10 < ackEpoch 1 at 4=1:4']);
  });

  it('has no use for records, nor for being cut', () => {
    for (const offer of [say.diff(END), say.trunc(LOG[2]!.mark)]) {
      const host = promised();
      host.take();
      expect(host.hears(LINK, offer).said()).to.deep.equal(['10 < wantSnapshot']);
    }
  });

  it('takes a snapshot, also one that is older than its log, and serves with what follows it', () => {
    const host = promised().hears(LINK, say.diff(END), say.snap(LOG[2]!.mark), say.chunk()).disk();
    host.hears(LINK, say.records(LOG.slice(3)), say.records(MORE), say.newLeader(3, T));
    expect(host.pending).to.deep.equal(['synchronise']);
    host.disk().hears(LINK, say.upToDate(6));
    expect(host.said()).to.include.members(['10 < ackNewLeader 3', 'apply 6', 'serve following 3']);
    expect(host.tail).to.deep.equal(T);
  });

  it('is as it was when the leader goes before the snapshot is there', () => {
    const host = promised().hears(LINK, say.diff(END), say.snap(LOG[2]!.mark), say.chunk()).disk();
    host.linkDown(LINK).disk();
    expect([host.peer.role, host.tail]).to.deep.equal(['looking', END]);
    host.take();
    host.wait(3000);
    expect(host.take().filter((line) => /^vote.*looking [^-]/.test(line))).to.deep.equal([]);
  });
});
