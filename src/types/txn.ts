/**
 * Txns: what the leader makes of a write and every server applies. ZooKeeper's own records under its own type
 * numbers (design D2), so that logs and snapshots of Apache ZooKeeper can be applied as they are.
 */
import {
  readCheckVersionTxn,
  readCloseSessionTxn,
  readCreateContainerTxn,
  readCreateSessionTxn,
  readCreateTTLTxn,
  readCreateTxn,
  readDeleteTxn,
  readErrorTxn,
  readSetACLTxn,
  readSetDataTxn,
  readMultiTxn,
  Reader,
  DecodeError,
  readTxnHeader,
  writeCheckVersionTxn,
  writeCloseSessionTxn,
  writeCreateContainerTxn,
  writeCreateSessionTxn,
  writeCreateTTLTxn,
  writeCreateTxn,
  writeDeleteTxn,
  writeErrorTxn,
  writeSetACLTxn,
  writeSetDataTxn,
  writeTxnHeader,
  type CheckVersionTxn,
  type CloseSessionTxn,
  type CreateContainerTxn,
  type CreateSessionTxn,
  type CreateTTLTxn,
  type CreateTxn,
  type DeleteTxn,
  type ErrorTxn,
  type SetACLTxn,
  type SetDataTxn,
  type TxnHeader,
  type Writer,
} from '../codec/index.js';
import { unreachable } from '../util/index.js';
import { OpCode } from './protocol.js';

export type Txn =
  | { readonly type: typeof OpCode.create | typeof OpCode.create2; readonly record: CreateTxn }
  | { readonly type: typeof OpCode.createContainer; readonly record: CreateContainerTxn }
  | { readonly type: typeof OpCode.createTTL; readonly record: CreateTTLTxn }
  | { readonly type: typeof OpCode.delete | typeof OpCode.deleteContainer; readonly record: DeleteTxn }
  | { readonly type: typeof OpCode.setData | typeof OpCode.reconfig; readonly record: SetDataTxn }
  | { readonly type: typeof OpCode.setACL; readonly record: SetACLTxn }
  | { readonly type: typeof OpCode.check; readonly record: CheckVersionTxn }
  | { readonly type: typeof OpCode.createSession; readonly record: CreateSessionTxn }
  | { readonly type: typeof OpCode.closeSession; readonly record: CloseSessionTxn }
  | { readonly type: typeof OpCode.error; readonly record: ErrorTxn }
  | { readonly type: typeof OpCode.multi; readonly txns: readonly Txn[] };

const TXN_TYPES: ReadonlySet<number> = new Set<Txn['type']>([
  OpCode.create,
  OpCode.create2,
  OpCode.createContainer,
  OpCode.createTTL,
  OpCode.delete,
  OpCode.deleteContainer,
  OpCode.setData,
  OpCode.reconfig,
  OpCode.setACL,
  OpCode.check,
  OpCode.createSession,
  OpCode.closeSession,
  OpCode.error,
  OpCode.multi,
]);

/** Whether `readTxn` knows txns of this type. */
export function isTxnType(type: number): boolean {
  return TXN_TYPES.has(type);
}

/** Behind clientId, cxid, zxid and time. */
const TYPE_AT = 8 + 4 + 8 + 8;

/** The type that the header of a txn says, without reading the rest. @returns undefined where there is no header */
export function typeOfTxn(payload: Buffer): number | undefined {
  return payload.byteLength < TYPE_AT + 4 ? undefined : payload.readInt32BE(TYPE_AT);
}

/** Writes header and record, the payload of a log record. `header.type` must be the txn's. */
export function writeTxn(w: Writer, header: TxnHeader, txn: Txn): void {
  writeTxnHeader(w, header);
  writeTxnRecord(w, txn);
}

function writeTxnRecord(w: Writer, txn: Txn): void {
  switch (txn.type) {
    case OpCode.create:
    case OpCode.create2:
      return writeCreateTxn(w, txn.record);
    case OpCode.createContainer:
      return writeCreateContainerTxn(w, txn.record);
    case OpCode.createTTL:
      return writeCreateTTLTxn(w, txn.record);
    case OpCode.delete:
    case OpCode.deleteContainer:
      return writeDeleteTxn(w, txn.record);
    case OpCode.setData:
    case OpCode.reconfig:
      return writeSetDataTxn(w, txn.record);
    case OpCode.setACL:
      return writeSetACLTxn(w, txn.record);
    case OpCode.check:
      return writeCheckVersionTxn(w, txn.record);
    case OpCode.createSession:
      return writeCreateSessionTxn(w, txn.record);
    case OpCode.closeSession:
      return writeCloseSessionTxn(w, txn.record);
    case OpCode.error:
      return writeErrorTxn(w, txn.record);
    case OpCode.multi:
      w.vector(txn.txns, (writer, sub) => {
        writer.int(sub.type);
        // A jute buffer and a frame look alike: a length, then the bytes.
        const mark = writer.startFrame();
        writeTxnRecord(writer, sub);
        writer.endFrame(mark);
      });
      return;
    default:
      return unreachable(txn);
  }
}

/**
 * Reads what writeTxn wrote, or an entry of an Apache log.
 * @throws DecodeError where the bytes are no txn
 */
export function readTxn(r: Reader): { header: TxnHeader; txn: Txn } {
  const header = readTxnHeader(r);
  return { header, txn: readTxnRecord(header.type, r) };
}

function readTxnRecord(type: number, r: Reader): Txn {
  switch (type) {
    case OpCode.create:
    case OpCode.create2:
      return { type, record: readCreateTxn(r) };
    case OpCode.createContainer:
      return { type, record: readCreateContainerTxn(r) };
    case OpCode.createTTL:
      return { type, record: readCreateTTLTxn(r) };
    case OpCode.delete:
    case OpCode.deleteContainer:
      return { type, record: readDeleteTxn(r) };
    case OpCode.setData:
    case OpCode.reconfig:
      return { type, record: readSetDataTxn(r) };
    case OpCode.setACL:
      return { type, record: readSetACLTxn(r) };
    case OpCode.check:
      return { type, record: readCheckVersionTxn(r) };
    case OpCode.createSession:
      return { type, record: readCreateSessionTxn(r) };
    case OpCode.closeSession:
      return { type, record: readCloseSessionTxn(r) };
    case OpCode.error:
      return { type, record: readErrorTxn(r) };
    case OpCode.multi:
      return {
        type,
        txns: readMultiTxn(r).txns.map((sub) => {
          // ZooKeeper has no multi inside a multi, and input must never decide how deep we recurse.
          if (sub.type === OpCode.multi) throw new DecodeError('Malformed record: a multi inside a multi.');
          return readTxnRecord(sub.type, Reader.over(sub.data));
        }),
      };
    default:
      throw new DecodeError(`Malformed record: unknown txn type ${type}.`);
  }
}
