// Generated from src/net/peer.proto by scripts/proto. Do not edit: change the schema and run `npm run generate`.
import {
  checkCount,
  checkEnd,
  nestedEnd,
  readFixed64,
  readSfixed64,
  sizeOfSint32,
  sizeOfString,
  sizeOfVarint,
  sizeWithLength,
  skipField,
  writeFixed64,
  type ProtoReader,
  type ProtoWriter,
} from '../protobuf.js';

export const Channel = {
  CHANNEL_UNSPECIFIED: 0,
  CHANNEL_ELECTION: 1,
  CHANNEL_QUORUM: 2,
} as const;

export const State = {
  STATE_UNSPECIFIED: 0,
  STATE_LOOKING: 1,
  STATE_FOLLOWING: 2,
  STATE_LEADING: 3,
  STATE_OBSERVING: 4,
} as const;

/** The first frame of a connection, in both directions. */
export interface Hello {
  /** "ZBKP": everything else came to the wrong port. */
  readonly magic: number | undefined;
  /** Version of this protocol; another one is refused. */
  readonly protocol: number | undefined;
  readonly channel: number;
  /** Who speaks, and whom it means to reach. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  /** Absent until the sender has joined an ensemble. */
  readonly ensembleId: string | undefined;
  /** Of the software, for the log. */
  readonly version: string | undefined;
  readonly capabilities: readonly string[];
}

export function sizeHello(v: Hello): number {
  let size = 0;
  if (v.magic !== undefined) size += 1 + 4;
  if (v.protocol !== undefined) size += 1 + sizeOfVarint(v.protocol);
  if (v.channel !== 0) size += 1 + sizeOfVarint(v.channel);
  if (v.from !== undefined) size += 1 + sizeOfVarint(v.from);
  if (v.to !== undefined) size += 1 + sizeOfVarint(v.to);
  if (v.ensembleId !== undefined) size += 1 + sizeOfString(v.ensembleId);
  if (v.version !== undefined) size += 1 + sizeOfString(v.version);
  for (const item of v.capabilities) size += 1 + sizeOfString(item);
  return size;
}

export function writeHello(w: ProtoWriter, v: Hello): void {
  if (v.magic !== undefined) {
    w.uint32(13);
    w.fixed32(v.magic);
  }
  if (v.protocol !== undefined) {
    w.uint32(16);
    w.uint32(v.protocol);
  }
  if (v.channel !== 0) {
    w.uint32(24);
    w.uint32(v.channel);
  }
  if (v.from !== undefined) {
    w.uint32(32);
    w.uint32(v.from);
  }
  if (v.to !== undefined) {
    w.uint32(40);
    w.uint32(v.to);
  }
  if (v.ensembleId !== undefined) {
    w.uint32(50);
    w.string(v.ensembleId);
  }
  if (v.version !== undefined) {
    w.uint32(58);
    w.string(v.version);
  }
  for (const item of v.capabilities) {
    w.uint32(66);
    w.string(item);
  }
}

export function readHello(r: ProtoReader, end = r.len): Hello {
  let magic: number | undefined;
  let protocol: number | undefined;
  let channel = 0;
  let from: number | undefined;
  let to: number | undefined;
  let ensembleId: string | undefined;
  let version: string | undefined;
  const capabilities: string[] = [];
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 13:
        magic = r.fixed32();
        break;
      case 16:
        protocol = r.uint32();
        break;
      case 24:
        channel = r.uint32();
        break;
      case 32:
        from = r.uint32();
        break;
      case 40:
        to = r.uint32();
        break;
      case 50:
        ensembleId = r.stringVerify();
        break;
      case 58:
        version = r.stringVerify();
        break;
      case 66:
        checkCount(capabilities.push(r.stringVerify()));
        break;
      default:
        skipField(r, tag);
    }
  }
  checkEnd(r, end);
  return { magic, protocol, channel, from, to, ensembleId, version, capabilities };
}

export interface Zxid {
  readonly epoch: number | undefined;
  readonly counter: number | undefined;
}

export function sizeZxid(v: Zxid): number {
  let size = 0;
  if (v.epoch !== undefined) size += 1 + sizeOfVarint(v.epoch);
  if (v.counter !== undefined) size += 1 + sizeOfVarint(v.counter);
  return size;
}

export function writeZxid(w: ProtoWriter, v: Zxid): void {
  if (v.epoch !== undefined) {
    w.uint32(8);
    w.uint32(v.epoch);
  }
  if (v.counter !== undefined) {
    w.uint32(16);
    w.uint32(v.counter);
  }
}

export function readZxid(r: ProtoReader, end = r.len): Zxid {
  let epoch: number | undefined;
  let counter: number | undefined;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 8:
        epoch = r.uint32();
        break;
      case 16:
        counter = r.uint32();
        break;
      default:
        skipField(r, tag);
    }
  }
  checkEnd(r, end);
  return { epoch, counter };
}

/** A place in the log. */
export interface Mark {
  readonly index: bigint | undefined;
  readonly zxid: Zxid | undefined;
  readonly chain: bigint | undefined;
}

export function sizeMark(v: Mark): number {
  let size = 0;
  if (v.index !== undefined) size += 1 + 8;
  if (v.zxid !== undefined) size += 1 + sizeWithLength(sizeZxid(v.zxid));
  if (v.chain !== undefined) size += 1 + 8;
  return size;
}

export function writeMark(w: ProtoWriter, v: Mark): void {
  if (v.index !== undefined) {
    w.uint32(9);
    writeFixed64(w, v.index);
  }
  if (v.zxid !== undefined) {
    w.uint32(18);
    w.uint32(sizeZxid(v.zxid));
    writeZxid(w, v.zxid);
  }
  if (v.chain !== undefined) {
    w.uint32(25);
    writeFixed64(w, v.chain);
  }
}

export function readMark(r: ProtoReader, end = r.len): Mark {
  let index: bigint | undefined;
  let zxid: Zxid | undefined;
  let chain: bigint | undefined;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 9:
        index = readFixed64(r);
        break;
      case 18:
        zxid = readZxid(r, nestedEnd(r, end));
        break;
      case 25:
        chain = readSfixed64(r);
        break;
      default:
        skipField(r, tag);
    }
  }
  checkEnd(r, end);
  return { index, zxid, chain };
}

export interface Notification {
  readonly state: number;
  /** -1: nobody. */
  readonly leader: number | undefined;
  readonly zxid: Zxid | undefined;
  readonly peerEpoch: number | undefined;
  readonly round: number | undefined;
  readonly configVersion: Zxid | undefined;
  readonly blank: boolean;
  readonly leaderBlank: boolean;
  /** The newest configuration of the sender, committed or not, as its record has it. */
  readonly config: string | undefined;
}

export function sizeNotification(v: Notification): number {
  let size = 0;
  if (v.state !== 0) size += 1 + sizeOfVarint(v.state);
  if (v.leader !== undefined) size += 1 + sizeOfSint32(v.leader);
  if (v.zxid !== undefined) size += 1 + sizeWithLength(sizeZxid(v.zxid));
  if (v.peerEpoch !== undefined) size += 1 + sizeOfVarint(v.peerEpoch);
  if (v.round !== undefined) size += 1 + sizeOfVarint(v.round);
  if (v.configVersion !== undefined) size += 1 + sizeWithLength(sizeZxid(v.configVersion));
  if (v.blank) size += 1 + 1;
  if (v.leaderBlank) size += 1 + 1;
  if (v.config !== undefined) size += 1 + sizeOfString(v.config);
  return size;
}

export function writeNotification(w: ProtoWriter, v: Notification): void {
  if (v.state !== 0) {
    w.uint32(8);
    w.uint32(v.state);
  }
  if (v.leader !== undefined) {
    w.uint32(16);
    w.sint32(v.leader);
  }
  if (v.zxid !== undefined) {
    w.uint32(26);
    w.uint32(sizeZxid(v.zxid));
    writeZxid(w, v.zxid);
  }
  if (v.peerEpoch !== undefined) {
    w.uint32(32);
    w.uint32(v.peerEpoch);
  }
  if (v.round !== undefined) {
    w.uint32(40);
    w.uint32(v.round);
  }
  if (v.configVersion !== undefined) {
    w.uint32(50);
    w.uint32(sizeZxid(v.configVersion));
    writeZxid(w, v.configVersion);
  }
  if (v.blank) {
    w.uint32(56);
    w.bool(v.blank);
  }
  if (v.leaderBlank) {
    w.uint32(64);
    w.bool(v.leaderBlank);
  }
  if (v.config !== undefined) {
    w.uint32(74);
    w.string(v.config);
  }
}

export function readNotification(r: ProtoReader, end = r.len): Notification {
  let state = 0;
  let leader: number | undefined;
  let zxid: Zxid | undefined;
  let peerEpoch: number | undefined;
  let round: number | undefined;
  let configVersion: Zxid | undefined;
  let blank = false;
  let leaderBlank = false;
  let config: string | undefined;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 8:
        state = r.uint32();
        break;
      case 16:
        leader = r.sint32();
        break;
      case 26:
        zxid = readZxid(r, nestedEnd(r, end));
        break;
      case 32:
        peerEpoch = r.uint32();
        break;
      case 40:
        round = r.uint32();
        break;
      case 50:
        configVersion = readZxid(r, nestedEnd(r, end));
        break;
      case 56:
        blank = r.bool();
        break;
      case 64:
        leaderBlank = r.bool();
        break;
      case 74:
        config = r.stringVerify();
        break;
      default:
        skipField(r, tag);
    }
  }
  checkEnd(r, end);
  return { state, leader, zxid, peerEpoch, round, configVersion, blank, leaderBlank, config };
}

/** What leaves for a quorum link in one turn, in order. */
export interface FrameGroup {
  readonly messages: readonly Message[];
}

export function sizeFrameGroup(v: FrameGroup): number {
  let size = 0;
  for (const item of v.messages) size += 1 + sizeWithLength(sizeMessage(item));
  return size;
}

export function writeFrameGroup(w: ProtoWriter, v: FrameGroup): void {
  for (const item of v.messages) {
    w.uint32(10);
    w.uint32(sizeMessage(item));
    writeMessage(w, item);
  }
}

export function readFrameGroup(r: ProtoReader, end = r.len): FrameGroup {
  const messages: Message[] = [];
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 10:
        checkCount(messages.push(readMessage(r, nestedEnd(r, end))));
        break;
      default:
        skipField(r, tag);
    }
  }
  checkEnd(r, end);
  return { messages };
}

export type Message =
  | { readonly kind: 'followerInfo'; readonly value: FollowerInfo }
  | { readonly kind: 'ackEpoch'; readonly value: AckEpoch }
  | { readonly kind: 'wantSnapshot'; readonly value: WantSnapshot }
  | { readonly kind: 'chunkStaged'; readonly value: ChunkStaged }
  | { readonly kind: 'ackNewLeader'; readonly value: AckNewLeader }
  | { readonly kind: 'ack'; readonly value: Ack }
  | { readonly kind: 'pong'; readonly value: Pong }
  | { readonly kind: 'request'; readonly value: Request }
  | { readonly kind: 'revalidate'; readonly value: Revalidate }
  | { readonly kind: 'sync'; readonly value: Sync }
  | { readonly kind: 'leaderInfo'; readonly value: LeaderInfo }
  | { readonly kind: 'diff'; readonly value: Diff }
  | { readonly kind: 'trunc'; readonly value: Trunc }
  | { readonly kind: 'snap'; readonly value: Snap }
  | { readonly kind: 'chunk'; readonly value: Chunk }
  | { readonly kind: 'records'; readonly value: Records }
  | { readonly kind: 'newLeader'; readonly value: NewLeader }
  | { readonly kind: 'upToDate'; readonly value: UpToDate }
  | { readonly kind: 'commit'; readonly value: Commit }
  | { readonly kind: 'ping'; readonly value: Ping }
  | { readonly kind: 'revalidated'; readonly value: Revalidated }
  | { readonly kind: 'synced'; readonly value: Synced }
  | { readonly kind: 'handOver'; readonly value: HandOver }

export function sizeMessage(v: Message): number {
  switch (v.kind) {
    case 'followerInfo':
      return 1 + sizeWithLength(sizeFollowerInfo(v.value));
    case 'ackEpoch':
      return 1 + sizeWithLength(sizeAckEpoch(v.value));
    case 'wantSnapshot':
      return 1 + sizeWithLength(sizeWantSnapshot(v.value));
    case 'chunkStaged':
      return 1 + sizeWithLength(sizeChunkStaged(v.value));
    case 'ackNewLeader':
      return 1 + sizeWithLength(sizeAckNewLeader(v.value));
    case 'ack':
      return 1 + sizeWithLength(sizeAck(v.value));
    case 'pong':
      return 1 + sizeWithLength(sizePong(v.value));
    case 'request':
      return 1 + sizeWithLength(sizeRequest(v.value));
    case 'revalidate':
      return 1 + sizeWithLength(sizeRevalidate(v.value));
    case 'sync':
      return 1 + sizeWithLength(sizeSync(v.value));
    case 'leaderInfo':
      return 2 + sizeWithLength(sizeLeaderInfo(v.value));
    case 'diff':
      return 2 + sizeWithLength(sizeDiff(v.value));
    case 'trunc':
      return 2 + sizeWithLength(sizeTrunc(v.value));
    case 'snap':
      return 2 + sizeWithLength(sizeSnap(v.value));
    case 'chunk':
      return 2 + sizeWithLength(sizeChunk(v.value));
    case 'records':
      return 2 + sizeWithLength(sizeRecords(v.value));
    case 'newLeader':
      return 2 + sizeWithLength(sizeNewLeader(v.value));
    case 'upToDate':
      return 2 + sizeWithLength(sizeUpToDate(v.value));
    case 'commit':
      return 2 + sizeWithLength(sizeCommit(v.value));
    case 'ping':
      return 2 + sizeWithLength(sizePing(v.value));
    case 'revalidated':
      return 2 + sizeWithLength(sizeRevalidated(v.value));
    case 'synced':
      return 2 + sizeWithLength(sizeSynced(v.value));
    case 'handOver':
      return 2 + sizeWithLength(sizeHandOver(v.value));
  }
}

export function writeMessage(w: ProtoWriter, v: Message): void {
  switch (v.kind) {
    case 'followerInfo':
      w.uint32(10);
      w.uint32(sizeFollowerInfo(v.value));
      writeFollowerInfo(w, v.value);
      break;
    case 'ackEpoch':
      w.uint32(18);
      w.uint32(sizeAckEpoch(v.value));
      writeAckEpoch(w, v.value);
      break;
    case 'wantSnapshot':
      w.uint32(26);
      w.uint32(sizeWantSnapshot(v.value));
      writeWantSnapshot(w, v.value);
      break;
    case 'chunkStaged':
      w.uint32(34);
      w.uint32(sizeChunkStaged(v.value));
      writeChunkStaged(w, v.value);
      break;
    case 'ackNewLeader':
      w.uint32(42);
      w.uint32(sizeAckNewLeader(v.value));
      writeAckNewLeader(w, v.value);
      break;
    case 'ack':
      w.uint32(50);
      w.uint32(sizeAck(v.value));
      writeAck(w, v.value);
      break;
    case 'pong':
      w.uint32(58);
      w.uint32(sizePong(v.value));
      writePong(w, v.value);
      break;
    case 'request':
      w.uint32(66);
      w.uint32(sizeRequest(v.value));
      writeRequest(w, v.value);
      break;
    case 'revalidate':
      w.uint32(74);
      w.uint32(sizeRevalidate(v.value));
      writeRevalidate(w, v.value);
      break;
    case 'sync':
      w.uint32(82);
      w.uint32(sizeSync(v.value));
      writeSync(w, v.value);
      break;
    case 'leaderInfo':
      w.uint32(266);
      w.uint32(sizeLeaderInfo(v.value));
      writeLeaderInfo(w, v.value);
      break;
    case 'diff':
      w.uint32(274);
      w.uint32(sizeDiff(v.value));
      writeDiff(w, v.value);
      break;
    case 'trunc':
      w.uint32(282);
      w.uint32(sizeTrunc(v.value));
      writeTrunc(w, v.value);
      break;
    case 'snap':
      w.uint32(290);
      w.uint32(sizeSnap(v.value));
      writeSnap(w, v.value);
      break;
    case 'chunk':
      w.uint32(298);
      w.uint32(sizeChunk(v.value));
      writeChunk(w, v.value);
      break;
    case 'records':
      w.uint32(306);
      w.uint32(sizeRecords(v.value));
      writeRecords(w, v.value);
      break;
    case 'newLeader':
      w.uint32(314);
      w.uint32(sizeNewLeader(v.value));
      writeNewLeader(w, v.value);
      break;
    case 'upToDate':
      w.uint32(322);
      w.uint32(sizeUpToDate(v.value));
      writeUpToDate(w, v.value);
      break;
    case 'commit':
      w.uint32(330);
      w.uint32(sizeCommit(v.value));
      writeCommit(w, v.value);
      break;
    case 'ping':
      w.uint32(338);
      w.uint32(sizePing(v.value));
      writePing(w, v.value);
      break;
    case 'revalidated':
      w.uint32(346);
      w.uint32(sizeRevalidated(v.value));
      writeRevalidated(w, v.value);
      break;
    case 'synced':
      w.uint32(354);
      w.uint32(sizeSynced(v.value));
      writeSynced(w, v.value);
      break;
    case 'handOver':
      w.uint32(362);
      w.uint32(sizeHandOver(v.value));
      writeHandOver(w, v.value);
      break;
  }
}

export function readMessage(r: ProtoReader, end = r.len): Message {
  let message: Message | undefined;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 10:
        message = { kind: 'followerInfo', value: readFollowerInfo(r, nestedEnd(r, end)) };
        break;
      case 18:
        message = { kind: 'ackEpoch', value: readAckEpoch(r, nestedEnd(r, end)) };
        break;
      case 26:
        message = { kind: 'wantSnapshot', value: readWantSnapshot(r, nestedEnd(r, end)) };
        break;
      case 34:
        message = { kind: 'chunkStaged', value: readChunkStaged(r, nestedEnd(r, end)) };
        break;
      case 42:
        message = { kind: 'ackNewLeader', value: readAckNewLeader(r, nestedEnd(r, end)) };
        break;
      case 50:
        message = { kind: 'ack', value: readAck(r, nestedEnd(r, end)) };
        break;
      case 58:
        message = { kind: 'pong', value: readPong(r, nestedEnd(r, end)) };
        break;
      case 66:
        message = { kind: 'request', value: readRequest(r, nestedEnd(r, end)) };
        break;
      case 74:
        message = { kind: 'revalidate', value: readRevalidate(r, nestedEnd(r, end)) };
        break;
      case 82:
        message = { kind: 'sync', value: readSync(r, nestedEnd(r, end)) };
        break;
      case 266:
        message = { kind: 'leaderInfo', value: readLeaderInfo(r, nestedEnd(r, end)) };
        break;
      case 274:
        message = { kind: 'diff', value: readDiff(r, nestedEnd(r, end)) };
        break;
      case 282:
        message = { kind: 'trunc', value: readTrunc(r, nestedEnd(r, end)) };
        break;
      case 290:
        message = { kind: 'snap', value: readSnap(r, nestedEnd(r, end)) };
        break;
      case 298:
        message = { kind: 'chunk', value: readChunk(r, nestedEnd(r, end)) };
        break;
      case 306:
        message = { kind: 'records', value: readRecords(r, nestedEnd(r, end)) };
        break;
      case 314:
        message = { kind: 'newLeader', value: readNewLeader(r, nestedEnd(r, end)) };
        break;
      case 322:
        message = { kind: 'upToDate', value: readUpToDate(r, nestedEnd(r, end)) };
        break;
      case 330:
        message = { kind: 'commit', value: readCommit(r, nestedEnd(r, end)) };
        break;
      case 338:
        message = { kind: 'ping', value: readPing(r, nestedEnd(r, end)) };
        break;
      case 346:
        message = { kind: 'revalidated', value: readRevalidated(r, nestedEnd(r, end)) };
        break;
      case 354:
        message = { kind: 'synced', value: readSynced(r, nestedEnd(r, end)) };
        break;
      case 362:
        message = { kind: 'handOver', value: readHandOver(r, nestedEnd(r, end)) };
        break;
      default:
        skipField(r, tag);
    }
  }
  checkEnd(r, end);
  if (message === undefined) throw new RangeError('a Message of a kind that is not known here');
  return message;
}

export interface FollowerInfo {
  readonly acceptedEpoch: number | undefined;
  readonly observer: boolean;
  readonly configVersion: Zxid | undefined;
  readonly blank: boolean;
  readonly suspect: boolean;
}

export function sizeFollowerInfo(v: FollowerInfo): number {
  let size = 0;
  if (v.acceptedEpoch !== undefined) size += 1 + sizeOfVarint(v.acceptedEpoch);
  if (v.observer) size += 1 + 1;
  if (v.configVersion !== undefined) size += 1 + sizeWithLength(sizeZxid(v.configVersion));
  if (v.blank) size += 1 + 1;
  if (v.suspect) size += 1 + 1;
  return size;
}

export function writeFollowerInfo(w: ProtoWriter, v: FollowerInfo): void {
  if (v.acceptedEpoch !== undefined) {
    w.uint32(8);
    w.uint32(v.acceptedEpoch);
  }
  if (v.observer) {
    w.uint32(16);
    w.bool(v.observer);
  }
  if (v.configVersion !== undefined) {
    w.uint32(26);
    w.uint32(sizeZxid(v.configVersion));
    writeZxid(w, v.configVersion);
  }
  if (v.blank) {
    w.uint32(32);
    w.bool(v.blank);
  }
  if (v.suspect) {
    w.uint32(40);
    w.bool(v.suspect);
  }
}

export function readFollowerInfo(r: ProtoReader, end = r.len): FollowerInfo {
  let acceptedEpoch: number | undefined;
  let observer = false;
  let configVersion: Zxid | undefined;
  let blank = false;
  let suspect = false;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 8:
        acceptedEpoch = r.uint32();
        break;
      case 16:
        observer = r.bool();
        break;
      case 26:
        configVersion = readZxid(r, nestedEnd(r, end));
        break;
      case 32:
        blank = r.bool();
        break;
      case 40:
        suspect = r.bool();
        break;
      default:
        skipField(r, tag);
    }
  }
  checkEnd(r, end);
  return { acceptedEpoch, observer, configVersion, blank, suspect };
}

export interface AckEpoch {
  readonly currentEpoch: number | undefined;
  readonly tail: Mark | undefined;
  readonly counts: boolean;
}

export function sizeAckEpoch(v: AckEpoch): number {
  let size = 0;
  if (v.currentEpoch !== undefined) size += 1 + sizeOfVarint(v.currentEpoch);
  if (v.tail !== undefined) size += 1 + sizeWithLength(sizeMark(v.tail));
  if (v.counts) size += 1 + 1;
  return size;
}

export function writeAckEpoch(w: ProtoWriter, v: AckEpoch): void {
  if (v.currentEpoch !== undefined) {
    w.uint32(8);
    w.uint32(v.currentEpoch);
  }
  if (v.tail !== undefined) {
    w.uint32(18);
    w.uint32(sizeMark(v.tail));
    writeMark(w, v.tail);
  }
  if (v.counts) {
    w.uint32(24);
    w.bool(v.counts);
  }
}

export function readAckEpoch(r: ProtoReader, end = r.len): AckEpoch {
  let currentEpoch: number | undefined;
  let tail: Mark | undefined;
  let counts = false;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 8:
        currentEpoch = r.uint32();
        break;
      case 18:
        tail = readMark(r, nestedEnd(r, end));
        break;
      case 24:
        counts = r.bool();
        break;
      default:
        skipField(r, tag);
    }
  }
  checkEnd(r, end);
  return { currentEpoch, tail, counts };
}

export interface WantSnapshot {}

export function sizeWantSnapshot(_v: WantSnapshot): number {
  return 0;
}

export function writeWantSnapshot(_w: ProtoWriter, _v: WantSnapshot): void {}

export function readWantSnapshot(r: ProtoReader, end = r.len): WantSnapshot {
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      default:
        skipField(r, tag);
    }
  }
  checkEnd(r, end);
  return {};
}

export interface ChunkStaged {}

export function sizeChunkStaged(_v: ChunkStaged): number {
  return 0;
}

export function writeChunkStaged(_w: ProtoWriter, _v: ChunkStaged): void {}

export function readChunkStaged(r: ProtoReader, end = r.len): ChunkStaged {
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      default:
        skipField(r, tag);
    }
  }
  checkEnd(r, end);
  return {};
}

export interface AckNewLeader {
  readonly epoch: number | undefined;
}

export function sizeAckNewLeader(v: AckNewLeader): number {
  let size = 0;
  if (v.epoch !== undefined) size += 1 + sizeOfVarint(v.epoch);
  return size;
}

export function writeAckNewLeader(w: ProtoWriter, v: AckNewLeader): void {
  if (v.epoch !== undefined) {
    w.uint32(8);
    w.uint32(v.epoch);
  }
}

export function readAckNewLeader(r: ProtoReader, end = r.len): AckNewLeader {
  let epoch: number | undefined;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 8:
        epoch = r.uint32();
        break;
      default:
        skipField(r, tag);
    }
  }
  checkEnd(r, end);
  return { epoch };
}

export interface Ack {
  readonly epoch: number | undefined;
  readonly index: bigint | undefined;
}

export function sizeAck(v: Ack): number {
  let size = 0;
  if (v.epoch !== undefined) size += 1 + sizeOfVarint(v.epoch);
  if (v.index !== undefined) size += 1 + 8;
  return size;
}

export function writeAck(w: ProtoWriter, v: Ack): void {
  if (v.epoch !== undefined) {
    w.uint32(8);
    w.uint32(v.epoch);
  }
  if (v.index !== undefined) {
    w.uint32(17);
    writeFixed64(w, v.index);
  }
}

export function readAck(r: ProtoReader, end = r.len): Ack {
  let epoch: number | undefined;
  let index: bigint | undefined;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 8:
        epoch = r.uint32();
        break;
      case 17:
        index = readFixed64(r);
        break;
      default:
        skipField(r, tag);
    }
  }
  checkEnd(r, end);
  return { epoch, index };
}

export interface Pong {
  readonly beat: bigint | undefined;
  readonly touched: readonly bigint[];
  readonly applied: bigint | undefined;
}

export function sizePong(v: Pong): number {
  let size = 0;
  if (v.beat !== undefined) size += 1 + 8;
  if (v.touched.length > 0) size += 1 + sizeWithLength(8 * v.touched.length);
  if (v.applied !== undefined) size += 1 + 8;
  return size;
}

export function writePong(w: ProtoWriter, v: Pong): void {
  if (v.beat !== undefined) {
    w.uint32(9);
    writeFixed64(w, v.beat);
  }
  if (v.touched.length > 0) {
    w.uint32(18).uint32(8 * v.touched.length);
    for (const item of v.touched) writeFixed64(w, item);
  }
  if (v.applied !== undefined) {
    w.uint32(25);
    writeFixed64(w, v.applied);
  }
}

export function readPong(r: ProtoReader, end = r.len): Pong {
  let beat: bigint | undefined;
  const touched: bigint[] = [];
  let applied: bigint | undefined;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 9:
        beat = readFixed64(r);
        break;
      case 18: {
        const packed = nestedEnd(r, end);
        while (r.pos < packed) checkCount(touched.push(readSfixed64(r)));
        checkEnd(r, packed);
        break;
      }
      case 17:
        checkCount(touched.push(readSfixed64(r)));
        break;
      case 25:
        applied = readFixed64(r);
        break;
      default:
        skipField(r, tag);
    }
  }
  checkEnd(r, end);
  return { beat, touched, applied };
}

export interface Identity {
  readonly scheme: string | undefined;
  readonly id: string | undefined;
}

export function sizeIdentity(v: Identity): number {
  let size = 0;
  if (v.scheme !== undefined) size += 1 + sizeOfString(v.scheme);
  if (v.id !== undefined) size += 1 + sizeOfString(v.id);
  return size;
}

export function writeIdentity(w: ProtoWriter, v: Identity): void {
  if (v.scheme !== undefined) {
    w.uint32(10);
    w.string(v.scheme);
  }
  if (v.id !== undefined) {
    w.uint32(18);
    w.string(v.id);
  }
}

export function readIdentity(r: ProtoReader, end = r.len): Identity {
  let scheme: string | undefined;
  let id: string | undefined;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 10:
        scheme = r.stringVerify();
        break;
      case 18:
        id = r.stringVerify();
        break;
      default:
        skipField(r, tag);
    }
  }
  checkEnd(r, end);
  return { scheme, id };
}

export interface Request {
  readonly request: bigint | undefined;
  readonly session: bigint | undefined;
  readonly cxid: number | undefined;
  readonly op: number | undefined;
  readonly body: Uint8Array | undefined;
  readonly identities: readonly Identity[];
}

export function sizeRequest(v: Request): number {
  let size = 0;
  if (v.request !== undefined) size += 1 + 8;
  if (v.session !== undefined) size += 1 + 8;
  if (v.cxid !== undefined) size += 1 + sizeOfSint32(v.cxid);
  if (v.op !== undefined) size += 1 + sizeOfSint32(v.op);
  if (v.body !== undefined) size += 1 + sizeWithLength(v.body.byteLength);
  for (const item of v.identities) size += 1 + sizeWithLength(sizeIdentity(item));
  return size;
}

export function writeRequest(w: ProtoWriter, v: Request): void {
  if (v.request !== undefined) {
    w.uint32(9);
    writeFixed64(w, v.request);
  }
  if (v.session !== undefined) {
    w.uint32(17);
    writeFixed64(w, v.session);
  }
  if (v.cxid !== undefined) {
    w.uint32(24);
    w.sint32(v.cxid);
  }
  if (v.op !== undefined) {
    w.uint32(32);
    w.sint32(v.op);
  }
  if (v.body !== undefined) {
    w.uint32(42);
    w.bytes(v.body);
  }
  for (const item of v.identities) {
    w.uint32(50);
    w.uint32(sizeIdentity(item));
    writeIdentity(w, item);
  }
}

export function readRequest(r: ProtoReader, end = r.len): Request {
  let request: bigint | undefined;
  let session: bigint | undefined;
  let cxid: number | undefined;
  let op: number | undefined;
  let body: Uint8Array | undefined;
  const identities: Identity[] = [];
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 9:
        request = readFixed64(r);
        break;
      case 17:
        session = readSfixed64(r);
        break;
      case 24:
        cxid = r.sint32();
        break;
      case 32:
        op = r.sint32();
        break;
      case 42:
        body = r.bytes();
        break;
      case 50:
        checkCount(identities.push(readIdentity(r, nestedEnd(r, end))));
        break;
      default:
        skipField(r, tag);
    }
  }
  checkEnd(r, end);
  return { request, session, cxid, op, body, identities };
}

export interface Revalidate {
  readonly request: bigint | undefined;
  readonly session: bigint | undefined;
  readonly timeoutMs: number | undefined;
}

export function sizeRevalidate(v: Revalidate): number {
  let size = 0;
  if (v.request !== undefined) size += 1 + 8;
  if (v.session !== undefined) size += 1 + 8;
  if (v.timeoutMs !== undefined) size += 1 + sizeOfVarint(v.timeoutMs);
  return size;
}

export function writeRevalidate(w: ProtoWriter, v: Revalidate): void {
  if (v.request !== undefined) {
    w.uint32(9);
    writeFixed64(w, v.request);
  }
  if (v.session !== undefined) {
    w.uint32(17);
    writeFixed64(w, v.session);
  }
  if (v.timeoutMs !== undefined) {
    w.uint32(24);
    w.uint32(v.timeoutMs);
  }
}

export function readRevalidate(r: ProtoReader, end = r.len): Revalidate {
  let request: bigint | undefined;
  let session: bigint | undefined;
  let timeoutMs: number | undefined;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 9:
        request = readFixed64(r);
        break;
      case 17:
        session = readSfixed64(r);
        break;
      case 24:
        timeoutMs = r.uint32();
        break;
      default:
        skipField(r, tag);
    }
  }
  checkEnd(r, end);
  return { request, session, timeoutMs };
}

export interface Sync {
  readonly request: bigint | undefined;
}

export function sizeSync(v: Sync): number {
  let size = 0;
  if (v.request !== undefined) size += 1 + 8;
  return size;
}

export function writeSync(w: ProtoWriter, v: Sync): void {
  if (v.request !== undefined) {
    w.uint32(9);
    writeFixed64(w, v.request);
  }
}

export function readSync(r: ProtoReader, end = r.len): Sync {
  let request: bigint | undefined;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 9:
        request = readFixed64(r);
        break;
      default:
        skipField(r, tag);
    }
  }
  checkEnd(r, end);
  return { request };
}

export interface LeaderInfo {
  readonly epoch: number | undefined;
}

export function sizeLeaderInfo(v: LeaderInfo): number {
  let size = 0;
  if (v.epoch !== undefined) size += 1 + sizeOfVarint(v.epoch);
  return size;
}

export function writeLeaderInfo(w: ProtoWriter, v: LeaderInfo): void {
  if (v.epoch !== undefined) {
    w.uint32(8);
    w.uint32(v.epoch);
  }
}

export function readLeaderInfo(r: ProtoReader, end = r.len): LeaderInfo {
  let epoch: number | undefined;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 8:
        epoch = r.uint32();
        break;
      default:
        skipField(r, tag);
    }
  }
  checkEnd(r, end);
  return { epoch };
}

export interface Diff {
  readonly from: Mark | undefined;
}

export function sizeDiff(v: Diff): number {
  let size = 0;
  if (v.from !== undefined) size += 1 + sizeWithLength(sizeMark(v.from));
  return size;
}

export function writeDiff(w: ProtoWriter, v: Diff): void {
  if (v.from !== undefined) {
    w.uint32(10);
    w.uint32(sizeMark(v.from));
    writeMark(w, v.from);
  }
}

export function readDiff(r: ProtoReader, end = r.len): Diff {
  let from: Mark | undefined;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 10:
        from = readMark(r, nestedEnd(r, end));
        break;
      default:
        skipField(r, tag);
    }
  }
  checkEnd(r, end);
  return { from };
}

export interface Trunc {
  readonly to: Mark | undefined;
}

export function sizeTrunc(v: Trunc): number {
  let size = 0;
  if (v.to !== undefined) size += 1 + sizeWithLength(sizeMark(v.to));
  return size;
}

export function writeTrunc(w: ProtoWriter, v: Trunc): void {
  if (v.to !== undefined) {
    w.uint32(10);
    w.uint32(sizeMark(v.to));
    writeMark(w, v.to);
  }
}

export function readTrunc(r: ProtoReader, end = r.len): Trunc {
  let to: Mark | undefined;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 10:
        to = readMark(r, nestedEnd(r, end));
        break;
      default:
        skipField(r, tag);
    }
  }
  checkEnd(r, end);
  return { to };
}

export interface Snap {
  readonly base: Mark | undefined;
}

export function sizeSnap(v: Snap): number {
  let size = 0;
  if (v.base !== undefined) size += 1 + sizeWithLength(sizeMark(v.base));
  return size;
}

export function writeSnap(w: ProtoWriter, v: Snap): void {
  if (v.base !== undefined) {
    w.uint32(10);
    w.uint32(sizeMark(v.base));
    writeMark(w, v.base);
  }
}

export function readSnap(r: ProtoReader, end = r.len): Snap {
  let base: Mark | undefined;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 10:
        base = readMark(r, nestedEnd(r, end));
        break;
      default:
        skipField(r, tag);
    }
  }
  checkEnd(r, end);
  return { base };
}

export interface Chunk {
  readonly bytes: Uint8Array | undefined;
  readonly last: boolean;
}

export function sizeChunk(v: Chunk): number {
  let size = 0;
  if (v.bytes !== undefined) size += 1 + sizeWithLength(v.bytes.byteLength);
  if (v.last) size += 1 + 1;
  return size;
}

export function writeChunk(w: ProtoWriter, v: Chunk): void {
  if (v.bytes !== undefined) {
    w.uint32(10);
    w.bytes(v.bytes);
  }
  if (v.last) {
    w.uint32(16);
    w.bool(v.last);
  }
}

export function readChunk(r: ProtoReader, end = r.len): Chunk {
  let bytes: Uint8Array | undefined;
  let last = false;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 10:
        bytes = r.bytes();
        break;
      case 16:
        last = r.bool();
        break;
      default:
        skipField(r, tag);
    }
  }
  checkEnd(r, end);
  return { bytes, last };
}

export interface Answer {
  readonly index: bigint | undefined;
  readonly request: bigint | undefined;
}

export function sizeAnswer(v: Answer): number {
  let size = 0;
  if (v.index !== undefined) size += 1 + 8;
  if (v.request !== undefined) size += 1 + 8;
  return size;
}

export function writeAnswer(w: ProtoWriter, v: Answer): void {
  if (v.index !== undefined) {
    w.uint32(9);
    writeFixed64(w, v.index);
  }
  if (v.request !== undefined) {
    w.uint32(17);
    writeFixed64(w, v.request);
  }
}

export function readAnswer(r: ProtoReader, end = r.len): Answer {
  let index: bigint | undefined;
  let request: bigint | undefined;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 9:
        index = readFixed64(r);
        break;
      case 17:
        request = readFixed64(r);
        break;
      default:
        skipField(r, tag);
    }
  }
  checkEnd(r, end);
  return { index, request };
}

export interface Records {
  /** Jute LogRecords, one behind the other. */
  readonly bytes: Uint8Array | undefined;
  readonly count: number | undefined;
  readonly last: Mark | undefined;
  readonly answers: readonly Answer[];
}

export function sizeRecords(v: Records): number {
  let size = 0;
  if (v.bytes !== undefined) size += 1 + sizeWithLength(v.bytes.byteLength);
  if (v.count !== undefined) size += 1 + sizeOfVarint(v.count);
  if (v.last !== undefined) size += 1 + sizeWithLength(sizeMark(v.last));
  for (const item of v.answers) size += 1 + sizeWithLength(sizeAnswer(item));
  return size;
}

export function writeRecords(w: ProtoWriter, v: Records): void {
  if (v.bytes !== undefined) {
    w.uint32(10);
    w.bytes(v.bytes);
  }
  if (v.count !== undefined) {
    w.uint32(16);
    w.uint32(v.count);
  }
  if (v.last !== undefined) {
    w.uint32(26);
    w.uint32(sizeMark(v.last));
    writeMark(w, v.last);
  }
  for (const item of v.answers) {
    w.uint32(34);
    w.uint32(sizeAnswer(item));
    writeAnswer(w, item);
  }
}

export function readRecords(r: ProtoReader, end = r.len): Records {
  let bytes: Uint8Array | undefined;
  let count: number | undefined;
  let last: Mark | undefined;
  const answers: Answer[] = [];
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 10:
        bytes = r.bytes();
        break;
      case 16:
        count = r.uint32();
        break;
      case 26:
        last = readMark(r, nestedEnd(r, end));
        break;
      case 34:
        checkCount(answers.push(readAnswer(r, nestedEnd(r, end))));
        break;
      default:
        skipField(r, tag);
    }
  }
  checkEnd(r, end);
  return { bytes, count, last, answers };
}

export interface NewLeader {
  readonly epoch: number | undefined;
  readonly tail: Mark | undefined;
  readonly secret: Uint8Array | undefined;
}

export function sizeNewLeader(v: NewLeader): number {
  let size = 0;
  if (v.epoch !== undefined) size += 1 + sizeOfVarint(v.epoch);
  if (v.tail !== undefined) size += 1 + sizeWithLength(sizeMark(v.tail));
  if (v.secret !== undefined) size += 1 + sizeWithLength(v.secret.byteLength);
  return size;
}

export function writeNewLeader(w: ProtoWriter, v: NewLeader): void {
  if (v.epoch !== undefined) {
    w.uint32(8);
    w.uint32(v.epoch);
  }
  if (v.tail !== undefined) {
    w.uint32(18);
    w.uint32(sizeMark(v.tail));
    writeMark(w, v.tail);
  }
  if (v.secret !== undefined) {
    w.uint32(26);
    w.bytes(v.secret);
  }
}

export function readNewLeader(r: ProtoReader, end = r.len): NewLeader {
  let epoch: number | undefined;
  let tail: Mark | undefined;
  let secret: Uint8Array | undefined;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 8:
        epoch = r.uint32();
        break;
      case 18:
        tail = readMark(r, nestedEnd(r, end));
        break;
      case 26:
        secret = r.bytes();
        break;
      default:
        skipField(r, tag);
    }
  }
  checkEnd(r, end);
  return { epoch, tail, secret };
}

export interface UpToDate {
  readonly commit: bigint | undefined;
}

export function sizeUpToDate(v: UpToDate): number {
  let size = 0;
  if (v.commit !== undefined) size += 1 + 8;
  return size;
}

export function writeUpToDate(w: ProtoWriter, v: UpToDate): void {
  if (v.commit !== undefined) {
    w.uint32(9);
    writeFixed64(w, v.commit);
  }
}

export function readUpToDate(r: ProtoReader, end = r.len): UpToDate {
  let commit: bigint | undefined;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 9:
        commit = readFixed64(r);
        break;
      default:
        skipField(r, tag);
    }
  }
  checkEnd(r, end);
  return { commit };
}

export interface Commit {
  readonly index: bigint | undefined;
}

export function sizeCommit(v: Commit): number {
  let size = 0;
  if (v.index !== undefined) size += 1 + 8;
  return size;
}

export function writeCommit(w: ProtoWriter, v: Commit): void {
  if (v.index !== undefined) {
    w.uint32(9);
    writeFixed64(w, v.index);
  }
}

export function readCommit(r: ProtoReader, end = r.len): Commit {
  let index: bigint | undefined;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 9:
        index = readFixed64(r);
        break;
      default:
        skipField(r, tag);
    }
  }
  checkEnd(r, end);
  return { index };
}

export interface Ping {
  readonly beat: bigint | undefined;
  readonly commit: bigint | undefined;
}

export function sizePing(v: Ping): number {
  let size = 0;
  if (v.beat !== undefined) size += 1 + 8;
  if (v.commit !== undefined) size += 1 + 8;
  return size;
}

export function writePing(w: ProtoWriter, v: Ping): void {
  if (v.beat !== undefined) {
    w.uint32(9);
    writeFixed64(w, v.beat);
  }
  if (v.commit !== undefined) {
    w.uint32(17);
    writeFixed64(w, v.commit);
  }
}

export function readPing(r: ProtoReader, end = r.len): Ping {
  let beat: bigint | undefined;
  let commit: bigint | undefined;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 9:
        beat = readFixed64(r);
        break;
      case 17:
        commit = readFixed64(r);
        break;
      default:
        skipField(r, tag);
    }
  }
  checkEnd(r, end);
  return { beat, commit };
}

export interface Revalidated {
  readonly request: bigint | undefined;
  readonly valid: boolean;
}

export function sizeRevalidated(v: Revalidated): number {
  let size = 0;
  if (v.request !== undefined) size += 1 + 8;
  if (v.valid) size += 1 + 1;
  return size;
}

export function writeRevalidated(w: ProtoWriter, v: Revalidated): void {
  if (v.request !== undefined) {
    w.uint32(9);
    writeFixed64(w, v.request);
  }
  if (v.valid) {
    w.uint32(16);
    w.bool(v.valid);
  }
}

export function readRevalidated(r: ProtoReader, end = r.len): Revalidated {
  let request: bigint | undefined;
  let valid = false;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 9:
        request = readFixed64(r);
        break;
      case 16:
        valid = r.bool();
        break;
      default:
        skipField(r, tag);
    }
  }
  checkEnd(r, end);
  return { request, valid };
}

export interface Synced {
  readonly request: bigint | undefined;
  readonly index: bigint | undefined;
}

export function sizeSynced(v: Synced): number {
  let size = 0;
  if (v.request !== undefined) size += 1 + 8;
  if (v.index !== undefined) size += 1 + 8;
  return size;
}

export function writeSynced(w: ProtoWriter, v: Synced): void {
  if (v.request !== undefined) {
    w.uint32(9);
    writeFixed64(w, v.request);
  }
  if (v.index !== undefined) {
    w.uint32(17);
    writeFixed64(w, v.index);
  }
}

export function readSynced(r: ProtoReader, end = r.len): Synced {
  let request: bigint | undefined;
  let index: bigint | undefined;
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      case 9:
        request = readFixed64(r);
        break;
      case 17:
        index = readFixed64(r);
        break;
      default:
        skipField(r, tag);
    }
  }
  checkEnd(r, end);
  return { request, index };
}

export interface HandOver {}

export function sizeHandOver(_v: HandOver): number {
  return 0;
}

export function writeHandOver(_w: ProtoWriter, _v: HandOver): void {}

export function readHandOver(r: ProtoReader, end = r.len): HandOver {
  while (r.pos < end) {
    const tag = r.tag();
    switch (tag) {
      default:
        skipField(r, tag);
    }
  }
  checkEnd(r, end);
  return {};
}
