/** What travels on election links, and the Hello that begins every link, between values and bytes. */
import type { Notification, PeerState, ServerId } from '../zab/index.js';
import {
  Channel,
  readHello,
  readNotification,
  sizeHello,
  sizeNotification,
  State,
  writeHello,
  writeNotification,
  type Hello as HelloFields,
  type Notification as NotificationFields,
} from './generated/peer.js';
import { zxidFields } from './peerCodec.js';
import {
  atMost,
  candidate,
  CAPABILITIES_MAX,
  CONFIG_LENGTH_MAX,
  decoding,
  int31,
  PeerDecodeError,
  serverId,
  text,
  WORD_LENGTH_MAX,
  zxid,
} from './peerLimits.js';
import { protoReader, protoWriter, writtenBytes } from './protobuf.js';

/** Which of the two links between a pair of servers this is. */
export type PeerChannel = 'election' | 'quorum';

/** The first thing that each side of a connection says. */
export interface Hello {
  readonly channel: PeerChannel;
  /** Who speaks. */
  readonly from: ServerId;
  /** Whom it means to reach: two servers must not mistake each other for a third. */
  readonly to: ServerId;
  /** Undefined until the server has joined an ensemble. */
  readonly ensembleId: string | undefined;
  /** Of the software, for the log. */
  readonly version: string;
  /** What else than the messages of the first version the server understands. */
  readonly capabilities: readonly string[];
}

/** "ZBKP". */
const MAGIC = 0x5a424b50;
/** Version of the protocol; all others are refused. What can be added without a new one is a capability. */
const PROTOCOL = 1;

const STATES: Readonly<Record<PeerState, number>> = {
  looking: State.STATE_LOOKING,
  following: State.STATE_FOLLOWING,
  leading: State.STATE_LEADING,
  observing: State.STATE_OBSERVING,
};
const STATE_NAMES = new Map<number, PeerState>([
  [State.STATE_LOOKING, 'looking'],
  [State.STATE_FOLLOWING, 'following'],
  [State.STATE_LEADING, 'leading'],
  [State.STATE_OBSERVING, 'observing'],
]);
const CHANNELS: Readonly<Record<PeerChannel, number>> = {
  election: Channel.CHANNEL_ELECTION,
  quorum: Channel.CHANNEL_QUORUM,
};
const CHANNEL_NAMES = new Map<number, PeerChannel>([
  [Channel.CHANNEL_ELECTION, 'election'],
  [Channel.CHANNEL_QUORUM, 'quorum'],
]);

/** Without the frame's length. */
export function encodeHello(hello: Hello): Buffer {
  const fields: HelloFields = {
    ...hello,
    magic: MAGIC,
    protocol: PROTOCOL,
    channel: CHANNELS[hello.channel],
  };
  const writer = protoWriter(sizeHello(fields));
  writeHello(writer, fields);
  return writtenBytes(writer);
}

/** @throws PeerDecodeError also for another protocol */
export function decodeHello(frame: Buffer): Hello {
  return decoding('hello', () => {
    const fields = readHello(protoReader(frame));
    if (fields.magic !== MAGIC) throw new PeerDecodeError('It does not begin as a Zabkeeper server does.');
    if (fields.protocol !== PROTOCOL) {
      throw new PeerDecodeError(
        `It speaks version ${fields.protocol ?? 'unknown'} of the peer protocol; this server speaks version ${PROTOCOL}.`,
      );
    }
    atMost(fields.capabilities.length, CAPABILITIES_MAX, 'capabilities');
    return {
      channel: named(CHANNEL_NAMES, fields.channel, 'The channel'),
      from: serverId(fields.from, 'The id of the sender'),
      to: serverId(fields.to, 'The id of the receiver'),
      ensembleId:
        fields.ensembleId === undefined
          ? undefined
          : text(fields.ensembleId, WORD_LENGTH_MAX, 'The id of the ensemble'),
      version: text(fields.version, WORD_LENGTH_MAX, 'The version'),
      capabilities: fields.capabilities.map((word) => text(word, WORD_LENGTH_MAX, 'A capability')),
    };
  });
}

/** Without the frame's length. */
export function encodeNotification(notification: Notification): Buffer {
  const {
    state,
    leader,
    zxid: last,
    peerEpoch,
    round,
    configVersion,
    config,
    blank,
    leaderBlank,
  } = notification;
  const fields: NotificationFields = {
    state: STATES[state],
    leader,
    zxid: zxidFields(last),
    peerEpoch,
    round,
    configVersion: zxidFields(configVersion),
    blank,
    leaderBlank,
    config: config !== undefined && config.length <= CONFIG_LENGTH_MAX ? config : undefined,
  };
  const writer = protoWriter(sizeNotification(fields));
  writeNotification(writer, fields);
  return writtenBytes(writer);
}

/** @throws PeerDecodeError */
export function decodeNotification(frame: Buffer): Notification {
  return decoding('notification', () => {
    const fields = readNotification(protoReader(frame));
    return {
      state: named(STATE_NAMES, fields.state, 'The state'),
      leader: candidate(fields.leader, 'The id of the leader'),
      zxid: zxid(fields.zxid, 'the zxid'),
      peerEpoch: int31(fields.peerEpoch, 'peerEpoch'),
      round: int31(fields.round, 'The round'),
      configVersion: zxid(fields.configVersion, 'configVersion'),
      blank: fields.blank,
      leaderBlank: fields.leaderBlank,
      ...(fields.config === undefined
        ? {}
        : { config: text(fields.config, CONFIG_LENGTH_MAX, 'The configuration') }),
    };
  });
}

function named<T>(names: ReadonlyMap<number, T>, value: number, what: string): T {
  const name = names.get(value);
  if (name === undefined) throw new PeerDecodeError(`${what} is ${value}, which means nothing here.`);
  return name;
}
