/**
 * The simulated network between servers. Per pair there is one election link, which comes and goes by itself, and
 * there are quorum links, which a learner dials. Messages go through their form on the wire. A cut road holds what is sent and delivers it
 * late, as TCP does; hosts that lose their power leave links half open.
 */
import {
  decodeNotification,
  decodePeerMessage,
  encodeNotification,
  encodePeerMessage,
} from '../../src/net/index.js';
import type { NetworkInput, Notification, PeerMessage, ServerId } from '../../src/zab/index.js';
import { Path, Pipe, type Delay } from './pipe.js';
import type { SimRandom } from './random.js';
import type { Scheduler } from './scheduler.js';

export type Channel = 'election' | 'quorum';
const CHANNELS: readonly Channel[] = ['election', 'quorum'];

/** How long somebody waits for the other end before a dial fails. */
const CONNECT_MS = 500;

/** Higher than any epoch of a run. */
const FAVOURED_EPOCH = 1_000_000;

type Deliver = (input: NetworkInput) => void;
type Packet = { readonly message: PeerMessage } | 'end';

/** One end of a quorum link. */
interface End {
  readonly id: number;
  readonly owner: ServerId;
  readonly peer: ServerId;
  open: boolean;
  readonly out: Pipe<Packet>;
  other: End | undefined;
}

/** The election link of a pair, as one end sees it. */
interface ElectionEnd {
  up: boolean;
  /** Counts the links of the pair, so that the end of an older one does not end a newer one. */
  generation: number;
  pipe: Pipe<Notification | 'end'> | undefined;
  waiting: Notification | undefined;
}

export class Network {
  /** Quorum ports that refuse connections. */
  readonly refusing = new Set<ServerId>();
  /** Whether one server takes another for a member of its ensemble: it neither calls strangers nor listens to them. */
  knows: (id: ServerId, other: ServerId) => boolean = () => true;
  /** Votes for this server arrive as votes for one with a better log. */
  favourite: ServerId | undefined;
  readonly #scheduler: Scheduler;
  readonly #random: SimRandom;
  readonly #delay: Delay;
  readonly #ids: readonly ServerId[];
  readonly #up = new Map<ServerId, Deliver>();
  readonly #paths = new Map<string, Path>();
  readonly #ends = new Map<number, End>();
  readonly #elections = new Map<string, ElectionEnd>();
  readonly #connecting = new Set<string>();
  readonly #corrupting = new Set<string>();
  /** Servers that were sent, and may not have looked at yet, records with a bit flipped. */
  readonly corrupted = new Set<ServerId>();
  readonly #letGo = new Set<number>();
  #nextLink = 1;

  constructor(scheduler: Scheduler, random: SimRandom, delay: Delay, ids: readonly ServerId[]) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#delay = delay;
    this.#ids = ids;
    for (const from of ids)
      for (const to of ids)
        for (const channel of CHANNELS) {
          if (from === to) continue;
          this.#paths.set(`${channel} ${from} ${to}`, new Path());
          if (channel === 'election')
            this.#elections.set(`${from} ${to}`, {
              up: false,
              generation: 0,
              pipe: undefined,
              waiting: undefined,
            });
        }
  }

  // --- what servers do ---------------------------------------------------------------------------------------------

  notify(from: ServerId, to: ServerId, notification: Notification): void {
    const end = this.#election(from, to);
    if (end === undefined || !this.knows(from, to)) return;
    const copy = decodeNotification(encodeNotification(notification));
    const isFavoured = copy.state === 'looking' && copy.leader === this.favourite && !copy.leaderBlank;
    const message = isFavoured ? { ...copy, peerEpoch: FAVOURED_EPOCH } : copy;
    if (end.up && end.pipe !== undefined) {
      end.pipe.send(message);
      end.pipe.keepLatestHeld();
    } else end.waiting = message;
  }

  dial(from: ServerId, to: ServerId): void {
    const dialler = this.#up.get(from);
    if (dialler === undefined) return;
    const there = this.#road('quorum', from, to);
    const back = this.#road('quorum', to, from);
    const fail = (ms: number): void =>
      void this.#scheduler.after(ms, () => {
        if (this.#up.get(from) === dialler) dialler({ kind: 'dialFailed', peer: to });
      });
    if (there === undefined || back === undefined || !this.knows(from, to)) return fail(0.1);
    this.#scheduler.after(this.#hop(), () => {
      if (this.#up.get(from) !== dialler) return;
      if (there.cut || back.cut) return fail(CONNECT_MS);
      const acceptor = this.#up.get(to);
      if (acceptor === undefined || this.refusing.has(to) || !this.knows(to, from)) return fail(this.#hop());
      this.#connect(from, dialler, to, acceptor);
    });
  }

  send(owner: ServerId, link: number, message: PeerMessage): boolean {
    const end = this.#ends.get(link);
    if (end?.open !== true || end.owner !== owner) return false;
    end.out.send({ message: this.#onTheWay(end, decodePeerMessage(encodePeerMessage(message))) });
    const isCut =
      this.#road('quorum', owner, end.peer)?.cut !== false ||
      this.#road('quorum', end.peer, owner)?.cut !== false;
    if (end.other === undefined && this.#up.has(end.peer) && !isCut) {
      // The other end has forgotten this connection: it answers with a reset.
      this.#scheduler.after(2 * this.#hop(), () => this.#down(end));
    }
    return true;
  }

  /** The next records from one server to another arrive with a bit flipped. */
  corruptNext(from: ServerId, to: ServerId): void {
    this.#corrupting.add(`${from} ${to}`);
  }

  #onTheWay({ owner, peer }: End, message: PeerMessage): PeerMessage {
    if (message.kind !== 'records' || !this.#corrupting.delete(`${owner} ${peer}`)) return message;
    const bytes = Buffer.from(message.batch.bytes);
    const at = this.#random.int(bytes.byteLength);
    bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << this.#random.int(8)), at);
    this.corrupted.add(peer);
    return { ...message, batch: { ...message.batch, bytes } };
  }

  close(owner: ServerId, link: number): void {
    const end = this.#ends.get(link);
    if (end?.open !== true || end.owner !== owner) return;
    end.out.end('end');
    this.#letGo.add(link);
    this.#scheduler.after(0.05, () => this.#down(end));
  }

  /** Whether the owner of this link has closed it: nothing more of it is handed over. */
  isLetGo(link: number): boolean {
    return this.#letGo.has(link);
  }

  /** Who is at the other end. */
  peerOf(link: number): ServerId | undefined {
    return this.#ends.get(link)?.peer;
  }

  /** Whether both ends of the link from `owner` exist and nothing lies between them. */
  isWhole(link: number): boolean {
    const end = this.#ends.get(link);
    if (end?.open !== true || end.other?.open !== true) return false;
    return (
      this.#road('quorum', end.owner, end.peer)?.cut === false &&
      this.#road('quorum', end.peer, end.owner)?.cut === false
    );
  }

  /** Links of a server that are open, with who is at the other end. */
  linksOf(owner: ServerId): number[] {
    return [...this.#ends.values()].filter((end) => end.owner === owner && end.open).map(({ id }) => id);
  }

  // --- what happens to hosts ---------------------------------------------------------------------------------------

  /** A process listens. @param deliver takes what comes for it */
  started(id: ServerId, deliver: Deliver): void {
    this.#up.set(id, deliver);
    for (const peer of this.#ids) if (peer !== id) this.#connectElection(id, peer);
  }

  /** The process is gone. @param silently its host, too: nobody says goodbye */
  stopped(id: ServerId, silently: boolean): void {
    this.#up.delete(id);
    for (const end of [...this.#ends.values()]) {
      if (end.owner !== id) continue;
      this.#ends.delete(end.id);
      end.open = false;
      const { other } = end;
      if (other !== undefined) other.other = undefined;
      if (silently) end.out.break(0.5);
      else this.#breakOff(end);
    }
    for (const peer of this.#ids) {
      if (peer === id) continue;
      const end = this.#election(id, peer);
      if (end === undefined) continue;
      end.up = false;
      end.waiting = undefined;
      if (silently) end.pipe?.break(0.5);
      else end.pipe?.end('end');
      end.pipe = undefined;
    }
  }

  // --- faults ------------------------------------------------------------------------------------------------------

  cut(from: ServerId, to: ServerId, channels: readonly Channel[], cut: boolean): void {
    for (const channel of channels) {
      const path = this.#road(channel, from, to);
      if (path === undefined || path.cut === cut) continue;
      // On healing, what waited arrives late, or its connection turns out to be broken.
      if (!cut && this.#random.chance(0.5)) this.reset(from, to, channel);
      path.cut = cut;
      if (!cut && channel === 'election') this.#connectElection(from, to);
    }
  }

  /** Opens every road. */
  healAll(among: (id: ServerId) => boolean): void {
    for (const from of this.#ids)
      for (const to of this.#ids) {
        if (from === to || !among(from) || !among(to)) continue;
        this.cut(from, to, CHANNELS, false);
        for (const channel of CHANNELS) {
          const path = this.#road(channel, from, to);
          if (path === undefined || path.cloggedUntil <= this.#scheduler.now) continue;
          // What waits there would still come late.
          path.cloggedUntil = 0;
          this.reset(from, to, channel);
        }
      }
  }

  clog(from: ServerId, to: ServerId, ms: number): void {
    for (const channel of CHANNELS) {
      const path = this.#road(channel, from, to);
      if (path !== undefined) path.cloggedUntil = this.#scheduler.now + ms;
    }
  }

  /** Connections between two servers break; what is under way may be lost from any point on. */
  reset(a: ServerId, b: ServerId, channel: Channel): void {
    if (channel === 'quorum') {
      for (const end of [...this.#ends.values()]) {
        if (end.owner === a && end.peer === b && end.open) {
          end.out.break(0.6);
          end.other?.out.break(0.6);
          this.#breakOff(end);
          this.#scheduler.after(this.#hop(), () => this.#down(end));
        }
      }
      return;
    }
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      this.#election(from, to)?.pipe?.break(0.6);
      this.#scheduler.after(this.#hop(), () => this.#electionDown(from, to));
    }
  }

  /** The connections of `a` with `b` break at the end of `a`; `b` hears nothing of it. */
  breakOneEnd(a: ServerId, b: ServerId): void {
    for (const end of [...this.#ends.values()]) {
      if (end.owner !== a || end.peer !== b || !end.open) continue;
      if (end.other !== undefined) end.other.other = undefined;
      end.out.break(0.5);
      this.#down(end);
    }
    this.#election(a, b)?.pipe?.break(0.5);
    this.#electionDown(a, b);
  }

  /** Election links between those that do not know each other any more go down. */
  forgetStrangers(): void {
    for (const a of this.#ids)
      for (const b of this.#ids) {
        if (a === b || this.#election(a, b)?.up !== true || !this.#up.has(a) || this.knows(a, b)) continue;
        this.#electionDown(a, b);
        this.#electionDown(b, a);
      }
  }

  // --- quorum links ------------------------------------------------------------------------------------------------

  #connect(from: ServerId, dialler: Deliver, to: ServerId, acceptor: Deliver): void {
    const { now } = this.#scheduler;
    const upAt = now + this.#hop();
    const near = this.#end(from, to, now);
    const far = this.#end(to, from, upAt);
    near.other = far;
    far.other = near;
    far.open = true;
    acceptor({ kind: 'linkUp', link: far.id, peer: from, dialled: false });
    this.#scheduler.at(upAt, () => {
      if (this.#up.get(from) !== dialler) return;
      near.open = true;
      dialler({ kind: 'linkUp', link: near.id, peer: to, dialled: true });
    });
  }

  /** @param notBefore the other end does not exist before */
  #end(owner: ServerId, peer: ServerId, notBefore: number): End {
    const path = this.#road('quorum', owner, peer) ?? new Path();
    const end: End = {
      id: this.#nextLink++,
      owner,
      peer,
      open: false,
      other: undefined,
      out: new Pipe<Packet>(
        this.#scheduler,
        this.#random,
        this.#delay,
        path,
        (packet) => {
          const { other } = end;
          if (other === undefined || this.#ends.get(other.id) !== other || !other.open) return;
          if (packet === 'end') return this.#down(other);
          this.#up.get(peer)?.({ kind: 'packet', link: other.id, message: packet.message });
        },
        notBefore,
      ),
    };
    this.#ends.set(end.id, end);
    return end;
  }

  /** This end breaks; the other one learns of it when the news arrives. */
  #breakOff(end: End): void {
    const { other } = end;
    const path = this.#road('quorum', end.owner, end.peer);
    end.out.end('end');
    if (other === undefined || path === undefined) return;
    // A process that dies may leave unsent what it had written.
    const tell = (): void => {
      if (path.cut) void this.#scheduler.after(50, tell);
      else this.#down(other);
    };
    this.#scheduler.after(this.#delay.min + 3 * this.#delay.mean + this.#hop(), tell);
  }

  #down(end: End): void {
    if (!end.open) return;
    end.open = false;
    end.out.end('end');
    this.#ends.delete(end.id);
    this.#up.get(end.owner)?.({ kind: 'linkDown', link: end.id });
  }

  // --- election links ----------------------------------------------------------------------------------------------

  #connectElection(a: ServerId, b: ServerId): void {
    const key = a < b ? `${a} ${b}` : `${b} ${a}`;
    if (this.#connecting.has(key)) return;
    this.#connecting.add(key);
    this.#scheduler.after(this.#random.range(1, 30) + 2 * this.#hop(), () => {
      this.#connecting.delete(key);
      this.#electionUp(a, b);
    });
  }

  #electionUp(a: ServerId, b: ServerId): void {
    const [one, other] = [this.#election(a, b), this.#election(b, a)];
    if (one === undefined || other === undefined || !this.#up.has(a) || !this.#up.has(b)) return;
    if (this.#road('election', a, b)?.cut !== false || this.#road('election', b, a)?.cut !== false) return;
    if (one.up && other.up) return;
    if (!this.knows(a, b) || !this.knows(b, a))
      return void this.#scheduler.after(this.#random.range(50, 300), () => this.#connectElection(a, b));
    // A new hello replaces the older link: whoever still has that one loses it first.
    this.#electionDown(a, b);
    this.#electionDown(b, a);
    const generation = Math.max(one.generation, other.generation) + 1;
    for (const [from, to, end] of [
      [a, b, one],
      [b, a, other],
    ] as const) {
      end.up = true;
      end.generation = generation;
      const path = this.#road('election', from, to) ?? new Path();
      const pipe = new Pipe<Notification | 'end'>(
        this.#scheduler,
        this.#random,
        this.#delay,
        path,
        (message) => {
          if (this.#election(to, from)?.generation !== generation) return;
          if (message === 'end') return this.#electionDown(to, from);
          this.#up.get(to)?.({ kind: 'notification', from, notification: message });
        },
        this.#scheduler.now,
      );
      end.pipe = pipe;
      this.#up.get(from)?.({ kind: 'electionLink', peer: to, up: true });
      if (end.waiting !== undefined) pipe.send(end.waiting);
      end.waiting = undefined;
    }
  }

  #electionDown(id: ServerId, peer: ServerId): void {
    const end = this.#election(id, peer);
    if (end?.up !== true) return;
    end.up = false;
    end.pipe?.break(0);
    end.pipe = undefined;
    this.#up.get(id)?.({ kind: 'electionLink', peer, up: false });
    this.#connectElection(id, peer);
  }

  #election(from: ServerId, to: ServerId): ElectionEnd | undefined {
    return this.#elections.get(`${from} ${to}`);
  }

  #road(channel: Channel, from: ServerId, to: ServerId): Path | undefined {
    return this.#paths.get(`${channel} ${from} ${to}`);
  }

  #hop(): number {
    return this.#delay.min + this.#random.exponential(this.#delay.mean);
  }
}
