/**
 * Faults of disks: full ones, wiped ones, and files that are damaged while their server is down. One server at a time
 * is damaged, and the next one only when all serve again: what is left repairs it.
 */
import {
  existsSync,
  openSync,
  closeSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import * as path from 'node:path';
import type { Member } from '../ensemble/ensemble.js';
import { sleep } from '../interop/process.js';
import { anybody, notForApache, pause, type FaultKind, type Scene } from './scene.js';

/** For our server: what can be done to the files of a stopped one. */
interface Damage {
  readonly name: string;
  /** @param files by what they are @returns what was done; undefined if there is no such file */
  readonly act: (files: Files, scene: Scene) => string | undefined;
}

interface Files {
  readonly directory: string;
  readonly log: string;
  readonly wal: string;
  readonly mark: string;
  readonly trees: readonly string[];
}

const SQLITE_PAGE = 4096;
const WAL_HEADER = 32;
const MARK_SLOT = 4096;
/** Of a slot of the mark, what has a meaning. */
const MARK_BYTES = 80;

function filesOf({ server }: Member): Files {
  const directory = path.join(server.dataDir, 'version-2');
  const log = path.join(directory, 'log.db');
  const trees = readdirSync(directory)
    .filter((name) => /^tree-\d+\.db$/.test(name))
    .map((name) => path.join(directory, name));
  return { directory, log, wal: `${log}-wal`, mark: path.join(directory, 'mark'), trees };
}

function sizeOf(file: string): number {
  return existsSync(file) ? statSync(file).size : 0;
}

/** Flips one bit of a part of a file. */
function flip(file: string, from: number, to: number, { random }: Scene): string | undefined {
  if (to <= from || to > sizeOf(file)) return undefined;
  const at = from + random.int(to - from);
  const bit = random.int(8);
  const fd = openSync(file, 'r+');
  try {
    const byte = Buffer.alloc(1);
    readSync(fd, byte, 0, 1, at);
    byte.writeUInt8(byte.readUInt8(0) ^ (1 << bit));
    writeSync(fd, byte, 0, 1, at);
  } finally {
    closeSync(fd);
  }
  return `bit ${bit} of byte ${at} of ${path.basename(file)}`;
}

function cut(file: string, bytes: number): string | undefined {
  const size = sizeOf(file);
  if (size === 0) return undefined;
  truncateSync(file, bytes);
  return `${path.basename(file)} is cut from ${size} to ${bytes} bytes`;
}

function remove(...files: readonly string[]): string {
  for (const file of files) rmSync(file, { force: true });
  return `${files.map((file) => path.basename(file)).join(', ')} deleted`;
}

const half = (file: string): number => Math.floor(sizeOf(file) / 2);

const DAMAGES: readonly Damage[] = [
  {
    name: 'bit flipped in a page of the log',
    act: ({ log }, scene) => flip(log, SQLITE_PAGE, sizeOf(log), scene),
  },
  {
    name: 'bit flipped in the middle of the WAL',
    act: ({ wal }, scene) => flip(wal, WAL_HEADER, half(wal), scene),
  },
  {
    name: 'bit flipped at the end of the WAL',
    act: ({ wal }, scene) => flip(wal, Math.max(WAL_HEADER, sizeOf(wal) - SQLITE_PAGE), sizeOf(wal), scene),
  },
  {
    name: 'bit flipped in the mark',
    act: ({ mark }, scene): string | undefined => {
      const slot = scene.random.int(2) * MARK_SLOT;
      return flip(mark, slot, Math.min(slot + MARK_BYTES, sizeOf(mark)), scene);
    },
  },
  {
    name: 'bit flipped in a page of the tree',
    act: ({ trees: [tree = ''] }, scene) => flip(tree, SQLITE_PAGE, sizeOf(tree), scene),
  },
  { name: 'log cut', act: ({ log }) => cut(log, half(log)) },
  { name: 'WAL cut', act: ({ wal }) => cut(wal, half(wal)) },
  { name: 'mark cut', act: ({ mark }) => cut(mark, 10) },
  { name: 'tree cut', act: ({ trees: [tree = ''] }) => cut(tree, half(tree)) },
  { name: 'WAL deleted', act: ({ wal }) => remove(wal, wal.replace('-wal', '-shm')) },
  { name: 'log deleted', act: ({ log, wal }) => remove(log, wal, wal.replace('-wal', '-shm')) },
  { name: 'mark deleted', act: ({ mark }) => remove(mark) },
  {
    name: 'tree deleted',
    act: ({ trees }) => remove(...trees.flatMap((tree) => [tree, `${tree}-wal`, `${tree}-shm`])),
  },
];

/** A server that does not start for such a reason says so, and with what it does not agree. */
const REFUSAL = /"level":60|FATAL|fatal/;
const REFUSED_EXIT = /"code":(3|74)\b/;

async function damaged(scene: Scene, { name, act }: Damage): Promise<void> {
  const victim = anybody(scene);
  await victim.kill();
  const done = act(filesOf(victim), scene);
  scene.note(
    done === undefined ? `${name}: there is nothing of that kind on ${victim.id}` : `${victim.id}: ${done}`,
  );
  await pause(scene, 0, 1000);
  try {
    await victim.start();
  } catch (error) {
    const text = String(error);
    // What it must not do is to crash: it has to say what is wrong, with an exit code of its own.
    if (!/ended before it served/.test(text) || !REFUSED_EXIT.test(text)) throw error;
    scene.note(`${victim.id} refuses to start, and gets an empty disk: ${sentenceOf(text)}`);
    await victim.wipe();
    await victim.start();
  }
}

/** The last line of a server's log that says more than a level. */
function sentenceOf(output: string): string {
  const lines = output.split('\n').filter((line) => REFUSAL.test(line));
  return (lines.at(-1) ?? output.trim().split('\n').at(-1) ?? '').slice(0, 300);
}

async function full(scene: Scene, victims: readonly number[]): Promise<void> {
  scene.note(`the disk of ${victims.join(', ')} is full`);
  const frees = victims.map((id) => scene.machine.fillDisk(id));
  await pause(scene, 2000, 5000);
  for (const free of frees) free();
}

const smallDisksOnly: FaultKind['skip'] = ({ flavour, machine }) =>
  flavour === 'apache' ? 'its process ends on a full disk, and waits for an operator' : machine.noSmallDisks;

export const DISK_FAULTS: readonly FaultKind[] = [
  {
    name: 'disk full',
    skip: smallDisksOnly,
    act: (scene) => full(scene, [scene.random.pick(scene.machine.smallDisks)]),
  },
  {
    name: 'disks full, two at once',
    skip: smallDisksOnly,
    act: (scene) => full(scene, scene.machine.smallDisks),
  },
  {
    name: 'disk wiped',
    act: async (scene: Scene): Promise<void> => {
      const victim = anybody(scene);
      scene.note(`the disk of ${victim.id} is wiped`);
      await victim.kill();
      await victim.wipe();
      await sleep(scene.random.int(1000));
      await victim.start();
    },
  },
  ...DAMAGES.map((damage): FaultKind => ({
    name: `damage: ${damage.name}`,
    skip: notForApache,
    act: (scene) => damaged(scene, damage),
  })),
];
