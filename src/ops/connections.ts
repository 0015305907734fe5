/** Why this file exists: one connection on one line, as cons and stat list it. */
import type { ConnectionStatus, Status } from '../server/index.js';
import { OpCode } from '../types/index.js';
import { hex } from '../util/index.js';
import { lines, socketAddress, whole } from './format.js';

/** ZooKeeper's names of operations in `lop=`. */
const OPERATIONS: ReadonlyMap<number, string> = new Map([
  [OpCode.createSession, 'SESS'],
  [OpCode.closeSession, 'CLOS'],
  [OpCode.ping, 'PING'],
  [OpCode.create, 'CREA'],
  [OpCode.create2, 'CREA'],
  [OpCode.createContainer, 'CREA'],
  [OpCode.createTTL, 'CREA'],
  [OpCode.delete, 'DELE'],
  [OpCode.deleteContainer, 'DELE'],
  [OpCode.setData, 'SETD'],
  [OpCode.setACL, 'SETA'],
  [OpCode.reconfig, 'RECO'],
  [OpCode.multi, 'MULT'],
  [OpCode.multiRead, 'MLTR'],
  [OpCode.sync, 'SYNC'],
  [OpCode.check, 'CHEC'],
  [OpCode.exists, 'EXIS'],
  [OpCode.getData, 'GETD'],
  [OpCode.getACL, 'GETA'],
  [OpCode.getChildren, 'GETC'],
  [OpCode.getChildren2, 'GETC'],
  [OpCode.getAllChildrenNumber, 'GETACN'],
  [OpCode.getEphemerals, 'GETE'],
  [OpCode.setWatches, 'SETW'],
  [OpCode.setWatches2, 'STW2'],
  [OpCode.addWatch, 'ADDW'],
  [OpCode.checkWatches, 'CHKW'],
  [OpCode.removeWatches, 'REMW'],
  [OpCode.whoAmI, 'HOMI'],
]);

/** @param op of the last request; undefined before the first, when there was the connect request */
export function operationName(op: number | undefined): string {
  return op === undefined ? 'SESS' : (OPERATIONS.get(op) ?? 'NA');
}

/** Every connection, then an empty line. */
export function cons(status: Status): string {
  return lines(...status.connections().map((connection) => connectionLine(connection, 'full')), '');
}

/** `brief` is the line of stat, `full` that of cons, which adds the session where there is one. */
export function connectionLine(connection: ConnectionStatus, detail: 'brief' | 'full'): string {
  const { address, port, reading, queued, received, sent, sessionId } = connection;
  const traffic = `queued=${whole(queued)},recved=${whole(received)},sent=${whole(sent)}`;
  const session = detail === 'full' && sessionId !== 0n ? `,${sessionFields(connection)}` : '';
  // In brackets Java's selector interest in hex: 1 is reading.
  return ` ${socketAddress(address, port)}[${reading ? 1 : 0}](${traffic}${session})`;
}

function sessionFields(connection: ConnectionStatus): string {
  const { lastOp, lastCxid, latency } = connection;
  return [
    `sid=${hex(connection.sessionId)}`,
    `lop=${operationName(lastOp)}`,
    `est=${whole(connection.establishedAt)}`,
    `to=${whole(connection.sessionTimeoutMs)}`,
    // ZooKeeper has 0x0 here for a session without requests, and leaves the field out after crst and for the xids
    // below zero. We always print it: the Go client takes no line without.
    `lcxid=${hex(BigInt(Math.max(0, lastCxid ?? 0)))}`,
    `lzxid=${hex(connection.lastZxid)}`,
    `lresp=${whole(connection.lastResponseAt)}`,
    `llat=${whole(connection.lastLatency)}`,
    `minlat=${whole(latency.min)}`,
    `avglat=${whole(Math.floor(latency.avg))}`,
    `maxlat=${whole(latency.max)}`,
  ].join(',');
}
