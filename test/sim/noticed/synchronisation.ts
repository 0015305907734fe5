/** How learners are brought to their leader's history, and what happens to disks meanwhile. */
import type { DiskOp, PeerMessage, ServerId } from '../../../src/zab/index.js';
import type { ServerView } from '../checkers/index.js';
import type { Input } from '../core.js';
import type { SimServer } from '../server.js';
import { Noticer } from './noticer.js';

/** Which way was taken, and what went on meanwhile. */
export class Synchronisations extends Noticer {
  /** Where NEWLEADER stood, by the leader's end of the link. */
  readonly #newLeaders = new Map<number, number>();

  override sending({ id }: ServerView, link: number, message: PeerMessage): void {
    const server = this.serverOf(id);
    if (server?.engine === undefined) return;
    switch (message.kind) {
      case 'diff':
      case 'trunc':
      case 'snap': {
        if (server.serving && server.engine.outstanding > 0)
          this.count('proposals outstanding when a learner joins');
        if (message.kind !== 'diff' || message.from.index === server.disk.tail.index) return;
        const { history } = server.engine.peer;
        this.count(message.from.index >= history.start.index ? 'DIFF from memory' : 'DIFF from disk');
        return;
      }
      case 'newLeader':
        this.#newLeaders.set(link, message.tail.index);
        return;
      case 'upToDate':
        if (message.commit > (this.#newLeaders.get(link) ?? Infinity))
          this.count('commit between NEWLEADER and UPTODATE');
        return;
      default:
        return;
    }
  }
}

/** What was under way to a disk when something came in between. */
export class DiskMoments extends Noticer {
  /** Tokens that were given out in the present role. */
  readonly #tokens = new Map<ServerId, Set<number>>();
  readonly #installs = new Map<ServerId, number>();
  /** Servers whose synchronisation is written in parts, and is not complete. */
  readonly #parts = new Map<ServerId, 'cut' | 'grown'>();

  override wrote({ id }: SimServer, op: DiskOp): void {
    if (op.kind === 'unstage') this.count('SNAP aborted');
    if (op.kind === 'synchronise') {
      if (op.epochs !== undefined) this.#parts.delete(id);
      else {
        this.#parts.set(id, op.truncate !== undefined ? 'cut' : (this.#parts.get(id) ?? 'grown'));
        this.count(op.truncate !== undefined ? 'TRUNC + DIFF chunked' : 'DIFF chunked');
      }
    }
    if ('token' in op) {
      const tokens = this.#tokens.get(id) ?? new Set();
      this.#tokens.set(id, tokens.add(op.token));
    }
  }

  override role({ id }: ServerView, role: string): void {
    if (role === 'looking') this.#tokens.delete(id);
  }

  override stepping({ id, role }: SimServer, input: Input): void {
    if (input.kind === 'logFailed') this.count(`ENOSPC on ${role === 'leading' ? 'leader' : 'follower'}`);
    if (input.kind !== 'epochsDurable' && input.kind !== 'synchronised') return;
    if (this.#tokens.get(id)?.has(input.token) !== true) this.count('stale fsync completion dropped');
  }

  override crashing(server: SimServer): void {
    const { id, disk } = server;
    this.#installs.delete(id);
    if (disk.isInstalling) this.#installs.set(id, disk.installs);
    if (this.#parts.get(id) === 'cut') this.count('crash between TRUNC chunk and epoch chunk');
    this.#parts.delete(id);
    this.#tokens.delete(id);
    if (disk.staging === 'all') this.count('SNAP then crash before install');
  }

  override crashed({ id }: ServerView): void {
    const before = this.#installs.get(id);
    if (before === undefined) return;
    const isDone = (this.serverOf(id)?.disk.installs ?? 0) > before;
    this.count(isDone ? 'install crash after switch' : 'install crash before switch');
  }
}
