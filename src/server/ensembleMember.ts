/**
 * This server's place among the others, as the host sees it: performs what ZAB wants of the network, tells the operator
 * what becomes of it, and keeps what monitors ask about.
 */
import type { Logger } from 'pino';
import type { EnsembleConfig, Member, ServerConfig } from '../config/index.js';
import type { Engine, Input, Output } from '../engine/index.js';
import { PeerLinks } from '../net/index.js';
import { ensembleIdOf, type Storage } from '../storage/index.js';
import { unreachable } from '../util/index.js';
import type { Configuration, PeerNote } from '../zab/index.js';
import { ActiveConfiguration } from './activeConfiguration.js';
import { buildInfo } from './buildInfo.js';
import { KeyStores } from './keyStores.js';
import { EnsembleConfiguration } from './memberships.js';
import { Summary } from './stats.js';

/** What the host loop does for it. */
export interface EnsembleHost {
  readonly config: ServerConfig;
  readonly log: Logger;
  readonly engine: Engine;
  submit(input: Input): void;
  moveClients(port: number, host: string | undefined): Promise<void>;
}

export class EnsembleMember {
  readonly links: PeerLinks;
  readonly #host: EnsembleHost;
  readonly #active: ActiveConfiguration;
  readonly #stores: KeyStores | undefined;
  /** Alarms so far: things that must not happen. */
  alarms = 0;
  /** How often this server looked for a leader. */
  elections = 0;
  /** How long, in ms, until it found one. */
  readonly electionTime = new Summary();
  /** When it began to lead, on the host's clock. */
  leadingSince = 0;
  snapshotsSent = 0;
  diffsSent = 0;

  /** @throws ConfigError when a key store cannot be used */
  constructor(config: EnsembleConfig, storage: Storage, host: EnsembleHost) {
    this.#host = host;
    this.#active = new ActiveConfiguration(host);
    const { tls } = config;
    if (tls !== undefined) this.#stores = new KeyStores(tls, host.log, 'members');
    this.links = new PeerLinks(
      {
        self: config.id,
        members: () => membersOf(config.self, host.engine.peer.configurations),
        // Servers share the key of session passwords, and those that share a history share nothing else that is secret.
        // Who has lost records may have lost this one, too, and made another: it says nothing until a leader has sent it.
        ensembleId: () =>
          storage.tail.index === 0 || storage.suspect ? undefined : ensembleIdOf(storage.secret),
        version: buildInfo.version,
        listenOnAllIps: config.quorumListenOnAllIps,
        addressCheck: config.peerAddressCheck,
        bindRetries: config.electionPortBindRetry,
        connectTimeoutMs: Math.min(CONNECT_MS_MAX, config.connectTimeoutMs),
        peerTimeoutMs: config.peerTimeoutMs,
        tls:
          tls === undefined || this.#stores === undefined
            ? undefined
            : {
                context: this.#stores.material.context,
                clientAuth: tls.clientAuth,
                verifyServerHost: tls.verifyServerHost,
                verifyClientHost: tls.verifyClientHost,
                detectionTimeoutMs: tls.detectionTimeoutMs,
                calls: config.tlsCalls,
                plainAccepted: config.plainAccepted,
              },
        secret: config.secret,
        log: host.log,
      },
      (input) => host.submit(input),
    );
  }

  /** Opens the ports for the others. @throws ListenError when one cannot be opened */
  async start(): Promise<void> {
    await this.links.start();
    this.#stores?.watch(({ context }) => this.links.reloadTls(context));
  }

  /** Closes all links; resolves when that is done. */
  async stop(): Promise<void> {
    this.#stores?.close();
    await this.links.stop();
  }

  /** Performs what a turn wants of the network: messages leave behind what went to the disk, in one write per link. */
  perform(out: Output): void {
    for (const { link, message } of out.packets.splice(0)) this.links.send(link, message);
    for (const { to, notification } of out.notifications.splice(0)) this.links.notify(to, notification);
    this.links.flush();
    for (const op of out.links.splice(0)) {
      if (op.kind === 'dial') this.links.dial(op.peer);
      else this.links.close(op.link);
    }
    this.#active.look(this.#host.engine.peer.configuration);
  }

  report(note: PeerNote): void {
    const { log } = this.#host;
    switch (note.kind) {
      case 'looking':
        this.elections++;
        if (note.why === 'start') log.info({ round: note.round }, 'Looking for a leader.');
        else log.warn({ round: note.round }, `Looking for a leader: ${note.why}.`);
        return;
      case 'elected':
        this.electionTime.note(note.tookMs);
        log.info(
          { leader: note.leader, ms: Math.round(note.tookMs) },
          `Elected server ${note.leader} in ${Math.round(note.tookMs)} ms.`,
        );
        return;
      case 'leading':
        this.leadingSince = performance.now();
        log.info({ epoch: note.epoch }, `Leading, epoch ${note.epoch}.`);
        return;
      case 'following':
      case 'observing':
        log.info(
          { epoch: note.epoch, leader: note.leader },
          `${note.kind === 'following' ? 'Following' : 'Observing'} server ${note.leader}, epoch ${note.epoch}.`,
        );
        return;
      case 'synchronising':
        if (note.by === 'SNAP') this.snapshotsSent++;
        else this.diffsSent++;
        log.info(
          { learner: note.learner, by: note.by, from: note.from.index },
          `Bringing server ${note.learner} up to date by ${note.by}, from record ${note.from.index}.`,
        );
        return;
      case 'learnerSynced':
        log.info(
          { learner: note.learner, ms: Math.round(note.tookMs) },
          `Server ${note.learner} is up to date after ${Math.round(note.tookMs)} ms.`,
        );
        return;
      case 'learnerLost':
        log.warn({ learner: note.learner }, `Lost server ${note.learner}: ${note.why}.`);
        return;
      case 'alarm':
        this.alarms++;
        log.error(`This must not happen, report it with the logs of all servers: ${note.what}.`);
        return;
      default:
        return unreachable(note);
    }
  }
}

/** A peer that does not answer within this is not waited for, whatever cnxTimeout says: there are others. */
const CONNECT_MS_MAX = 500;

/** Everybody who counts, or will once what is in the log is committed; and this server, where its file says it is. */
function membersOf(self: Member, configurations: readonly Configuration[]): readonly Member[] {
  const members = new Map([[self.id, self]]);
  for (const configuration of configurations)
    if (configuration instanceof EnsembleConfiguration)
      for (const member of configuration.membership.members) members.set(member.id, member);
  return [...members.values()];
}
