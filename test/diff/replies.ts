/** Decodes what a server sent, field by field, and words it for the transcript. Nothing of a frame goes unsaid. */
import {
  Reader,
  readConnectResponse,
  readCreate2Response,
  readErrorResponse,
  readGetChildren2Response,
  readGetChildrenResponse,
  readGetDataResponse,
  readGetACLResponse,
  readMultiHeader,
  readReplyHeader,
  readSaslPacket,
  readStat,
  readSyncResponse,
  readWatcherEvent,
  readWhoAmIResponse,
} from '../../src/codec/index.js';
import type { ReplyHeader } from '../../src/codec/index.js';
import { errorName, EventType, KEEPER_STATE_SYNC_CONNECTED, OpCode, Xid } from '../../src/types/index.js';
import type { Normaliser } from './normaliser.js';

const EVENT_NAMES = new Map<number, string>(Object.entries(EventType).map(([name, type]) => [type, name]));
const PASSWORD_BYTES = 16;

type Body = (r: Reader, n: Normaliser) => string;

const stat: Body = (r, n) => n.stat(readStat(r));
const nothing: Body = () => '';

/** How a successful reply's body reads, by the type of the request. */
const BODIES = new Map<number, Body>([
  [OpCode.create, (r, n) => n.text(r.ustringOrNull())],
  [OpCode.create2, created],
  [OpCode.createContainer, created],
  [OpCode.createTTL, created],
  [OpCode.delete, nothing],
  [OpCode.deleteContainer, nothing],
  [OpCode.exists, stat],
  [OpCode.setData, stat],
  [OpCode.setACL, stat],
  [OpCode.getData, dataAndStat],
  [OpCode.reconfig, dataAndStat],
  [
    OpCode.getACL,
    (r, n) => {
      const reply = readGetACLResponse(r);
      return `${n.acl(reply.acl)} ${n.stat(reply.stat)}`;
    },
  ],
  [OpCode.getChildren, (r, n) => n.set(readGetChildrenResponse(r).children)],
  [
    OpCode.getChildren2,
    (r, n) => {
      const reply = readGetChildren2Response(r);
      return `${n.set(reply.children)} ${n.stat(reply.stat)}`;
    },
  ],
  [OpCode.sync, (r, n) => n.text(readSyncResponse(r).path)],
  [OpCode.ping, nothing],
  [OpCode.check, nothing],
  [OpCode.checkWatches, nothing],
  [OpCode.removeWatches, nothing],
  [OpCode.multi, results],
  [OpCode.multiRead, results],
  [OpCode.auth, nothing],
  [OpCode.setWatches, nothing],
  [OpCode.setWatches2, nothing],
  [
    OpCode.sasl,
    (r) => {
      const { token } = readSaslPacket(r);
      return token === null ? 'token null' : `token of ${token.length > 0 ? 'some' : '0'} bytes`;
    },
  ],
  [OpCode.getEphemerals, (r, n) => n.set(r.vectorOrNull(4, (item) => item.ustringOrNull()) ?? ['null'])],
  [OpCode.getAllChildrenNumber, (r) => String(r.int())],
  [OpCode.addWatch, (r) => `result ${readErrorResponse(r).err}`],
  [
    OpCode.whoAmI,
    (r, n) => n.set(readWhoAmIResponse(r).clientInfo.map((info) => `${info.authScheme}:${info.user}`)),
  ],
  [OpCode.closeSession, nothing],
]);

/** The bodies of a multi's results differ from those of the single requests in nothing but these. */
const RESULT_BODIES = new Map<number, Body>([[OpCode.error, (r) => `error ${codeText(r.int())}`]]);

function created(r: Reader, n: Normaliser): string {
  const reply = readCreate2Response(r);
  return `${n.text(reply.path)} ${n.stat(reply.stat)}`;
}

function dataAndStat(r: Reader, n: Normaliser): string {
  const reply = readGetDataResponse(r);
  return `${n.data(reply.data)} ${n.stat(reply.stat)}`;
}

function results(r: Reader, n: Normaliser): string {
  const texts: string[] = [];
  for (;;) {
    const { type, done, err } = readMultiHeader(r);
    if (done) {
      texts.push(`end ${type}/${err}`);
      return `[${texts.join(' | ')}]`;
    }
    const body = RESULT_BODIES.get(type) ?? BODIES.get(type);
    if (body === undefined) return `[${texts.join(' | ')} | result of type ${type}`;
    texts.push(`${type}/${err} ${body(r, n)}`.trimEnd());
  }
}

export function codeText(code: number): string {
  return code === 0 ? 'OK' : (errorName(code) ?? String(code));
}

function rest(r: Reader): string {
  return r.remaining === 0 ? '' : ` +${r.remaining} bytes`;
}

export function headerOf(payload: Buffer): ReplyHeader | undefined {
  return payload.length < 16 ? undefined : readReplyHeader(Reader.over(payload));
}

/** `13 OK z+2 <body>`; an error has no body, and if it has one, that is said. */
export function replyText(payload: Buffer, type: number, n: Normaliser): string {
  if (payload.length < 16) return `${payload.length} bytes ${payload.toString('hex')}`;
  const r = Reader.over(payload);
  const { xid, zxid, err } = readReplyHeader(r);
  const head = `${xid} ${codeText(err)} ${n.zxid(zxid)}`;
  if (err !== 0) return `${head}${rest(r)}`;
  const body = BODIES.get(type);
  try {
    const text = body === undefined ? '' : body(r, n);
    return `${head} ${text}`.trimEnd() + rest(r);
  } catch (error) {
    return `${head} undecodable (${String(error)}): ${payload.toString('hex')}`;
  }
}

/** The zxid of an event's header goes last, after an `@`: the comparison can leave it out. */
export function eventText(payload: Buffer, n: Normaliser): string {
  const r = Reader.over(payload);
  const { zxid, err } = readReplyHeader(r);
  const event = readWatcherEvent(r);
  const state = event.state === KEEPER_STATE_SYNC_CONNECTED ? '' : ` state=${event.state}`;
  const name = EVENT_NAMES.get(event.type) ?? String(event.type);
  return `event ${name} ${n.text(event.path)}${state}${err === 0 ? '' : ` err=${err}`}${rest(r)} @${n.zxid(zxid)}`;
}

export function isEvent(payload: Buffer): boolean {
  return headerOf(payload)?.xid === Xid.watchEvent;
}

export interface Connected {
  readonly text: string;
  readonly sessionId: bigint;
  readonly passwd: Buffer;
}

/** @param passwordOf the password the session was given before, if it was seen before */
export function connectedText(
  payload: Buffer,
  n: Normaliser,
  passwordOf: (id: bigint) => Buffer | undefined,
): Connected {
  const r = Reader.over(payload);
  const reply = readConnectResponse(r);
  const passwd = reply.passwd ?? Buffer.alloc(0);
  const server = reply.sessionId === 0n ? '' : ` server=${BigInt.asUintN(64, reply.sessionId) >> 56n}`;
  const readOnly = reply.readOnly === undefined ? '' : ` readOnly=${reply.readOnly}`;
  const password = passwordText(passwd, passwordOf(reply.sessionId));
  const text =
    `connected ${n.session(reply.sessionId)}${server} timeout=${reply.timeOut} version=${reply.protocolVersion} ` +
    `${password}${readOnly}${rest(r)}`;
  return { text, sessionId: reply.sessionId, passwd };
}

function passwordText(passwd: Buffer, before: Buffer | undefined): string {
  const length = passwd.length === PASSWORD_BYTES ? '' : ` of ${passwd.length} bytes`;
  if (passwd.every((byte) => byte === 0)) return `password zeros${length}`;
  if (before === undefined) return `password new${length}`;
  return `password ${before.equals(passwd) ? 'same' : 'changed'}${length}`;
}
