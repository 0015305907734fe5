/** Faults of clients: too many at once, ones that do not read, ones that say nothing. */
import { sleep } from '../interop/process.js';
import { getData } from '../server/frames.js';
import { Wire } from '../server/wire.js';
import { anybody, type FaultKind, type Scene } from './scene.js';

const FLOOD_ROUNDS = 10;
const FLOOD_CONNECTIONS = 200;
const SLOW_READERS = 20;
const SLOW_REQUESTS = 20_000;
const HALF_OPEN = 300;
const BYSTANDER_MS = 3000;

async function flood(scene: Scene): Promise<void> {
  const { id, server } = anybody(scene);
  scene.note(`${FLOOD_ROUNDS * FLOOD_CONNECTIONS} connections to ${id}, opened and dropped`);
  for (let round = 0; round < FLOOD_ROUNDS; round++) {
    const opened = await Promise.allSettled(
      Array.from({ length: FLOOD_CONNECTIONS }, () => Wire.open(server.port)),
    );
    for (const wire of opened) if (wire.status === 'fulfilled') wire.value.destroy();
    await sleep(scene.random.int(200));
  }
}

/** Ask for much, and read none of it. */
async function slowReaders(scene: Scene): Promise<void> {
  const { id, server } = anybody(scene);
  scene.note(`${SLOW_READERS} clients of ${id} ask ${SLOW_REQUESTS} times each, and do not read`);
  const wires: Wire[] = [];
  const request = Buffer.concat(Array.from({ length: SLOW_REQUESTS }, (_, i) => getData(i + 1, '/load/k0')));
  for (let i = 0; i < SLOW_READERS; i++) {
    const wire = await Wire.connect(server.port);
    wire.deaf();
    wire.send(request);
    wires.push(wire);
  }
  await sleep(BYSTANDER_MS);
  for (const wire of wires) wire.destroy();
}

/** A third says nothing at all, a third half a word, a third lets its session starve. */
async function halfOpen(scene: Scene): Promise<void> {
  const { id, server } = anybody(scene);
  scene.note(`${HALF_OPEN} clients of ${id} say nothing, or not enough`);
  const begun = await Promise.allSettled(
    Array.from({ length: HALF_OPEN }, async (_, i) => {
      const wire = i % 3 === 2 ? await Wire.connect(server.port) : await Wire.open(server.port);
      if (i % 3 === 1) wire.send(Buffer.from([0, 0, 0]));
      return wire;
    }),
  );
  await sleep(BYSTANDER_MS);
  for (const wire of begun) if (wire.status === 'fulfilled') wire.value.destroy();
}

export const CROWD_FAULTS: readonly FaultKind[] = [
  { name: 'connection flood', act: flood },
  { name: 'slow readers', act: slowReaders },
  { name: 'half-open clients', act: halfOpen },
];
