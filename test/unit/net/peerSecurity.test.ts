/**
 * Links between members with TLS, with a shared secret, with both, and on the way there: who is let in, who is not, and
 * what the log of the one who refuses says.
 */
import { expect } from 'chai';
import { decodeHello, encodeHello } from '../../../src/net/electionCodec.js';
import type { PeerChannel, PeerLinksOptions, PeerTlsOptions } from '../../../src/net/index.js';
import { AcceptGate, CallGate, type GateStep } from '../../../src/net/peerSecret.js';
import { Authority, type Certificate } from '../../helpers/certificates.js';
import { Ensemble, sleep, until, vote, type Node } from './linkSupport.js';

const SECRET = { bytes: Buffer.from('a secret of enough characters'), required: true };
const OTHER = { bytes: Buffer.from('another one of as many letters'), required: true };
const CHANNELS: readonly PeerChannel[] = ['quorum', 'election'];

/** That both channels between two servers carry messages. */
async function talk(one: Node, two: Node): Promise<void> {
  const before = two.rounds(one.id).length;
  one.links.notify(two.id, vote(7));
  await until('a vote', () => two.rounds(one.id).length > before);
  await one.dial(two.id);
  await two.dial(one.id);
}

/** That no link comes about on either channel, whoever calls. */
async function noLink(one: Node, two: Node): Promise<void> {
  for (const [from, to] of [
    [one, two],
    [two, one],
  ] as const) {
    from.links.notify(to.id, vote(9));
    const before = from.of('dialFailed').length;
    from.links.dial(to.id);
    await until('a refusal', () => from.of('dialFailed').length > before);
  }
  await sleep(100);
  for (const node of [one, two]) {
    expect(node.of('notification')).to.deep.equal([]);
    expect(node.of('linkUp')).to.deep.equal([]);
    expect(node.of('electionLink').filter(({ up }) => up)).to.deep.equal([]);
  }
}

describe('TLS between members', function () {
  this.timeout(30_000);
  let authority: Authority;
  let stranger: Authority;
  let own: Certificate;
  before(() => {
    authority = new Authority();
    stranger = new Authority('Stranger');
    own = authority.issue('member');
  });
  after(() => {
    authority[Symbol.dispose]();
    stranger[Symbol.dispose]();
  });

  const tls = (
    { key, cert }: Certificate,
    more: Partial<PeerTlsOptions> = {},
    ca = authority.certificate,
  ): Partial<PeerLinksOptions> => ({
    tls: {
      context: { key, cert, ca },
      clientAuth: 'need',
      verifyServerHost: true,
      verifyClientHost: true,
      detectionTimeoutMs: 1000,
      calls: true,
      plainAccepted: false,
      ...more,
    },
  });

  it('carries both channels between servers that the authority knows', async () => {
    await using ensemble = await Ensemble.of(2);
    await talk(await ensemble.start(1, tls(own)), await ensemble.start(2, tls(own)));
  });

  it('refuses a server with the certificate of another authority, on both channels, in both directions', async () => {
    await using ensemble = await Ensemble.of(2);
    const one = await ensemble.start(1, tls(own));
    const foreign = stranger.issue('member');
    await noLink(one, await ensemble.start(2, tls(foreign, {}, stranger.certificate)));
  });

  it('refuses one with an expired certificate, and says so', async () => {
    await using ensemble = await Ensemble.of(2);
    const one = await ensemble.start(1, tls(own));
    const old = authority.issue('old', { expired: true });
    await noLink(one, await ensemble.start(2, tls(old)));
    expect(one.lines.join('\n')).to.match(/expired/);
  });

  it('refuses one whose certificate is for another host, unless that is not to be checked', async () => {
    const elsewhere = authority.issue('elsewhere', { names: 'DNS:elsewhere.example' });
    await using ensemble = await Ensemble.of(2);
    const one = await ensemble.start(1, tls(own));
    await noLink(one, await ensemble.start(2, tls(elsewhere, { verifyServerHost: false })));
    expect(one.lines.join('\n')).to.match(
      /it says to be server 2 \(127\.0\.0\.1.*and its certificate is for DNS:elsewhere\.example/,
    );
    await using trusting = await Ensemble.of(2);
    const unchecked = { verifyServerHost: false, verifyClientHost: false };
    await talk(
      await trusting.start(1, tls(own, unchecked)),
      await trusting.start(2, tls(elsewhere, unchecked)),
    );
  });

  it('closes plain callers, and tells them nothing', async () => {
    await using ensemble = await Ensemble.of(2);
    const one = await ensemble.start(1, tls(own));
    for (const channel of CHANNELS) {
      const link = await ensemble.call(1, channel, { from: 2, to: 1 });
      await link.ended();
      expect(link.frames).to.deep.equal([]);
    }
    await until('two refusals', () => one.links.status.hellosRefused >= 2);
  });

  it('takes plain and encrypted links while an ensemble changes over', async () => {
    const steps: [Partial<PeerLinksOptions>, Partial<PeerLinksOptions>][] = [
      [{}, tls(own, { calls: false, plainAccepted: true })],
      [tls(own, { calls: false, plainAccepted: true }), tls(own, { calls: true, plainAccepted: true })],
      [tls(own, { calls: true, plainAccepted: true }), tls(own)],
    ];
    for (const [before, after] of steps) {
      await using ensemble = await Ensemble.of(2);
      await talk(await ensemble.start(1, before), await ensemble.start(2, after));
    }
  });

  it('uses a new certificate for links to come, and leaves those that exist alone', async () => {
    await using ensemble = await Ensemble.of(2);
    const one = await ensemble.start(1, tls(own));
    const two = await ensemble.start(2, tls(own));
    const link = await one.dial(2);
    const fresh = stranger.issue('fresh');
    const ca = [authority.certificate, stranger.certificate];
    one.links.reloadTls({ key: own.key, cert: own.cert, ca });
    two.links.reloadTls({ key: fresh.key, cert: fresh.cert, ca });
    await talk(one, two);
    expect(one.of('linkDown').filter((down) => down.link === link)).to.deep.equal([]);
    // Now the first no longer trusts whom the second shows.
    one.links.reloadTls({ key: own.key, cert: own.cert, ca: authority.certificate });
    const before = one.of('dialFailed').length;
    one.links.dial(2);
    await until('a refusal', () => one.of('dialFailed').length > before);
  });

  it('works together with a secret', async () => {
    await using ensemble = await Ensemble.of(2);
    const both = { ...tls(own), secret: SECRET };
    await talk(await ensemble.start(1, both), await ensemble.start(2, both));
    await using other = await Ensemble.of(2);
    await noLink(await other.start(1, both), await other.start(2, { ...tls(own), secret: OTHER }));
  });
});

describe('a secret that members share', function () {
  this.timeout(30_000);

  it('lets those in who know it', async () => {
    await using ensemble = await Ensemble.of(2);
    await talk(await ensemble.start(1, { secret: SECRET }), await ensemble.start(2, { secret: SECRET }));
  });

  it('keeps out who knows another one, on both channels, in both directions, without showing either', async () => {
    await using ensemble = await Ensemble.of(2);
    const one = await ensemble.start(1, { secret: SECRET });
    await noLink(one, await ensemble.start(2, { secret: OTHER }));
    const text = one.lines.join('\n');
    expect(text).to.match(/its secret is another one \(zabkeeper\.quorumSecretFile\)/);
    for (const { bytes } of [SECRET, OTHER]) expect(text).not.to.contain(bytes.toString());
  });

  it('keeps out who knows none, and tells him nothing', async () => {
    await using ensemble = await Ensemble.of(2);
    const one = await ensemble.start(1, { secret: SECRET });
    for (const channel of CHANNELS) {
      const link = await ensemble.call(1, channel, { from: 2, to: 1 });
      await link.ended();
      expect(link.frames).to.deep.equal([]);
    }
    expect(one.lines.join('\n')).to.match(/does not prove that it knows the secret/);
    await noLink(one, await ensemble.start(2));
  });

  it('can be brought in while an ensemble runs', async () => {
    const optional = { secret: { ...SECRET, required: false } };
    const steps: [Partial<PeerLinksOptions>, Partial<PeerLinksOptions>][] = [
      [{}, optional],
      [optional, optional],
      [optional, { secret: SECRET }],
    ];
    for (const [before, after] of steps) {
      await using ensemble = await Ensemble.of(2);
      await talk(await ensemble.start(1, before), await ensemble.start(2, after));
      await using reversed = await Ensemble.of(2);
      await talk(await reversed.start(1, after), await reversed.start(2, before));
    }
  });

  describe('a proof', () => {
    const none = Buffer.alloc(0);
    const hello = encodeHello({
      channel: 'quorum',
      from: 1,
      to: 2,
      ensembleId: undefined,
      version: '1',
      capabilities: [],
    });
    const sent = (step: GateStep): Buffer => {
      if (step.kind === 'refused') throw new Error(step.why);
      return Buffer.from(step.payload);
    };

    it('carries the hello of each side', () => {
      const caller = new CallGate(SECRET, none, hello);
      const accepter = new AcceptGate(SECRET, none);
      const proof = sent(caller.take(sent(accepter.take(caller.first()))));
      const heard = accepter.take(proof);
      expect(heard.kind).to.equal('hello');
      expect(decodeHello(sent(heard)).from).to.equal(1);
      expect(caller.take(accepter.answer(hello)).kind).to.equal('hello');
    });

    it('is refused when a single bit of it, or of the hello, is another one', () => {
      for (let bit = 0; bit < (5 + 32 + hello.byteLength) * 8; bit += 7) {
        const caller = new CallGate(SECRET, none, hello);
        const accepter = new AcceptGate(SECRET, none);
        const proof = sent(caller.take(sent(accepter.take(caller.first()))));
        proof[bit >> 3] = (proof[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(accepter.take(proof).kind, `bit ${bit}`).to.equal('refused');
      }
    });

    it('of another connection, of the other side, or of other TLS keys does not count', () => {
      const record = new CallGate(SECRET, none, hello);
      const recorded = sent(record.take(sent(new AcceptGate(SECRET, none).take(record.first()))));
      const replayed = new AcceptGate(SECRET, none);
      sent(replayed.take(record.first()));
      expect(replayed.take(recorded).kind, 'replayed').to.equal('refused');

      const caller = new CallGate(SECRET, none, hello);
      const accepter = new AcceptGate(SECRET, none);
      const proof = sent(caller.take(sent(accepter.take(caller.first()))));
      expect(caller.take(proof).kind, 'sent back').to.equal('refused');

      const between = new CallGate(SECRET, Buffer.from('keys of one'), hello);
      const other = new AcceptGate(SECRET, Buffer.from('keys of another'));
      const passedOn = sent(between.take(sent(other.take(between.first()))));
      expect(other.take(passedOn).kind, 'passed on').to.equal('refused');
    });
  });
});
