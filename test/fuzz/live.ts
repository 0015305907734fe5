/**
 * Strangers at every port of running servers, a process each, while well-behaved clients go on. In the end all servers
 * are alive and agree, none has grown or kept descriptors, and the clients have noticed nothing.
 */
import { readFileSync } from 'node:fs';
import { connect } from '../../src/client/index.js';
import { Ensemble } from '../ensemble/ensemble.js';
import { Random } from '../helpers/random.js';
import { sleep, until } from '../interop/process.js';
import { startServer, type TestServer } from '../interop/server.js';
import { usageOf, type Usage } from './processes.js';
import { clientSpeech, peerSpeech, say, type Speech } from './strangers.js';
import { Witness, type WitnessReport } from './witness.js';

export interface LiveOptions {
  /** 1, or the size of an ensemble. */
  readonly servers: number;
  readonly minutes: number;
  readonly seed: number;
  /**
   * Strangers also claim to be members. They can take a member's links away, so the clients may lose connections.
   * @default false
   */
  readonly impostors?: boolean;
}

export interface LiveReport {
  readonly connections: number;
  readonly bytes: number;
  readonly before: readonly Usage[];
  readonly after: readonly Usage[];
  readonly znodes: number;
  readonly witness: WitnessReport;
}

/** Strangers at a time. */
const STRANGERS = 12;
const WARM_UP_MS = 5000;
const SETTLE_MS = 12_000;
/** Heap that a server may take beside what was written to it. */
const GROWTH_BYTES_MAX = 300 << 20;
const BYTES_PER_ZNODE = 2000;
/** Sockets of clients that have not gone yet, and what the runtime opens later. */
const DESCRIPTORS_MORE_MAX = 12;
const BUGS =
  /\b(TypeError|RangeError|ReferenceError|SyntaxError|AssertionError|DecodeError|uncaught|unhandled)\b/i;
const CONFIG = { tickTime: 500, maxClientCnxns: 0, '4lw.commands.whitelist': '*' };
const STRANGER_ID = 99;

interface Place {
  readonly id: number;
  readonly server: TestServer;
  readonly quorum: number;
  readonly election: number;
}

/** @throws Error with what went wrong, and the last inputs */
export async function fuzzLive(options: LiveOptions, say = console.log): Promise<LiveReport> {
  if (options.servers === 1) {
    await using server = await startServer({ flavour: 'zabkeeper', config: CONFIG });
    return await attack(options, [{ id: 1, server, quorum: 0, election: 0 }], say);
  }
  await using ensemble = await Ensemble.start({
    flavour: 'zabkeeper',
    servers: options.servers,
    proxied: false,
    config: CONFIG,
  });
  const places = ensemble.members.map(({ id, server }) => ({ id, server, ...portsOf(id, server) }));
  return await attack(options, places, say);
}

function portsOf(id: number, server: TestServer): { quorum: number; election: number } {
  const line = new RegExp(`^server\\.${id}=[^:]*:(\\d+):(\\d+)`, 'm').exec(
    readFileSync(server.configFile, 'utf8'),
  );
  return { quorum: Number(line?.[1]), election: Number(line?.[2]) };
}

async function attack(
  { minutes, seed, impostors = false }: LiveOptions,
  places: readonly Place[],
  say: (text: string) => void,
): Promise<LiveReport> {
  const servers = places.map(({ server }) => server.connectString).join(',');
  const witness = await Witness.start(servers, '/witness', impostors);
  const crowd = new Crowd(places, new Random(seed), impostors);
  await crowd.come(WARM_UP_MS);
  await sleep(1000);
  const before = places.map(usage);
  const deadline = performance.now() + minutes * 60_000;
  while (performance.now() < deadline && !witness.failed) {
    await crowd.come(Math.min(10_000, deadline - performance.now()));
    checkAlive(places, crowd);
    const rss = places.map((place) => `${(usage(place).rssBytes / 1048576).toFixed(0)} MiB`).join(', ');
    say(`${crowd.connections} connections, ${crowd.bytes} bytes; resident: ${rss}`);
  }
  try {
    const report = await witness.stop();
    await sleep(SETTLE_MS);
    checkAlive(places, crowd);
    const after = places.map(usage);
    const znodes = await checkAgreement(places);
    checkGrowth(before, after, znodes);
    return { connections: crowd.connections, bytes: crowd.bytes, before, after, znodes, witness: report };
  } catch (error) {
    throw new Error(`${String(error)}\n${crowd.lastInputs}`, { cause: error });
  }
}

/** Always so many strangers at once, each at a port of its choice. */
class Crowd {
  connections = 0;
  bytes = 0;
  readonly #places: readonly Place[];
  readonly #random: Random;
  readonly #impostors: boolean;
  #last: string[] = [];

  constructor(places: readonly Place[], random: Random, impostors: boolean) {
    this.#places = places;
    this.#random = random;
    this.#impostors = impostors;
  }

  /** The last that was said, for a failure. */
  get lastInputs(): string {
    return this.#last.join('\n');
  }

  async come(forMs: number): Promise<void> {
    const deadline = performance.now() + forMs;
    await Promise.all(
      Array.from({ length: STRANGERS }, async () => {
        while (performance.now() < deadline) await this.#one();
      }),
    );
  }

  #one(): Promise<void> {
    const random = this.#random;
    const place = random.pick(this.#places);
    const { port, speech, what } = this.#choose(place);
    this.connections++;
    this.bytes += speech.opening.byteLength + speech.rest.byteLength;
    this.#last = [
      ...this.#last.slice(1 - 2 * STRANGERS),
      `${what} of server ${place.id}: ${speech.opening.toString('hex')} ${speech.rest.toString('hex')}`,
    ];
    return say(random, port, speech);
  }

  #choose(place: Place): { port: number; speech: Speech; what: string } {
    const random = this.#random;
    if (this.#places.length === 1 || random.chance(0.7))
      return { port: place.server.port, speech: clientSpeech(random), what: 'client port' };
    const channel = random.pick(['election', 'quorum'] as const);
    const others = this.#places.map(({ id }) => id).filter((id) => id !== place.id);
    const from =
      this.#impostors && random.chance(0.5) ? random.pick(others) : random.pick([STRANGER_ID, place.id, 0]);
    const speech = peerSpeech(random, { channel, from, to: place.id });
    return { port: place[channel], speech, what: `${channel} port` };
  }
}

function usage({ server }: Place): Usage {
  if (server.pid === undefined) throw new Error('a server has no process');
  return usageOf(server.pid);
}

function checkAlive(places: readonly Place[], crowd: Crowd): void {
  for (const { id, server } of places) {
    if (!server.running) throw new Error(`server ${id} is gone: ${server.describe()}\n${crowd.lastInputs}`);
    const line = server.output.split('\n').find((text) => BUGS.test(text));
    if (line !== undefined) throw new Error(`server ${id} said: ${line}\n${crowd.lastInputs}`);
  }
}

/** Every server serves the same last value. @returns how many znodes there are */
async function checkAgreement(places: readonly Place[]): Promise<number> {
  const values = new Set<string>();
  let znodes = 0;
  for (const { id, server } of places) {
    await until(`server ${id} serves`, 20_000, async () =>
      /^Mode: /m.test(await server.fourLetterWord('srvr').catch(() => '')),
    );
    znodes = Number(/^Node count: (\d+)$/m.exec(await server.fourLetterWord('srvr'))?.[1]);
    await using zk = await connect({ servers: server.connectString });
    await zk.sync('/witness');
    const { data, stat } = await zk.getData('/witness');
    values.add(`${String(data)} at ${stat.mzxid}`);
  }
  if (values.size !== 1) throw new Error(`the servers disagree: ${[...values].join(', ')}`);
  return znodes;
}

function checkGrowth(before: readonly Usage[], after: readonly Usage[], znodes: number): void {
  for (const [at, { rssBytes, descriptors }] of after.entries()) {
    const first = before[at];
    if (first === undefined) continue;
    const grown = rssBytes - first.rssBytes;
    if (grown > GROWTH_BYTES_MAX + BYTES_PER_ZNODE * znodes)
      throw new Error(`server ${at + 1} grew by ${grown} bytes with ${znodes} znodes`);
    if (descriptors > first.descriptors + DESCRIPTORS_MORE_MAX)
      throw new Error(`server ${at + 1} had ${first.descriptors} descriptors and has ${descriptors}`);
  }
}
