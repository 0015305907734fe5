/** What the commands of the admin server tell: fields and their names are those of ZooKeeper 3.9 (protocol.md 14). */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  familyByKey,
  familyByProperty,
  optionByKey,
  optionByProperty,
  parseProperties,
  parseServerLine,
  type Member,
} from '../config/index.js';
import {
  environment,
  fullVersion,
  mntrEntries,
  operationName,
  serverState,
  socketAddress,
} from '../ops/index.js';
import type { ConnectionStatus, Status } from '../server/index.js';
import { epochOf, type SessionId } from '../types/index.js';
import { hex } from '../util/index.js';
import type { Json, JsonObject } from './json.js';

/** A command cannot be carried out; the message is its `error`. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

export function configuration({ config, clientPort }: Status): JsonObject {
  return {
    client_port: clientPort,
    data_dir: join(config.dataDir, 'version-2'),
    data_log_dir: join(config.dataLogDir, 'version-2'),
    tick_time: config.tickTime,
    max_client_cnxns: config.maxClientCnxns,
    min_session_timeout: config.minSessionTimeout,
    max_session_timeout: config.maxSessionTimeout,
    server_id: config.serverId ?? 0,
    client_port_listen_backlog: config.clientPortListenBacklog,
  };
}

export function connections(status: Status): JsonObject {
  return { connections: status.connections().map(wholeConnection), secure_connections: [] };
}

function briefConnection(connection: ConnectionStatus): JsonObject {
  return {
    remote_socket_address: socketAddress(connection.address, connection.port).slice(1),
    interest_ops: connection.reading ? 1 : 0,
    outstanding_requests: connection.queued,
    packets_received: connection.received,
    packets_sent: connection.sent,
  };
}

function wholeConnection(connection: ConnectionStatus): JsonObject {
  const { latency } = connection;
  return {
    ...briefConnection(connection),
    session_id: signed(connection.sessionId),
    last_operation: operationName(connection.lastOp),
    established: Math.round(connection.establishedAt),
    session_timeout: connection.sessionTimeoutMs,
    last_cxid: connection.lastCxid ?? -1,
    last_zxid: connection.lastZxid,
    last_response_time: Math.round(connection.lastResponseAt),
    last_latency: Math.round(connection.lastLatency),
    min_latency: Math.round(latency.min),
    avg_latency: Math.round(latency.avg),
    max_latency: Math.round(latency.max),
  };
}

export async function dirs(status: Status): Promise<JsonObject> {
  const { dataDir, dataLogDir } = await status.sizes();
  return { datadir_size: dataDir, logdir_size: dataLogDir };
}

export function dump(status: Status): JsonObject {
  const buckets = [...status.sessionBuckets(), ...status.localSessionBuckets()];
  return {
    expiry_time_to_session_ids: Object.fromEntries(
      buckets.map(({ expiresAt, ids }) => [String(Math.round(expiresAt)), ids.map(signed)]),
    ),
    session_id_to_ephemeral_paths: Object.fromEntries(
      [...status.ephemerals()].map(([id, paths]) => [String(signed(id)), [...paths]]),
    ),
  };
}

export function environmentOf(status: Status): JsonObject {
  return Object.fromEntries(environment(status));
}

/** There are none of Java's; those that scripts look for are the same as in `environment`. */
export function systemProperties(status: Status): JsonObject {
  const known = environment(status).filter(([key]) => /^(java|os|user)\.(?!memory)/.test(key));
  return Object.fromEntries(known.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

export function digests(status: Status): JsonObject {
  return {
    digests: status
      .digests()
      .map(({ zxid, digest }) => ({ zxid, digest_version: 2, digest: BigInt.asIntN(64, digest) })),
  };
}

/** The file as it is now, without its passwords. */
export async function initialConfiguration({ config }: Status): Promise<JsonObject> {
  if (config.configFile === undefined) return { initial_configuration: null };
  let text: string;
  try {
    text = withoutSecrets(await readFile(config.configFile, 'utf8'), config.configFile);
  } catch (error) {
    throw new CommandError(`${config.configFile} cannot be read any more`, { cause: error });
  }
  return { initial_configuration: text };
}

/** Each line with a secret keeps its key; the lines that it goes on on are left empty. */
export function withoutSecrets(text: string, name: string): string {
  const lines = text.split('\n');
  for (const { key, line } of parseProperties(text, name)) {
    const option = optionByKey(key) ?? optionByProperty(key) ?? familyByKey(key) ?? familyByProperty(key);
    if (option?.secret !== true) continue;
    let at = line - 1;
    // Rather one line too many than a password.
    while (lines[at]?.trimEnd().endsWith('\\') === true) lines[at++] = '';
    lines[at] = '';
    lines[line - 1] = `${key}=<secret>`;
  }
  return lines.join('\n');
}

/** There are no snapshots: the tree is a database that follows the log. */
export function lastSnapshot(): JsonObject {
  return { zxid: 'ffffffffffffffff', timestamp: -1 };
}

export function leader({ ensemble, config }: Status): JsonObject {
  if (ensemble === undefined) throw new CommandError('server is not initialized');
  const { leaderId } = ensemble;
  const member = membersOf(ensemble.membership).find(({ id }) => id === leaderId);
  return {
    is_leader: leaderId === config.serverId,
    leader_id: leaderId ?? -1,
    leader_ip: member?.addresses[0]?.host ?? '',
  };
}

export async function monitor(status: Status): Promise<JsonObject> {
  const entries = await mntrEntries(status);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value]),
  );
}

export function observers({ ensemble }: Status): JsonObject {
  return { synced_observers: ensemble?.leader?.syncedObservers ?? 0, observers: [] };
}

export async function serverStats(status: Status): Promise<JsonObject> {
  const sizes = await status.sizes();
  const responses = buffers({
    last: status.lastResponseSize,
    min: status.minResponseSize,
    max: status.maxResponseSize,
  });
  const proposals = status.ensemble?.leader?.proposalSizes;
  return {
    version: fullVersion(status),
    read_only: status.readOnly,
    server_stats: {
      packets_sent: status.packetsSent,
      packets_received: status.packetsReceived,
      fsync_threshold_exceed_count: status.slowFsyncs,
      client_response_stats: responses,
      data_dir_size: sizes.dataDir,
      log_dir_size: sizes.dataLogDir,
      provider_null: false,
      last_processed_zxid: status.lastZxid,
      server_state: serverState(status),
      outstanding_requests: status.outstanding,
      min_latency: Math.round(status.latency.min),
      avg_latency: status.latency.avg,
      max_latency: Math.round(status.latency.max),
      num_alive_client_connections: status.connectionsCount,
      uptime: Math.round(status.uptimeMs),
      auth_failed_count: status.authFailures,
    },
    client_response: responses,
    ...(proposals === undefined ? {} : { proposal_stats: buffers(proposals) }),
    node_count: status.nodeCount,
  };
}

function buffers({ last, min, max }: { last: number; min: number; max: number }): JsonObject {
  return { last_buffer_size: last, min_buffer_size: min, max_buffer_size: max };
}

export async function stats(status: Status): Promise<JsonObject> {
  return {
    ...(await serverStats(status)),
    connections: status.connections().map(briefConnection),
    secure_connections: [],
  };
}

export function votingView({ ensemble }: Status): JsonObject {
  const voters = membersOf(ensemble?.membership ?? '').filter(({ role }) => role === 'participant');
  return {
    current_config: Object.fromEntries(
      voters.map(({ id, addresses, client, role }) => [
        String(id),
        {
          server_addresses: addresses.map(({ host, quorumPort }) => place(host, quorumPort)),
          election_addresses: addresses.map(({ host, electionPort }) => place(host, electionPort)),
          client_address: client === undefined ? '' : place(client.host, client.port),
          learner_type: role,
        },
      ]),
    ),
  };
}

export function watches(status: Status): JsonObject {
  const bySession = [...status.watches.bySession()];
  return {
    session_id_to_watched_paths: Object.fromEntries(
      bySession.map(([id, paths]) => [String(signed(id)), [...paths]]),
    ),
  };
}

export function watchesByPath(status: Status): JsonObject {
  const byPath = [...status.watches.byPath()];
  return { path_to_session_ids: Object.fromEntries(byPath.map(([path, ids]) => [path, ids.map(signed)])) };
}

export function watchSummary({ watches: found }: Status): JsonObject {
  return {
    num_connections: found.bySession().size,
    num_paths: found.byPath().size,
    num_total_watches: found.dataTotal,
  };
}

export function zabState(status: Status): JsonObject {
  const { ensemble, config, lastZxid } = status;
  if (ensemble === undefined || config.ensemble === undefined) return { voting: false, zabstate: '' };
  const { self } = config.ensemble;
  const member = membersOf(ensemble.membership).find(({ id }) => id === self.id);
  return {
    myid: self.id,
    is_leader: ensemble.leader !== undefined,
    quorum_address: addresses(self, ({ quorumPort }) => quorumPort),
    election_address: addresses(self, ({ electionPort }) => electionPort),
    client_address: place(config.clientPortAddress ?? '0.0.0.0', status.clientPort),
    voting: member?.role === 'participant',
    last_zxid: hex(lastZxid),
    zab_epoch: epochOf(lastZxid),
    zab_counter: Number(BigInt.asUintN(32, lastZxid)),
    zabstate: ensemble.phase,
  };
}

function addresses(self: Member, portOf: (address: Member['addresses'][number]) => number): JsonObject {
  const all = self.addresses.map((address) => place(address.host, portOf(address)));
  return {
    empty: false,
    all_addresses: all,
    one: all[0] ?? '',
    all_ports: self.addresses.map(portOf),
    all_host_strings: self.addresses.map(({ host }) => host),
  };
}

function membersOf(membership: string): Member[] {
  return membership.split('\n').flatMap((line) => {
    const [, id, value] = /^server\.(-?\d+)=(.*)$/.exec(line) ?? [];
    return id === undefined || value === undefined ? [] : [parseServerLine(id, value, 'the membership')];
  });
}

function place(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** As Java has it. */
function signed(id: SessionId): Json & bigint {
  return BigInt.asIntN(64, id);
}
