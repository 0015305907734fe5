/** Encodes what the engine has for a client into frames. */
import {
  writeACL,
  writeConnectResponse,
  writeMultiHeader,
  writeReplyHeader,
  writeStat,
  writeWatcherEvent,
  type Stat,
  type Writer,
} from '../codec/index.js';
import type { ClientEffect, MultiReadResult, ReplyBody } from '../engine/index.js';
import type { KeptData, OpResult } from '../tree/index.js';
import { ErrorCode, KEEPER_STATE_SYNC_CONNECTED, OpCode, Xid } from '../types/index.js';
import { unreachable } from '../util/index.js';
import { userOf } from './identities.js';

type ReplyEffect = Extract<ClientEffect, { kind: 'reply' }>;
type EventEffect = Extract<ClientEffect, { kind: 'event' }>;

/** @param password 16 bytes @param readOnly undefined for a client that did not send the flag either */
export function writeConnected(
  w: Writer,
  session: { readonly sessionId: bigint; readonly timeOut: number },
  password: Buffer,
  readOnly: boolean | undefined,
): void {
  const mark = w.startFrame();
  writeConnectResponse(w, {
    protocolVersion: 0,
    timeOut: session.timeOut,
    sessionId: session.sessionId,
    passwd: password,
    ...(readOnly === undefined ? {} : { readOnly }),
  });
  w.endFrame(mark);
}

/** A reply without a body. */
export function writeBareReply(w: Writer, xid: number, zxid: bigint, err: number): void {
  const mark = w.startFrame();
  writeReplyHeader(w, { xid, zxid, err });
  w.endFrame(mark);
}

/** @param token body of a SASL reply; undefined for none */
export function writeAuthReply(w: Writer, xid: number, err: number, token: Buffer | null | undefined): void {
  const mark = w.startFrame();
  writeReplyHeader(w, { xid, zxid: 0n, err });
  if (token !== undefined) w.buffer(token);
  w.endFrame(mark);
}

export function writeEvent(w: Writer, event: EventEffect): void {
  const mark = w.startFrame();
  writeReplyHeader(w, { xid: Xid.watchEvent, zxid: event.zxid, err: 0 });
  writeWatcherEvent(w, { type: event.type, state: KEEPER_STATE_SYNC_CONNECTED, path: event.path });
  w.endFrame(mark);
}

export function writeReply(w: Writer, reply: ReplyEffect): void {
  const mark = w.startFrame();
  w.int(reply.xid);
  w.long(reply.zxid);
  w.int(reply.err);
  if (reply.body !== undefined) writeBody(w, reply.body);
  w.endFrame(mark);
}

function writeBody(w: Writer, body: ReplyBody): void {
  switch (body.kind) {
    case 'data':
      return writeData(w, body);
    case 'stat':
      return writeStat(w, body.stat);
    case 'path':
      return w.ustring(body.path);
    case 'pathStat':
      w.ustring(body.path);
      return writeStat(w, body.stat);
    case 'names':
      w.raw(body.names.encoded);
      if (body.stat !== undefined) writeStat(w, body.stat);
      return;
    case 'acl':
      w.vector(body.acl, writeACL);
      return writeStat(w, body.stat);
    case 'int':
      return w.int(body.value);
    case 'multi':
      for (const result of body.results) writeMultiResult(w, result);
      return writeMultiEnd(w);
    case 'multiRead':
      for (const result of body.results) writeMultiReadResult(w, result);
      return writeMultiEnd(w);
    case 'identities':
      return w.vector(body.identities, (writer, identity) => {
        writer.ustring(identity.scheme);
        writer.ustring(userOf(identity));
      });
    default:
      return unreachable(body);
  }
}

/** As the record GetDataResponse, from data as the tree keeps it. */
function writeData(w: Writer, { data, stat }: { readonly data: KeptData | null; readonly stat: Stat }): void {
  w.binary(data);
  writeStat(w, stat);
}

function writeMultiEnd(w: Writer): void {
  writeMultiHeader(w, { type: -1, done: true, err: -1 });
}

function writeError(w: Writer, err: number): void {
  writeMultiHeader(w, { type: OpCode.error, done: false, err });
  w.int(err);
}

function writeMultiResult(w: Writer, result: OpResult): void {
  if (result.type === OpCode.error) return writeError(w, result.err);
  // The results of createContainer and createTTL go by the name of create2 (protocol.md section 8).
  const isCreate2 = result.type === OpCode.createContainer || result.type === OpCode.createTTL;
  const type = isCreate2 ? OpCode.create2 : result.type;
  writeMultiHeader(w, { type, done: false, err: 0 });
  if (type === OpCode.create || type === OpCode.create2) w.ustring(result.path);
  if ((type === OpCode.create2 || type === OpCode.setData) && result.stat !== undefined)
    writeStat(w, result.stat);
}

function writeMultiReadResult(w: Writer, result: MultiReadResult): void {
  switch (result.kind) {
    case 'data':
      writeMultiHeader(w, { type: OpCode.getData, done: false, err: 0 });
      return writeData(w, result);
    case 'names':
      writeMultiHeader(w, { type: OpCode.getChildren, done: false, err: 0 });
      return w.raw(result.names.encoded);
    case 'error':
      return writeError(w, ErrorCode[result.code]);
    default:
      return unreachable(result);
  }
}
