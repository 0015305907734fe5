/** The server's side of `Status`: reads engine, connections and counters at the moment of the call. */
import { buildInfo } from './buildInfo.js';
import type { ServerConfig } from '../config/index.js';
import type { Storage } from '../storage/index.js';
import type { Engine } from '../engine/index.js';
import { NO_SESSION, epochOf, type SessionId, type Zxid } from '../types/index.js';
import type { DistributionStatus } from './distribution.js';
import type { Server } from './server.js';
import type {
  ConnectionStatus,
  EnsembleStatus,
  LatencyStatus,
  LeaderStatus,
  Mode,
  Phase,
  SessionLoad,
  Status,
  SummaryStatus,
  WatchStatus,
} from './status.js';
import type { WriteStage } from './writeStages.js';

type SessionBuckets = ReturnType<Status['sessionBuckets']>;

export class ServerStatus implements Status {
  readonly version = buildInfo.version;
  readonly builtAt = buildInfo.builtAt;
  readonly revision = buildInfo.revision;
  readonly #server: Server;
  readonly #storage: Storage;
  readonly #startedAt = performance.now();

  constructor(server: Server, storage: Storage) {
    this.#server = server;
    this.#storage = storage;
  }

  get mode(): Mode {
    const { member, engine } = this.#server;
    if (member === undefined) return 'standalone';
    return engine.service === 'leading' ? 'leader' : engine.service === 'observing' ? 'observer' : 'follower';
  }

  get readOnly(): boolean {
    return this.#server.engine.service === 'readOnly';
  }

  get ensemble(): EnsembleStatus | undefined {
    const { member, engine } = this.#server;
    if (member === undefined) return undefined;
    const { peer, proposalStats } = engine;
    const { count, sum, min, max } = member.electionTime;
    return {
      membership: engine.configText,
      quorumSize: peer.configurations[0]?.voters.length ?? 0,
      leaderId: peer.leaderId,
      leader: this.#leader(member.leadingSince),
      proposals: proposalStats.count,
      commits: proposalStats.committed,
      diffs: member.diffsSent,
      snapshots: member.snapshotsSent,
      elections: member.elections,
      electionTime: { count, sum, min, max },
      alarms: member.alarms,
      phase: this.#phase,
    };
  }

  get #phase(): Phase {
    const { engine } = this.#server;
    if (engine.serving && engine.service !== 'readOnly') return 'broadcast';
    return engine.peer.leaderId === undefined ? 'election' : 'synchronization';
  }

  #leader(since: number): LeaderStatus | undefined {
    const { engine } = this.#server;
    if (engine.service !== 'leading') return undefined;
    const { learners, pendingSyncs } = engine.peer;
    const { lastSize, minSize, maxSize } = engine.proposalStats;
    const synced = learners.filter(({ upToDate }) => upToDate);
    const followers = synced.filter(({ observer }) => !observer);
    return {
      uptimeMs: performance.now() - since,
      learners: learners.length,
      syncedFollowers: followers.length,
      syncedNonVotingFollowers: followers.filter(({ votes }) => !votes).length,
      syncedObservers: synced.length - followers.length,
      pendingSyncs,
      proposalSizes: { last: lastSize, min: minSize, max: maxSize },
    };
  }

  get config(): ServerConfig {
    return this.#server.config;
  }

  get clientPort(): number {
    return this.#server.port;
  }

  get secureClientPort(): number | undefined {
    return this.#server.securePort || undefined;
  }

  get serving(): boolean {
    return this.#server.engine.serving;
  }

  get uptimeMs(): number {
    return performance.now() - this.#startedAt;
  }

  get lastZxid(): Zxid {
    return this.#server.engine.lastZxid;
  }

  get epoch(): number {
    return epochOf(this.lastZxid);
  }

  /** ZooKeeper counts the root twice, and monitors compare. */
  get nodeCount(): number {
    return this.#server.engine.tree.nodeCount + 1;
  }

  get ephemeralsCount(): number {
    return this.#server.engine.tree.ephemeralsCount;
  }

  get approximateDataSize(): number {
    return this.#server.engine.tree.approximateDataSize;
  }

  get packetsReceived(): number {
    return this.#server.stats.packetsReceived;
  }

  get packetsSent(): number {
    return this.#server.stats.packetsSent;
  }

  get latency(): LatencyStatus {
    const { min, avg, max } = this.#server.stats.latency;
    return { min, avg, max };
  }

  get readLatency(): DistributionStatus {
    return this.#server.stats.readLatency;
  }

  get updateLatency(): DistributionStatus {
    return this.#server.stats.updateLatency;
  }

  get writeStages(): Readonly<Record<WriteStage, DistributionStatus>> {
    return this.#server.stages.times;
  }

  get slowRequests(): number {
    return this.#server.slowRequests.count;
  }

  get outstanding(): number {
    return this.#server.engine.outstanding;
  }

  get connectionsCount(): number {
    return this.#server.connections.size;
  }

  readonly connections = (): readonly ConnectionStatus[] =>
    [...this.#server.connections.values()].map((connection) => connection.status);

  readonly loads = (): readonly SessionLoad[] => {
    const { engine, connections } = this.#server;
    const { data, child } = engine.watches;
    const ephemerals = engine.tree.ephemerals;
    return [...connections.values()]
      .filter(({ sessionId }) => sessionId !== NO_SESSION)
      .map(({ id, sessionId, identity }) => ({
        sessionId,
        identity,
        watches: (data.watchers.get(id)?.size ?? 0) + (child.watchers.get(id)?.size ?? 0),
        ephemerals: ephemerals.get(sessionId)?.size ?? 0,
      }));
  };

  get sessionsCount(): number {
    return this.#server.engine.sessions.size;
  }

  readonly sessions = (): readonly { id: SessionId; timeoutMs: number }[] =>
    [...this.#server.engine.sessions].sort(({ id: a }, { id: b }) => (a < b ? -1 : a > b ? 1 : 0));

  readonly sessionBuckets = (): SessionBuckets => this.#bucketsOf(this.#server.engine.sessions);

  get localSessionsCount(): number {
    return this.#server.engine.localSessions.size;
  }

  readonly localSessionBuckets = (): SessionBuckets => this.#bucketsOf(this.#server.engine.localSessions);

  #bucketsOf({ buckets }: Pick<Engine['sessions'], 'buckets'>): SessionBuckets {
    const { sessionClock } = this.#server.engine;
    return buckets.map(({ at, ids }) => ({ expiresAt: Date.now() + at - sessionClock, ids }));
  }

  readonly ephemerals = (): ReadonlyMap<SessionId, ReadonlySet<string>> =>
    this.#server.engine.tree.ephemerals;

  get watches(): WatchStatus {
    const { engine } = this.#server;
    const { data, child } = engine.watches;
    return {
      total: data.size + child.size,
      dataTotal: data.size,
      byPath: () => {
        const paths = new Map<string, SessionId[]>();
        for (const [path, watchers] of data.paths) {
          paths.set(
            path,
            [...watchers.keys()].map((id) => engine.sessionOf(id)),
          );
        }
        return paths;
      },
      bySession: () => {
        const sessions = new Map<SessionId, string[]>();
        for (const [watcher, paths] of data.watchers) {
          const session = engine.sessionOf(watcher);
          if (session !== NO_SESSION) sessions.set(session, [...paths]);
        }
        return sessions;
      },
    };
  }

  readonly digests = (): readonly { zxid: Zxid; digest: bigint }[] => this.#server.engine.digests.entries;

  get lastResponseSize(): number {
    return this.#server.stats.lastResponseSize;
  }

  get minResponseSize(): number {
    return this.#server.stats.minResponseSize;
  }

  get maxResponseSize(): number {
    return this.#server.stats.maxResponseSize;
  }

  get authFailures(): number {
    return this.#server.stats.authFailures;
  }

  get connectionsRejected(): number {
    return this.#server.stats.connectionsRejected;
  }

  get requestsMalformed(): number {
    return this.#server.stats.requestsMalformed;
  }

  get bytesReceived(): number {
    return this.#server.stats.bytesReceived;
  }

  get bytesSent(): number {
    return this.#server.stats.bytesSent;
  }

  get connectRequests(): number {
    return this.#server.stats.connectRequests;
  }

  get sessionsExpired(): number {
    return this.#server.stats.sessionsExpired;
  }

  get fsync(): SummaryStatus {
    const { count, sum, min, max } = this.#server.stats.fsync;
    return { count, sum, min, max };
  }

  get slowFsyncs(): number {
    return this.#server.stats.slowFsyncs;
  }

  readonly sizes = (): Promise<{ dataDir: number; dataLogDir: number }> => this.#storage.sizes();

  readonly resetServerStats = (): void => {
    this.#server.stats.reset();
    this.#server.stages.reset();
    this.#server.engine.proposalStats.resetSizes();
  };

  readonly resetConnectionStats = (): void => {
    for (const connection of this.#server.connections.values()) connection.resetStats();
  };
}
