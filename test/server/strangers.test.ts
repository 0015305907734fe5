/**
 * Why this file exists: whoever reaches the ports between servers and is none of them must neither vote, nor read the
 * log, nor stop the ensemble. So strangers of all kinds come here while clients write.
 */
import { expect } from 'chai';
import { connect as connectSocket } from 'node:net';
import { connect } from '../../src/index.js';
import { encodeHello, type PeerChannel } from '../../src/net/electionCodec.js';
import { Ensemble, freePorts } from './ensemble.js';

const SECRET = 'what nobody else may read';
const WAIT_MS_MAX = 5000;

/** Says something to a port. @returns all that came back until it was closed, or until nothing more is to be expected */
function say(port: number, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connectSocket({ port, host: '127.0.0.1' }, () => socket.write(bytes));
    socket.setTimeout(WAIT_MS_MAX, () => socket.destroy());
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(Buffer.concat(chunks)));
  });
}

function framed(frame: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(frame.byteLength);
  return Buffer.concat([length, frame]);
}

function hello(channel: PeerChannel, from: number, to: number, ensembleId?: string): Buffer {
  return framed(encodeHello({ channel, from, to, ensembleId, version: '0', capabilities: [] }));
}

describe('strangers at the ports between servers', function () {
  this.timeout(60_000);

  it('are closed, learn nothing, and leave leader, epoch and clients as they were', async () => {
    const ports = await freePorts(6);
    await using ensemble = new Ensemble(ports, { '4lw.commands.whitelist': '*' });
    await Promise.all([1, 2, 3].map((id) => ensemble.start(id)));
    const { leader, followers } = await ensemble.settled('leader', 'follower');
    await using client = await connect({
      servers: followers.map((id) => `127.0.0.1:${ensemble.port(id)}`).join(','),
    });
    await client.create('/secret', SECRET);
    const epoch = (await client.exists('/secret'))!.czxid >> 32n;

    const noise = Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919) % 256));
    const strangers = (channel: PeerChannel, to: number): readonly Buffer[] => [
      Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
      Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]),
      Buffer.from('ruok'),
      noise,
      framed(noise),
      Buffer.from([0x7f, 0xff, 0xff, 0xff, 1]),
      hello(channel, 9, to),
      hello(channel, to, to),
      hello(channel, (to % 3) + 1, 7),
      hello(channel, (to % 3) + 1, to, 'another one'),
      Buffer.concat([hello(channel, 9, to), framed(noise)]),
    ];
    const answers: Promise<Buffer>[] = [];
    for (const [at, id] of [1, 2, 3].entries()) {
      for (const bytes of strangers('quorum', id)) answers.push(say(ports[2 * at]!, bytes));
      for (const bytes of strangers('election', id)) answers.push(say(ports[2 * at + 1]!, bytes));
    }
    for (let i = 0; i < 200; i++) await client.setData('/secret', `${SECRET} ${i}`);
    for (const answer of await Promise.all(answers)) {
      // A hello, at most.
      expect(answer.byteLength).to.be.lessThan(256);
      expect(answer.includes(SECRET.slice(0, 8))).to.equal(false);
    }
    expect((await ensemble.settled('leader', 'follower')).leader).to.equal(leader);
    await client.create('/after', 'x');
    expect((await client.exists('/after'))!.czxid >> 32n).to.equal(epoch);
  });
});
