/** Which configurations count on a server: the one of its state, and those that its log holds behind (zab.md 1.9). */
import { expect } from 'chai';
import { Configuration } from '../../../src/zab/index.js';
import { PeerHost, ensembleOf, vote, type PeerOptions } from '../helpers/peer.js';
import { batchOf, log, say, zxid, type Rec } from '../helpers/peerLines.js';

const LINK = 10;
const LOG = log('1:1 1:2 1:3 1:4');
const markAt = (index: number, records: readonly Rec[] = LOG): Rec['mark'] => records[index - 1]!.mark;
const END = markAt(4);
/** What the leader of epoch 3 has behind them. */
const MORE = log('2:1! 2:2', END);
const T = MORE[1]!.mark;
const MORE_ALONE = log('1:1 1:2! 1:3');
const NEXT = ensembleOf([1, 3, 4]);

/** A follower of server 3 that has promised epoch 3. */
function promised(options: PeerOptions = {}): PeerHost {
  const host = new PeerHost({ log: LOG, applied: 2, epochs: [1, 1], next: NEXT, ...options }).joining(3);
  return host.connected(LINK, 3).hears(LINK, say.leaderInfo(3)).disk();
}

function counting({ peer }: PeerHost): Configuration[] {
  return peer.configurations.filter((configuration) => configuration !== peer.settings.configuration);
}

describe('a configuration in the log', () => {
  it('counts once it came with a synchronisation, and alone once it is committed', () => {
    const host = promised().hears(LINK, say.diff(END), say.records(MORE), say.newLeader(3, T)).disk();
    expect(host.peer.configurations).to.have.length(2);
    expect(counting(host)).to.deep.equal([NEXT]);
    host.hears(LINK, say.upToDate(6));
    expect(host.peer.configurations).to.deep.equal([NEXT]);
  });

  it('counts when it lies behind the base of a snapshot', () => {
    const inSnapshots = ensembleOf([1, 2, 3, 4]);
    const host = promised({ inSnapshots });
    host.hears(LINK, say.snap(END), say.chunk(true)).disk();
    host.hears(LINK, say.records(MORE), say.newLeader(3, T)).disk();
    expect(host.peer.configurations).to.deep.equal([inSnapshots, NEXT]);
    host.hears(LINK, say.upToDate(6));
    expect(host.peer.configurations).to.deep.equal([NEXT]);
  });

  it('goes with what a snapshot replaces', () => {
    const old = log('1:1 1:2 1:3 1:4 1:5! 1:6');
    const host = promised({ log: old, next: ensembleOf([2, 3, 1]) });
    host.hears(LINK, say.snap(END), say.chunk(true)).disk();
    host.hears(LINK, say.records(log('2:1 2:2', END)), say.newLeader(3, log('2:1 2:2', END)[1]!.mark)).disk();
    expect(counting(host)).to.deep.equal([]);
  });

  it('does not count when the synchronisation that brought it was given up', () => {
    const host = promised({ log: log('1:1 1:2 1:3 1:4 1:5 1:6 1:7') });
    host.hears(LINK, say.trunc(END), say.records(MORE)).linkDown(LINK).disk();
    expect(host.peer.role).to.equal('looking');
    expect(counting(host)).to.deep.equal([]);
  });

  it('counts once when the log is read again after it failed', () => {
    const host = promised().hears(LINK, say.diff(END), say.records(MORE), say.newLeader(3, T)).disk();
    host.hears(LINK, say.records(log('3:1!', T)));
    host.logFails();
    host.peer.restored(markAt(2));
    host.peer.known(batchOf(LOG.slice(2)));
    expect(counting(host)).to.deep.equal([]);
  });

  it('counts from the start when the log holds it', () => {
    const host = new PeerHost({ log: [...LOG, ...MORE], applied: 2, next: NEXT });
    expect(counting(host)).to.deep.equal([NEXT]);
  });

  it('counts alone once a member says that it is committed: who left with it is not voted for any more', () => {
    const next = new Configuration([...ensembleOf([1, 3, 4]).members.values()], [], new Map(), zxid('2:1'));
    const host = new PeerHost({ log: [...LOG, ...MORE], epochs: [2, 2], applied: 2, next }).start();
    for (const peer of [2, 3, 4]) host.electionLink(peer, true);
    const better = { zxid: zxid('2:9'), peerEpoch: 2 };
    host.notified(2, vote(2, better));
    expect(host.take()).to.include('vote to 3: looking 2 epoch 2 round 1');
    host.notified(3, vote(3, { zxid: zxid('2:2'), peerEpoch: 2, round: 2, configVersion: zxid('2:1') }));
    expect(host.peer.configurations).to.deep.equal([next]);
    expect(host.take()).to.include('vote to 4: looking 3 epoch 2 round 2');
    host.notified(2, vote(2, { ...better, round: 2 }));
    expect(host.take()).not.to.include('vote to 3: looking 2 epoch 2 round 2');
  });

  it('of others ends that a server is alone, though its file names nobody else', () => {
    const file = ensembleOf([1]);
    expect(new PeerHost({ configuration: file, log: LOG }).peer.isAlone).to.equal(true);
    expect(new PeerHost({ configuration: file, log: MORE_ALONE, next: NEXT }).peer.isAlone).to.equal(false);
    const restored = new PeerHost({ configuration: file, log: LOG });
    restored.peer.configurationRestored(NEXT);
    expect(restored.peer.isAlone).to.equal(false);
  });

  it('and that others discarded does not keep a server from those who follow a leader without it', () => {
    const next = new Configuration([...ensembleOf([1, 3]).members.values()], [], new Map(), zxid('2:1'));
    const host = new PeerHost({ log: [...LOG, ...MORE], epochs: [2, 2], applied: 2, next });
    host.start().take();
    for (const peer of [2, 3]) host.electionLink(peer, true);
    host.notified(2, vote(3, { state: 'following', peerEpoch: 8, round: 7 }));
    host.notified(3, vote(3, { state: 'leading', peerEpoch: 8, round: 7 }));
    expect(host.take()).to.include('dial 3');
  });
});

describe('a configuration that another server tells of, and this one does not have', () => {
  const told = new Configuration([...ensembleOf([1, 3, 4]).members.values()], [], new Map(), zxid('2:1'));
  const looking = (): PeerHost => {
    const host = new PeerHost({ log: LOG, epochs: [1, 1], applied: 4, told }).start();
    for (const peer of [2, 3]) host.electionLink(peer, true);
    return host;
  };
  const config = 'its text';

  it('counts alone when it is in force: what this server knows is of the past', () => {
    const host = looking();
    host.notified(3, vote(3, { zxid: zxid('2:2'), peerEpoch: 2, configVersion: zxid('2:1'), config }));
    expect(host.peer.configurations).to.deep.equal([told]);
  });

  it('counts beside the own one while it is pending', () => {
    const host = looking();
    host.notified(3, vote(3, { zxid: zxid('2:2'), peerEpoch: 2, config }));
    expect(host.peer.configurations).to.deep.equal([host.peer.configuration, told]);
  });

  it('says nothing when it comes from a stranger', () => {
    const host = looking();
    host.notified(9, vote(3, { zxid: zxid('2:2'), peerEpoch: 2, configVersion: zxid('2:1'), config }));
    expect(host.peer.configurations).to.deep.equal([host.peer.configuration]);
  });
});
