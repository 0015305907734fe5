/** A history's requests as bytes, and bytes as answers. */
import {
  readCreate2Response,
  readErrorResponse,
  readMultiHeader,
  readStat,
  writeAddWatchRequest,
  writeGetDataRequest,
  writeMultiHeader,
  writeSyncRequest,
  type Reader,
  type Writer,
} from '../../src/codec/index.js';
import { AddWatchMode, OpCode } from '../../src/types/index.js';
import { rawOf } from '../sim/encode.js';
import type { Answer, Call, Outcome } from './history.js';
import { requestOf } from './words.js';

/** Writes op code and body. */
export function writeCall(w: Writer, call: Call): void {
  switch (call.op) {
    case 'get':
    case 'exists':
    case 'children':
      w.int({ get: OpCode.getData, exists: OpCode.exists, children: OpCode.getChildren2 }[call.op]);
      return writeGetDataRequest(w, call);
    case 'sync':
      w.int(OpCode.sync);
      return writeSyncRequest(w, call);
    case 'watchAll':
      w.int(OpCode.addWatch);
      return writeAddWatchRequest(w, { path: '/', mode: AddWatchMode.persistentRecursive });
    case 'getAll':
      w.int(OpCode.multiRead);
      for (const path of call.paths) {
        writeMultiHeader(w, { type: OpCode.getData, done: false, err: -1 });
        writeGetDataRequest(w, { path, watch: false });
      }
      return writeMultiHeader(w, { type: -1, done: true, err: -1 });
    default: {
      const raw = rawOf(requestOf(call));
      if (raw === undefined) throw new Error(`${call.op} has no bytes`);
      w.int(raw.op);
      w.raw(raw.body);
    }
  }
}

/** Reads what follows the header of an answer. */
export function readAnswer(r: Reader, call: Call, zxid: bigint, err: number): Answer {
  const head = { zxid, err };
  if (err !== 0) return head;
  switch (call.op) {
    case 'create':
      return { ...head, ...readCreated(r) };
    case 'set':
    case 'exists':
      return { ...head, stat: readStat(r) };
    case 'get': {
      const data = textOf(r.bufferOrNull());
      return { ...head, data, stat: readStat(r) };
    }
    case 'children': {
      const children = r.vector(4, (from) => from.ustring());
      return { ...head, children, stat: readStat(r) };
    }
    case 'multi':
      return { ...head, results: call.ops.map(({ path }) => readOutcome(r, path)) };
    case 'getAll':
      return { ...head, values: call.paths.map(() => readValue(r)) };
    default:
      return head;
  }
}

function readCreated(r: Reader): Pick<Answer, 'path' | 'stat'> {
  const { path, stat } = readCreate2Response(r);
  return { path, stat };
}

function readOutcome(r: Reader, asked: string): Outcome {
  const { type } = readMultiHeader(r);
  switch (type) {
    case OpCode.error:
      return { err: readErrorResponse(r).err, path: asked, stat: undefined };
    case OpCode.create2:
      return { err: 0, path: asked, stat: undefined, ...readCreated(r) };
    case OpCode.setData:
      return { err: 0, path: asked, stat: readStat(r) };
    default:
      return { err: 0, path: asked, stat: undefined };
  }
}

function readValue(r: Reader): string | null {
  const { type } = readMultiHeader(r);
  if (type === OpCode.error) {
    readErrorResponse(r);
    return null;
  }
  const text = textOf(r.bufferOrNull());
  readStat(r);
  return text;
}

function textOf(data: Buffer | null): string | null {
  return data === null ? null : data.toString('latin1');
}
