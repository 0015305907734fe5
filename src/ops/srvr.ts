/** Why this file exists: srvr and stat, the words that people and scripts ask first. */
import type { Status } from '../server/index.js';
import { hex } from '../util/index.js';
import { connectionLine } from './connections.js';
import { decimal, lines, whole } from './format.js';
import { fullVersion } from './version.js';

/** ZooKeeper's name for what the server is: clients look for `Mode: read-only` before anything else. */
export function serverState(status: Status): string {
  return status.readOnly ? 'read-only' : status.mode;
}

/** The server as a whole. */
export function srvr(status: Status): string {
  return head(status) + body(status);
}

/** As srvr, with the connections behind the version. */
export function stat(status: Status): string {
  const clients = status.connections().map((connection) => connectionLine(connection, 'brief'));
  return head(status) + lines('Clients:', ...clients, '') + body(status);
}

function head(status: Status): string {
  const version = `Zookeeper version: ${fullVersion(status)}`;
  return status.readOnly ? lines(version, 'READ-ONLY mode; serving only read-only clients') : lines(version);
}

function body(status: Status): string {
  const { min, avg, max } = status.latency;
  return lines(
    `Latency min/avg/max: ${whole(min)}/${decimal(avg)}/${whole(max)}`,
    `Received: ${whole(status.packetsReceived)}`,
    `Sent: ${whole(status.packetsSent)}`,
    `Connections: ${whole(status.connectionsCount)}`,
    `Outstanding: ${whole(status.outstanding)}`,
    `Zxid: ${hex(status.lastZxid)}`,
    `Mode: ${serverState(status)}`,
    `Node count: ${whole(status.nodeCount)}`,
    ...proposals(status),
  );
}

/** A line that only leaders have. */
function proposals({ ensemble }: Status): string[] {
  if (ensemble?.leader === undefined) return [];
  const { last, min, max } = ensemble.leader.proposalSizes;
  return [`Proposal sizes last/min/max: ${whole(last)}/${whole(min)}/${whole(max)}`];
}
