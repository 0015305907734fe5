/** The bytes of a request, as a client sends them: what a server forwards of a write. */
import {
  Writer,
  writeCheckVersionRequest,
  writeCreateRequest,
  writeDeleteRequest,
  writeMultiHeader,
  writeReconfigRequest,
  writeSetDataRequest,
} from '../../src/codec/index.js';
import { OpCode, type MultiOp, type Request } from '../../src/types/index.js';

/** @returns undefined for what is not forwarded */
export function rawOf(request: Request): { readonly op: number; readonly body: Buffer } | undefined {
  const w = new Writer();
  switch (request.type) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.delete:
    case OpCode.setData:
    case OpCode.check:
      writeOp(w, request);
      break;
    case OpCode.multi:
      for (const op of request.ops) {
        writeMultiHeader(w, { type: op.type, done: false, err: -1 });
        writeOp(w, op);
      }
      writeMultiHeader(w, { type: -1, done: true, err: -1 });
      break;
    case OpCode.reconfig:
      writeReconfigRequest(w, request.record);
      break;
    case OpCode.closeSession:
      break;
    default:
      return undefined;
  }
  return { op: request.type, body: w.copy() };
}

function writeOp(w: Writer, op: MultiOp): void {
  switch (op.type) {
    case OpCode.create:
    case OpCode.create2:
      return writeCreateRequest(w, op.record);
    case OpCode.delete:
      return writeDeleteRequest(w, op.record);
    case OpCode.setData:
      return writeSetDataRequest(w, op.record);
    case OpCode.check:
      return writeCheckVersionRequest(w, op.record);
    default:
      throw new Error(`Clients of the simulator do not ask for ${op.type}.`);
  }
}
