/** Faults of wall clocks, which nothing but mtimes and TTLs may go by. */
import { sleep } from '../interop/process.js';
import { pause, type FaultKind, type Scene } from './scene.js';

const skip: FaultKind['skip'] = ({ flavour, machine }) =>
  flavour === 'apache' ? 'a virtual machine reads its clocks past the library' : machine.noFakeTime;

const STROBE_MS = 1200;

async function jump(scene: Scene): Promise<void> {
  const { machine, random } = scene;
  const offset = random.pick(['+3600s', '-3600s']);
  scene.note(`the clock of ${machine.clockServer} jumps by ${offset}`);
  machine.setClock(offset);
  await pause(scene, 3000, 5000);
  machine.setClock('+0');
}

async function strobe({ machine, note }: Scene): Promise<void> {
  note(`the clock of ${machine.clockServer} jumps by 10 s to and fro`);
  for (const offset of ['+10s', '-10s', '+10s', '-10s', '+0']) {
    machine.setClock(offset);
    await sleep(STROBE_MS);
  }
}

export const CLOCK_FAULTS: readonly FaultKind[] = [
  { name: 'clock jump', skip, act: jump },
  { name: 'clock strobe', skip, act: strobe },
];
