/**
 * Session order, from what the clients saw alone: answers come in the order of the requests, nothing that a session is
 * shown is older than what it was shown before, and it sees its own writes. Sessions of clients that were heard live.
 */
import type { RecordingClient } from './client.js';
import { hex, tell, type Event, type Op, type Problem } from './history.js';

interface Seen {
  readonly link: number;
  zxid: bigint;
  /** Of each path the newest change that was shown. */
  readonly mzxids: Map<string, bigint>;
}

export class SessionOrder {
  /** By client: what its present session has seen. */
  readonly #seen = new Map<string, Seen>();
  readonly #sessions = new Map<string, bigint>();
  readonly #clients = new Map<number, string>();
  readonly #asked = new Map<number, number[]>();

  feed(events: readonly Event[], ops: readonly Op[]): Problem[] {
    const problems: Problem[] = [];
    const answers = new Map(ops.map((op) => [`${op.link} ${op.xid}`, op]));
    for (const event of events) {
      switch (event.kind) {
        case 'connect':
          this.#clients.set(event.link, event.client);
          break;
        case 'connected': {
          const client = this.#clients.get(event.link) ?? '';
          if (this.#sessions.get(client) !== event.session) this.#seen.delete(client);
          this.#sessions.set(client, event.session);
          break;
        }
        case 'call': {
          const asked = this.#asked.get(event.link) ?? [];
          this.#asked.set(event.link, asked);
          asked.push(event.xid);
          break;
        }
        case 'answer': {
          const next = this.#asked.get(event.link)?.shift();
          const op = answers.get(`${event.link} ${event.xid}`);
          if (next !== event.xid)
            problems.push({
              rule: 'session',
              what: `link ${event.link}: ${event.xid} is answered before ${next ?? '?'}`,
            });
          if (op !== undefined) problems.push(...this.#shown(op));
          break;
        }
        case 'disconnect':
          this.#clients.delete(event.link);
          this.#asked.delete(event.link);
          break;
        case 'watch':
          break;
      }
    }
    return problems;
  }

  #shown(op: Op): Problem[] {
    const { answer, client, call, link } = op;
    if (answer === undefined || answer.zxid <= 0n) return [];
    const seen = this.#seen.get(client) ?? { link, zxid: 0n, mzxids: new Map<string, bigint>() };
    this.#seen.set(client, seen);
    const problems: Problem[] = [];
    if (answer.zxid < seen.zxid)
      problems.push({ rule: 'session', what: `${tell(op)}, but its session had seen ${hex(seen.zxid)}` });
    else seen.zxid = answer.zxid;
    if (answer.stat === undefined || !('path' in call)) return problems;
    const path = answer.path ?? call.path;
    const before = seen.mzxids.get(path) ?? 0n;
    if (answer.stat.mzxid < before)
      problems.push({ rule: 'session', what: `${tell(op)}, but its session had seen ${hex(before)} of it` });
    else seen.mzxids.set(path, answer.stat.mzxid);
    return problems;
  }
}

/** A follower that is cut off goes on answering until it knows that it is, and what it hears then its leader does not. */
const CUT_OFF_MS = 2000;

/**
 * Sessions that ended although a server had heard of their client within the timeout. When a server was told something
 * last the client does not know exactly: `heardAt` is not later than that.
 */
export function expiredEarly(
  client: string,
  expired: RecordingClient['expired'],
  sessionTimeoutMs: number,
): Problem[] {
  return expired
    .filter(({ heardAt, toldAt }) => toldAt - heardAt < sessionTimeoutMs - CUT_OFF_MS)
    .map(({ session, heardAt, toldAt }) => ({
      rule: 'S3',
      what: `session ${hex(session)} of ${client} is over ${Math.round(toldAt - heardAt)} ms after a server had heard of it`,
    }));
}
