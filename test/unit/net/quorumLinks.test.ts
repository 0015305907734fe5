/** Quorum links: opened when asked for, in order, and exactly one report when they are gone. */
import { expect } from 'chai';
import { FrameGroupWriter } from '../../../src/net/index.js';
import { LOG_START, type PeerMessage } from '../../../src/zab/index.js';
import { Ensemble, HOST, sleep, until, type Node } from './linkSupport.js';

const MIB = 1024 * 1024;

function commit(index: number): PeerMessage {
  return { kind: 'commit', index };
}

function records(bytes: number): PeerMessage {
  return { kind: 'records', batch: { bytes: Buffer.alloc(bytes), count: 1, last: LOG_START }, answers: [] };
}

/** The indexes of the commits that came. */
function commits(node: Node): number[] {
  return node.of('packet').map(({ message }) => (message.kind === 'commit' ? message.index : -1));
}

async function pair(ensemble: Ensemble): Promise<[Node, Node]> {
  return [await ensemble.start(1), await ensemble.start(2)];
}

describe('Quorum links', () => {
  it('are reported at both ends, with who dialled', async () => {
    await using ensemble = await Ensemble.of(2);
    const [one, two] = await pair(ensemble);
    await one.dial(2);
    await until('the other end', () => two.of('linkUp').length > 0);
    expect(one.of('linkUp')[0]).to.deep.include({ peer: 2, dialled: true });
    expect(two.of('linkUp')[0]).to.deep.include({ peer: 1, dialled: false });
  });

  it('can be dialled by either server, several times, and each is a link of its own', async () => {
    await using ensemble = await Ensemble.of(2);
    const [one, two] = await pair(ensemble);
    const links = [await one.dial(2), await one.dial(2), await two.dial(1)];
    await until('all ends', () => one.of('linkUp').length === 3 && two.of('linkUp').length === 3);
    expect(new Set(one.of('linkUp').map(({ link }) => link)).size).to.equal(3);
    expect(links[0]).to.not.equal(links[1]);
    expect(two.of('linkDown')).to.deep.equal([]);
  });

  it('carry messages in the order in which they were sent, over many turns', async () => {
    await using ensemble = await Ensemble.of(2);
    const [one, two] = await pair(ensemble);
    const link = await one.dial(2);
    const sent = Array.from({ length: 10_000 }, (_, i) => i);
    for (const i of sent) {
      one.links.send(link, commit(i));
      if (i % 7 === 0) one.links.flush();
      if (i % 1000 === 0) await sleep(1);
    }
    one.links.flush();
    await until('all of them', () => two.of('packet').length === sent.length);
    expect(commits(two)).to.deep.equal(sent);
  });

  it('carry messages in both directions', async () => {
    await using ensemble = await Ensemble.of(2);
    const [one, two] = await pair(ensemble);
    const link = await one.dial(2);
    const { link: other } = await until('the other end', () => two.of('linkUp')[0]);
    one.links.send(link, commit(1));
    two.links.send(other, commit(2));
    one.links.flush();
    two.links.flush();
    await until('both', () => one.of('packet').length === 1 && two.of('packet').length === 1);
    expect([commits(one), commits(two)]).to.deep.equal([[2], [1]]);
    expect(one.of('packet')[0]!.link).to.equal(link);
  });

  it('send nothing before flush, and then one frame', async () => {
    await using ensemble = await Ensemble.of(2);
    const two = await ensemble.pose(2, 'quorum');
    const one = await ensemble.start(1);
    one.links.dial(2);
    const fake = await two.link(0);
    await fake.heardHello();
    fake.hello({ channel: 'quorum', from: 2, to: 1 });
    const { link } = await until('the link', () => one.of('linkUp')[0]);
    for (let i = 0; i < 10; i++) one.links.send(link, commit(i));
    await sleep(50);
    expect(fake.said).to.have.length(0);
    expect(one.links.status.quorum[0]?.unsentBytes).to.be.above(0);
    one.links.flush();
    await until('a frame', () => fake.said.length > 0);
    await sleep(20);
    expect(fake.said).to.have.length(1);
    expect(one.links.status.quorum[0]?.unsentBytes).to.equal(0);
  });

  it('take messages that came in one chunk with the hello', async () => {
    await using ensemble = await Ensemble.of(2);
    const two = await ensemble.pose(2, 'quorum');
    const one = await ensemble.start(1);
    one.links.dial(2);
    const fake = await two.link(0);
    await fake.heardHello();
    const group = new FrameGroupWriter();
    group.add(commit(5));
    fake.socket.cork();
    fake.hello({ channel: 'quorum', from: 2, to: 1 });
    for (const chunk of group.take()) fake.socket.write(chunk);
    fake.socket.uncork();
    await until('the message', () => one.of('packet').length > 0);
    expect(one.inputs.filter(({ kind }) => kind !== 'electionLink').map(({ kind }) => kind)).to.deep.equal([
      'linkUp',
      'packet',
    ]);
  });

  it('may have the bytes of a batch given away before they are flushed', async () => {
    await using ensemble = await Ensemble.of(2);
    const [one, two] = await pair(ensemble);
    const link = await one.dial(2);
    const bytes = Buffer.allocUnsafeSlow(5000).fill(9);
    one.links.send(link, { kind: 'records', batch: { bytes, count: 1, last: LOG_START }, answers: [] });
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    one.links.flush();
    const { message } = await until('the batch', () => two.of('packet')[0]);
    expect(message).to.have.nested.property('batch.bytes').that.deep.equals(Buffer.alloc(5000, 9));
  });

  it('fail to be dialled, once per dial, when nothing listens there', async () => {
    await using ensemble = await Ensemble.of(2);
    const one = await ensemble.start(1);
    const dialled = performance.now();
    one.links.dial(2);
    one.links.dial(2);
    await until('the answers', () => one.of('dialFailed').length === 2);
    expect(performance.now() - dialled).to.be.below(250);
    await sleep(50);
    expect(one.inputs).to.deep.equal([
      { kind: 'dialFailed', peer: 2 },
      { kind: 'dialFailed', peer: 2 },
    ]);
  });

  it('fail to be dialled when the server is no member', async () => {
    await using ensemble = await Ensemble.of(2);
    const one = await ensemble.start(1);
    one.links.dial(9);
    expect(one.inputs, 'nothing comes out within the call').to.deep.equal([]);
    await until('the answer', () => one.of('dialFailed').length === 1);
  });

  it('fail to be dialled when the server accepts and says nothing (a process that is stopped)', async () => {
    await using ensemble = await Ensemble.of(2);
    await ensemble.pose(2, 'quorum');
    const one = await ensemble.start(1, { peerTimeoutMs: 200 });
    const dialled = performance.now();
    one.links.dial(2);
    await until('the answer', () => one.of('dialFailed').length === 1);
    expect(performance.now() - dialled).to.be.within(150, 1000);
  });

  it('fail to be dialled when the server closes instead of saying hello', async () => {
    await using ensemble = await Ensemble.of(2);
    const two = await ensemble.pose(2, 'quorum');
    const one = await ensemble.start(1);
    one.links.dial(2);
    (await two.link(0)).socket.destroy();
    await until('the answer', () => one.of('dialFailed').length === 1);
  });

  it('are dialled at the next address when the first one does not answer', async () => {
    await using ensemble = await Ensemble.of(2);
    const [one, two] = ensemble.members;
    const dead = { host: HOST, quorumPort: 1, electionPort: 2 };
    ensemble.members = [one!, { id: 2, addresses: [...two!.addresses, dead] }];
    await ensemble.start(2, { members: () => [one!, two!] });
    ensemble.members = [one!, { id: 2, addresses: [dead, ...two!.addresses] }];
    await (await ensemble.start(1)).dial(2);
  });

  it('are looked up by name', async () => {
    await using ensemble = await Ensemble.of(2);
    ensemble.members = ensemble.members.map(({ id, addresses }) => ({
      id,
      addresses: addresses.map((address) => ({ ...address, host: 'localhost' })),
    }));
    const [one] = await pair(ensemble);
    await one.dial(2);
  });

  it('go down once at each end when one closes them, behind what was sent', async () => {
    await using ensemble = await Ensemble.of(2);
    const [one, two] = await pair(ensemble);
    const link = await one.dial(2);
    one.links.send(link, commit(1));
    one.links.close(link);
    one.links.send(link, commit(2));
    one.links.flush();
    one.links.close(link);
    expect(one.of('linkDown'), 'nothing comes out within the call').to.deep.equal([]);
    await until('both reports', () => one.of('linkDown').length > 0 && two.of('linkDown').length > 0);
    await sleep(50);
    expect(one.of('linkDown')).to.deep.equal([{ kind: 'linkDown', link }]);
    expect(two.of('linkDown')).to.have.length(1);
    expect(commits(two)).to.deep.equal([1]);
    expect(one.links.status.quorum).to.deep.equal([]);
  });

  it('go down at once when the other server stops', async () => {
    await using ensemble = await Ensemble.of(2);
    const [one, two] = await pair(ensemble);
    const link = await one.dial(2);
    const stopped = performance.now();
    await two.links.stop();
    await until('the report', () => one.of('linkDown').length > 0);
    expect(performance.now() - stopped).to.be.below(250);
    expect(one.of('linkDown')).to.deep.equal([{ kind: 'linkDown', link }]);
  });

  it('bring nothing more once they are closed, not even of the same frame', async () => {
    await using ensemble = await Ensemble.of(2);
    const [one, two] = await pair(ensemble);
    two.onInput = (input) => {
      if (input.kind === 'packet') two.links.close(input.link);
    };
    const link = await one.dial(2);
    for (let i = 0; i < 10; i++) one.links.send(link, commit(i));
    one.links.flush();
    await until('the end', () => two.of('linkDown').length > 0);
    expect(commits(two)).to.deep.equal([0]);
  });

  const broken: [what: string, bytes: Buffer][] = [
    ['a frame that cannot be decoded', Buffer.from([0, 0, 0, 4, 0x0a, 0xff, 0xff, 0xff])],
    ['a message of an unknown kind', Buffer.from([0, 0, 0, 5, 0x0a, 3, 0xfa, 0x07, 0])],
    ['a message without a field that must be there', Buffer.from([0, 0, 0, 5, 0x0a, 3, 0xca, 0x02, 0])],
    ['a frame of more than 64 MiB', Buffer.from([4, 0, 0, 1])],
    ['a frame of negative length', Buffer.from([0xff, 0xff, 0xff, 0xff])],
  ];
  for (const [what, bytes] of broken) {
    it(`are closed by ${what}, and no other link with them`, async () => {
      await using ensemble = await Ensemble.of(2);
      const [one, two] = await pair(ensemble);
      const good = await two.dial(1);
      const fake = await ensemble.call(1, 'quorum', { from: 2, to: 1 });
      await fake.heardHello();
      const bad = one.of('linkUp').at(-1)!.link;
      fake.socket.write(bytes);
      await fake.ended();
      await until('the report', () => one.of('linkDown').length > 0);
      expect(one.of('linkDown')).to.deep.equal([{ kind: 'linkDown', link: bad }]);
      two.links.send(good, commit(1));
      two.links.flush();
      await until('a message on the good link', () => one.of('packet').length > 0);
    });
  }

  it('are closed when the other server has not taken 128 MiB', async () => {
    await using ensemble = await Ensemble.of(2);
    const one = await ensemble.start(1);
    const fake = await ensemble.call(1, 'quorum', { from: 2, to: 1 });
    await fake.heardHello();
    fake.socket.pause();
    const { link } = one.of('linkUp')[0]!;
    let sent = 0;
    for (; sent < 200 && one.of('linkDown').length === 0; sent++) {
      one.links.send(link, records(MIB));
      one.links.flush();
      await sleep(0);
    }
    expect(sent).to.be.within(128, 150);
    expect(one.lines.filter((line) => line.includes('128 MiB'))).to.have.length(1);
    fake.socket.resume();
  });

  it('let messages through that are as large as a frame may be', async () => {
    await using ensemble = await Ensemble.of(2);
    const [one, two] = await pair(ensemble);
    const link = await one.dial(2);
    one.links.send(link, commit(1));
    one.links.send(link, records(63 * MIB));
    one.links.send(link, commit(2));
    one.links.flush();
    await until('all of them', () => two.of('packet').length === 3);
    expect(two.of('packet')[1]!.message).to.have.nested.property('batch.bytes.byteLength', 63 * MIB);
  });

  it('are closed when they are given a message that no frame can hold', async () => {
    await using ensemble = await Ensemble.of(2);
    const [one] = await pair(ensemble);
    const link = await one.dial(2);
    one.links.send(link, records(64 * MIB));
    await until('the report', () => one.of('linkDown').length === 1);
    expect(one.lines.some((line) => line.includes('too many for a frame'))).to.equal(true);
  });

  it('report nothing after stop, and leave nothing open', async () => {
    await using ensemble = await Ensemble.of(2);
    const [one, two] = await pair(ensemble);
    await one.dial(2);
    await one.links.stop();
    const reported = one.inputs.length;
    one.links.dial(2);
    one.links.send(1, commit(1));
    one.links.flush();
    await until('the other end', () => two.of('linkDown').length > 0);
    await sleep(50);
    expect(one.inputs).to.have.length(reported);
    await ensemble.start(1);
  });
});
