/** What servers say survives the wire, is what the schema says, and nothing else is taken for it. */
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import {
  decodeHello,
  decodeNotification,
  encodeHello,
  encodeNotification,
} from '../../../src/net/electionCodec.js';
import { decodePeerMessage, encodePeerMessage, PeerDecodeError } from '../../../src/net/index.js';
import { hello, messageKinds, notification } from './peerMessages.js';

/** The schema as protobufjs understands it by itself, without our generated code. */
const schema = protobuf.parse(readFileSync('src/net/peer.proto', 'utf8')).root;
const typeOf = (name: string): protobuf.Type => schema.lookupType(`zabkeeper.peer.${name}`);

/** Encodes by the schema alone. */
function wire(type: string, fields: Record<string, unknown>): Buffer {
  return Buffer.from(typeOf(type).encode(typeOf(type).fromObject(fields)).finish());
}

const ZXID = { epoch: 1, counter: 2 };
const MARK = { index: 3, zxid: ZXID, chain: -4 };
const VOTE = { state: 1, leader: 1, zxid: ZXID, peerEpoch: 1, round: 1, configVersion: ZXID };
const HELLO = { magic: 0x5a424b50, protocol: 1, channel: 1, from: 1, to: 2, version: '1' };

describe('The codec of messages between servers', () => {
  for (const [name, arbitrary] of messageKinds) {
    it(`brings every ${name} back as it was`, () => {
      fc.assert(
        fc.property(arbitrary, (message) => {
          expect(decodePeerMessage(encodePeerMessage(message))).to.deep.equal(message);
        }),
      );
    });

    it(`writes ${name} as another implementation of the schema reads and writes it`, () => {
      fc.assert(
        fc.property(arbitrary, (message) => {
          const encoded = encodePeerMessage(message);
          const again = Buffer.from(typeOf('Message').encode(typeOf('Message').decode(encoded)).finish());
          expect(decodePeerMessage(again)).to.deep.equal(message);
        }),
        { numRuns: 30 },
      );
    });

    it(`takes no part of ${name} for a message without an error of one class`, () => {
      fc.assert(
        fc.property(arbitrary, fc.double({ min: 0, max: 1, noNaN: true }), (message, part) => {
          const encoded = encodePeerMessage(message);
          refusesOrDecodes(encoded.subarray(0, Math.floor(part * encoded.byteLength)));
        }),
        { numRuns: 50 },
      );
    });
  }

  it('brings every notification back as it was', () => {
    fc.assert(
      fc.property(notification, (vote) => {
        expect(decodeNotification(encodeNotification(vote))).to.deep.equal(vote);
      }),
    );
  });

  it('brings every hello back as it was', () => {
    fc.assert(
      fc.property(hello, (value) => {
        expect(decodeHello(encodeHello(value))).to.deep.equal(value);
      }),
    );
  });

  it('throws nothing but PeerDecodeError whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => refusesOrDecodes(Buffer.from(bytes))),
      { numRuns: 2000 },
    );
  });

  it('throws nothing but PeerDecodeError when one byte of a message is another', () => {
    fc.assert(
      fc.property(
        fc.oneof(...messageKinds.map(([, one]) => one)),
        fc.nat(),
        fc.nat(255),
        (message, at, byte) => {
          const encoded = encodePeerMessage(message);
          encoded[at % encoded.byteLength] = byte;
          refusesOrDecodes(encoded);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('ignores fields that this version does not know', () => {
    const unknown = Buffer.from([0xf8, 0x07, 0x05, 0xfa, 0x07, 0x02, 0x61, 0x62]); // field 127, a number and bytes
    const vote = Buffer.concat([unknown, wire('Notification', VOTE), unknown]);
    expect(decodeNotification(vote).round).to.equal(1);
    const commit = wire('Message', { commit: { index: 7 } });
    expect(decodePeerMessage(Buffer.concat([unknown, commit]))).to.deep.equal({ kind: 'commit', index: 7 });
  });

  it('refuses a message of a kind that this version does not know', () => {
    expect(() => decodePeerMessage(Buffer.from([0xfa, 0x07, 0x00]))).to.throw(
      PeerDecodeError,
      'not known here',
    );
  });

  it('gives bytes of records and chunks an ArrayBuffer of their own, which can be given away', () => {
    const encoded = wire('Message', { records: { bytes: Buffer.from('abc'), count: 1, last: MARK } });
    const message = decodePeerMessage(encoded);
    if (message.kind !== 'records') throw new Error('Not records.');
    expect(message.batch.bytes.buffer.byteLength).to.equal(3);
    encoded.fill(0);
    expect(message.batch.bytes.toString()).to.equal('abc');
  });

  const votes: [what: string, fields: Record<string, unknown>, says: RegExp][] = [
    ['without a state', { state: 0 }, /The state is 0/],
    ['with an unknown state', { state: 9 }, /The state is 9/],
    ['without a leader', { leader: undefined }, /leader is missing/],
    ['for a negative server', { leader: -2 }, /must not be negative/],
    ['without a zxid', { zxid: undefined }, /zxid is missing/],
    ['with half a zxid', { zxid: { epoch: 1 } }, /counter of the zxid is missing/],
    ['with a zxid of an epoch of 2^31', { zxid: { epoch: 2 ** 31, counter: 0 } }, /below 2\^31/],
    ['with a peer epoch of 2^31', { peerEpoch: 2 ** 31 }, /peerEpoch is 2147483648/],
    ['with a round of 2^31', { round: 2 ** 31 }, /round is 2147483648/],
    ['without a round', { round: undefined }, /round is missing/],
    ['without a version of the configuration', { configVersion: undefined }, /configVersion is missing/],
  ];
  for (const [what, fields, says] of votes) {
    it(`refuses a notification ${what}`, () => {
      expect(() => decodeNotification(wire('Notification', defined({ ...VOTE, ...fields })))).to.throw(
        PeerDecodeError,
        says,
      );
    });
  }

  const hellos: [what: string, fields: Record<string, unknown>, says: RegExp][] = [
    ['without the magic', { magic: undefined }, /does not begin/],
    ['with another magic', { magic: 1 }, /does not begin/],
    ['of another protocol', { protocol: 2 }, /version 2 of the peer protocol/],
    ['without a channel', { channel: 0 }, /channel is 0/],
    ['without a sender', { from: undefined }, /sender is missing/],
    ['of a server whose id is negative', { from: 0xffff_ffff }, /below 2\^31/],
    ['without a receiver', { to: undefined }, /receiver is missing/],
    ['without a version', { version: undefined }, /version is missing/],
    ['with a long version', { version: 'v'.repeat(257) }, /257 characters/],
    ['with a long ensemble id', { ensembleId: 'e'.repeat(257) }, /257 characters/],
    ['with too many capabilities', { capabilities: Array(65).fill('c') }, /65 capabilities/],
  ];
  for (const [what, fields, says] of hellos) {
    it(`refuses a hello ${what}`, () => {
      expect(() => decodeHello(wire('Hello', defined({ ...HELLO, ...fields })))).to.throw(
        PeerDecodeError,
        says,
      );
    });
  }

  it('refuses a hello that is not UTF-8', () => {
    const version = Buffer.from([0x3a, 0x02, 0xc3, 0x28]);
    const fields = defined({ ...HELLO, version: undefined });
    expect(() => decodeHello(Buffer.concat([wire('Hello', fields), version]))).to.throw(PeerDecodeError);
  });

  const request = { request: 1, session: 2, cxid: 3, op: 4, body: Buffer.from('b') };
  const identity = { scheme: 'digest', id: 'me' };
  const messages: [what: string, fields: Record<string, unknown>, says: RegExp][] = [
    ['an epoch of 2^31', { leaderInfo: { epoch: 2 ** 31 } }, /epoch of leaderInfo is 2147483648/],
    ['no epoch', { ack: { index: 1 } }, /epoch of ack is missing/],
    ['no index', { commit: {} }, /index of commit is missing/],
    ['an index of 2^53', { commit: { index: `${2n ** 53n}` } }, /below 2\^53/],
    ['no mark', { diff: {} }, /from of diff is missing/],
    [
      'a mark without a chain',
      { trunc: { to: { index: 1, zxid: ZXID } } },
      /chain of to of trunc is missing/,
    ],
    ['records without bytes', { records: { count: 1, last: MARK } }, /bytes of records is missing/],
    ['a timeout of 2^31', { revalidate: { request: 1, session: 1, timeoutMs: 2 ** 31 } }, /timeoutMs/],
    ['a request without a body', { request: { ...request, body: undefined } }, /body of request is missing/],
    [
      'a secret of 1025 bytes',
      { newLeader: { epoch: 1, tail: MARK, secret: Buffer.alloc(1025) } },
      /1025 bytes/,
    ],
    ['a body of more than 32 MiB', { request: { ...request, body: Buffer.alloc(32 * 2 ** 20 + 1) } }, /body/],
    [
      '1001 identities',
      { request: { ...request, identities: Array(1001).fill(identity) } },
      /1001 identities/,
    ],
    [
      'a long scheme',
      { request: { ...request, identities: [{ scheme: 's'.repeat(257), id: '' }] } },
      /scheme/,
    ],
    [
      'a long id',
      { request: { ...request, identities: [{ scheme: 's', id: 'i'.repeat(65_537) }] } },
      /id of/,
    ],
    ['an identity without an id', { request: { ...request, identities: [{ scheme: 's' }] } }, /missing/],
  ];
  for (const [what, fields, says] of messages) {
    it(`refuses a message with ${what}`, () => {
      const kinds = Object.fromEntries(
        Object.entries(fields).map(([name, value]) => [name, defined(value as Record<string, unknown>)]),
      );
      expect(() => decodePeerMessage(wire('Message', kinds))).to.throw(PeerDecodeError, says);
    });
  }

  it('refuses more than a million items before they take memory', () => {
    // Records with 1,000,001 empty answers, two bytes each.
    const answers = Buffer.alloc(2_000_002);
    for (let at = 0; at < answers.byteLength; at += 2) answers[at] = 0x22;
    const message = nested(0xb2, 0x02, answers);
    expect(() => decodePeerMessage(message)).to.throw(PeerDecodeError, 'more than 1000000 items');
  });

  it('refuses a field that reaches into the next message', () => {
    // A commit of one byte, whose index needs nine.
    const encoded = Buffer.from([0xca, 0x02, 0x01, 0x09, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(() => decodePeerMessage(encoded)).to.throw(PeerDecodeError);
  });
});

function refusesOrDecodes(bytes: Buffer): void {
  for (const decode of [decodePeerMessage, decodeNotification, decodeHello]) {
    try {
      decode(bytes);
    } catch (error) {
      expect(error).to.be.instanceOf(PeerDecodeError);
    }
  }
}

function defined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** A field of two tag bytes with its length in front. */
function nested(first: number, second: number, content: Buffer): Buffer {
  const header = [first, second];
  for (let left = content.byteLength; ; left >>>= 7) {
    if (left < 0x80) {
      header.push(left);
      break;
    }
    header.push((left & 0x7f) | 0x80);
  }
  return Buffer.concat([Buffer.from(header), content]);
}
