/** Election links (zab.md 1.3): who dials, what replaces what, and which votes arrive. */
import { expect } from 'chai';
import { decodeNotification, encodeNotification } from '../../../src/net/index.js';
import { Ensemble, sleep, until, vote } from './linkSupport.js';

describe('Election links', () => {
  it('come up between every two servers, and both ends are told once', async () => {
    await using ensemble = await Ensemble.of(3);
    const nodes = [await ensemble.start(3), await ensemble.start(1), await ensemble.start(2)];
    for (const node of nodes) {
      await until(`links of server ${node.id}`, () => node.links.status.electionUp.length === 2);
      for (const other of nodes) {
        if (other !== node) expect(node.upAndDown(other.id).filter((up) => up)).to.deep.equal([true]);
      }
    }
  });

  it('are dialled by the server with the higher id', async () => {
    await using ensemble = await Ensemble.of(2);
    const one = await ensemble.pose(1, 'election');
    await ensemble.start(2);
    const hello = await (await one.link(0)).heardHello();
    expect(hello).to.include({ channel: 'election', from: 2, to: 1, version: 'test' });
  });

  it('are not dialled by the server with the lower id, which knocks when it has something to say', async () => {
    await using ensemble = await Ensemble.of(2);
    const two = await ensemble.pose(2, 'election');
    const one = await ensemble.start(1);
    await sleep(100);
    expect(two.links).to.have.length(0);
    one.links.notify(2, vote(1));
    const knock = await two.link(0);
    expect(await knock.heardHello()).to.include({ from: 1, to: 2 });
    await knock.destroy();
    await sleep(50);
    expect(one.upAndDown(2), 'a knock that is closed says nothing about the server').to.deep.equal([]);
  });

  it('are dialled at once when the server with the lower id knocks', async () => {
    await using ensemble = await Ensemble.of(2);
    const two = await ensemble.start(2);
    await until('a long backoff', () => two.links.status.dialsFailed >= 5);
    const one = await ensemble.pose(1, 'election');
    const knocked = performance.now();
    const knock = await ensemble.call(2, 'election', { from: 1, to: 2 });
    await knock.ended();
    expect(knock.frames, 'frames answered to a knock').to.deep.equal([]);
    const called = await one.link(0);
    expect(performance.now() - knocked).to.be.below(250);
    expect(await called.heardHello()).to.include({ from: 2, to: 1 });
  });

  it('bring the vote of a server with the lower id across, though it cannot dial', async () => {
    await using ensemble = await Ensemble.of(2);
    const two = await ensemble.start(2);
    await until('a long backoff', () => two.links.status.dialsFailed >= 5);
    const one = await ensemble.start(1);
    const asked = performance.now();
    one.links.notify(2, vote(7));
    await until('the vote', () => two.rounds(1).includes(7));
    expect(performance.now() - asked).to.be.below(250);
  });

  it('are replaced by a newer one of the same pair, without a report that the server is down', async () => {
    await using ensemble = await Ensemble.of(2);
    const one = await ensemble.start(1);
    const first = await ensemble.call(1, 'election', { from: 2, to: 1 });
    await first.heardHello();
    const second = await ensemble.call(1, 'election', { from: 2, to: 1 });
    await first.ended();
    await second.heardHello();
    one.links.notify(2, vote(3));
    const [frame] = await until('the vote', () => second.said.length > 0 && second.said);
    expect(decodeNotification(frame!)).to.deep.equal(vote(3));
    expect(one.upAndDown(2)).to.deep.equal([true, true]);
    expect(one.links.status.electionUp).to.deep.equal([2]);
  });

  it('are replaced when the server with the lower id knocks over a link that looks alive', async () => {
    await using ensemble = await Ensemble.of(2);
    const one = await ensemble.pose(1, 'election');
    const two = await ensemble.start(2);
    const old = await one.link(0);
    await old.heardHello();
    old.hello({ from: 1, to: 2 });
    await until('the link', () => two.upAndDown(1).length === 1);
    await sleep(150);
    await ensemble.call(2, 'election', { from: 1, to: 2 });
    const fresh = await one.link(1);
    await fresh.heardHello();
    expect(old.closed, 'the old link is kept until the new one is there').to.equal(false);
    fresh.hello({ from: 1, to: 2 });
    await old.ended();
    await until('the report', () => two.upAndDown(1).length === 2);
    expect(two.upAndDown(1)).to.deep.equal([true, true]);
  });

  it('report a server that does not run as down at once, and once (V1)', async () => {
    await using ensemble = await Ensemble.of(2);
    const two = await ensemble.start(2);
    const started = performance.now();
    await until('the report', () => two.upAndDown(1).length > 0);
    expect(performance.now() - started).to.be.below(250);
    await until('more dials', () => two.links.status.dialsFailed >= 4);
    expect(two.upAndDown(1)).to.deep.equal([false]);
  });

  it('report a server that does not answer a knock as down (V1)', async () => {
    await using ensemble = await Ensemble.of(2);
    const one = await ensemble.start(1);
    one.links.notify(2, vote(1));
    await until('the report', () => one.upAndDown(2).length > 0);
    expect(one.upAndDown(2)).to.deep.equal([false]);
  });

  it('go down at once at the other end when a server stops, and come up when it is back', async () => {
    await using ensemble = await Ensemble.of(2);
    const one = await ensemble.start(1);
    const two = await ensemble.start(2);
    await until('the link', () => two.upAndDown(1).includes(true));
    const stopped = performance.now();
    await one.links.stop();
    await until('down', () => two.upAndDown(1).at(-1) === false);
    expect(performance.now() - stopped).to.be.below(250);
    await ensemble.start(1);
    await until('up', () => two.upAndDown(1).at(-1) === true);
  });

  it('carry only the latest vote to a server that was down', async () => {
    await using ensemble = await Ensemble.of(2);
    const two = await ensemble.start(2);
    for (const round of [1, 2, 3]) two.links.notify(1, vote(round));
    const one = await ensemble.start(1);
    await until('a vote', () => one.rounds(2).length > 0);
    await sleep(50);
    expect(one.rounds(2)).to.deep.equal([3]);
  });

  it('carry only the latest of the votes that came while one was on its way', async () => {
    await using ensemble = await Ensemble.of(2);
    const one = await ensemble.start(1);
    const two = await ensemble.start(2);
    await until('the link', () => two.upAndDown(1).includes(true));
    for (const round of [1, 2, 3, 4, 5]) two.links.notify(1, vote(round));
    await until('the last vote', () => one.rounds(2).includes(5));
    expect(one.rounds(2)).to.deep.equal([1, 5]);
  });

  it('dial a server that refuses at most every 20 ms however many votes there are for it', async () => {
    await using ensemble = await Ensemble.of(2);
    const one = await ensemble.start(1);
    const end = performance.now() + 200;
    while (performance.now() < end) {
      one.links.notify(2, vote(1));
      await sleep(1);
    }
    expect(one.links.status.dialsFailed).to.be.within(2, 11);
  });

  it('go down when nothing is heard of the other server for peerTimeoutMs', async () => {
    await using ensemble = await Ensemble.of(2);
    const one = await ensemble.start(1, { peerTimeoutMs: 300 });
    const silent = await ensemble.call(1, 'election', { from: 2, to: 1 });
    await until('the link', () => one.upAndDown(2).includes(true));
    const up = performance.now();
    await silent.ended();
    expect(performance.now() - up).to.be.within(250, 1000);
    await until('down', () => one.upAndDown(2).at(-1) === false);
  });

  it('stay up while both servers live, though no votes are exchanged', async () => {
    await using ensemble = await Ensemble.of(2);
    const one = await ensemble.start(1, { peerTimeoutMs: 300 });
    const two = await ensemble.start(2, { peerTimeoutMs: 300 });
    await until('the link', () => two.upAndDown(1).includes(true));
    await sleep(1000);
    expect(one.upAndDown(2)).to.deep.equal([true]);
    expect(two.upAndDown(1).filter((up) => up)).to.deep.equal([true]);
    expect(one.rounds(2), 'signs of life are no votes').to.deep.equal([]);
  });

  it('are closed after three frames that cannot be decoded, and not before (ZK-3769)', async () => {
    await using ensemble = await Ensemble.of(2);
    const one = await ensemble.start(1);
    const link = await ensemble.call(1, 'election', { from: 2, to: 1 });
    await link.heardHello();
    link.send(Buffer.from('nonsense'));
    link.send(Buffer.from('nonsense'));
    link.send(encodeNotification(vote(4)));
    await until('the vote', () => one.rounds(2).includes(4));
    expect(link.closed).to.equal(false);
    link.send(Buffer.from('nonsense'));
    await link.ended();
    await until('down', () => one.upAndDown(2).at(-1) === false);
  });

  it('are closed by a frame of more than 512 KiB', async () => {
    await using ensemble = await Ensemble.of(2);
    const one = await ensemble.start(1);
    const link = await ensemble.call(1, 'election', { from: 2, to: 1 });
    await link.heardHello();
    link.socket.write(Buffer.from([0, 8, 0, 1]));
    await link.ended();
    await until('down', () => one.upAndDown(2).at(-1) === false);
  });

  it('drop what is more than 1,000 notifications in a second', async () => {
    await using ensemble = await Ensemble.of(2);
    const one = await ensemble.start(1);
    const link = await ensemble.call(1, 'election', { from: 2, to: 1 });
    await link.heardHello();
    for (let round = 1; round <= 1500; round++) link.send(encodeNotification(vote(round)));
    await until('the surplus', () => one.links.status.notificationsDropped >= 500);
    expect(one.rounds(2)).to.have.length(1000);
    await sleep(1000);
    link.send(encodeNotification(vote(2000)));
    await until('a vote of the next second', () => one.rounds(2).includes(2000));
  });

  it('follow the members: new ones are dialled, others are let go', async () => {
    await using ensemble = await Ensemble.of(3);
    const all = ensemble.members;
    ensemble.members = all.filter(({ id }) => id !== 1);
    const three = await ensemble.start(3, { peerTimeoutMs: 300 });
    await ensemble.start(2, { peerTimeoutMs: 300 });
    await until('the link with 2', () => three.links.status.electionUp.includes(2));
    expect(three.upAndDown(1)).to.deep.equal([]);
    ensemble.members = all;
    await ensemble.start(1);
    await until('the link with 1', () => three.links.status.electionUp.includes(1));
    ensemble.members = all.filter(({ id }) => id !== 2);
    await until('the end of the link with 2', () => !three.links.status.electionUp.includes(2));
    expect(three.upAndDown(2).at(-1)).to.equal(false);
  });

  it('ignore votes for a server that is no member', async () => {
    await using ensemble = await Ensemble.of(2);
    const one = await ensemble.start(1);
    one.links.notify(9, vote(1));
    one.links.notify(1, vote(1));
    await sleep(50);
    expect(one.inputs).to.deep.equal([]);
  });
});
