/**
 * Why this file exists: envi, which kazoo asks for the server's version, and people for where a server runs.
 *
 * ZooKeeper's keys are those of a Java virtual machine. They keep their names, because scripts look for them, and tell
 * the truth about what plays that part here: `java.vendor=Node.js` with its version and place, and `<NA>`, which is
 * what Java prints for a property it does not have, where there is nothing of the kind.
 */
import { arch, homedir, hostname, release, tmpdir, type, userInfo } from 'node:os';
import { dirname } from 'node:path';
import process from 'node:process';
import { getHeapStatistics } from 'node:v8';
import type { Status } from '../server/index.js';
import { lines } from './format.js';
import { fullVersion } from './version.js';

const NOT_AVAILABLE = '<NA>';

/** Java's names of processors. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'aarch64', ia32: 'x86' };

/** Version, machine, user and memory. */
export function envi(status: Status): string {
  return lines(
    'Environment:',
    ...environment(status).map(([key, value]) => `${key}=${value.replace(/[\r\n]+/g, ' ')}`),
  );
}

/** The same as keys and values. */
export function environment(status: Status): readonly (readonly [key: string, value: string])[] {
  const heap = getHeapStatistics();
  return [
    ['zookeeper.version', fullVersion(status)],
    ['host.name', hostname()],
    ['java.version', process.versions.node],
    ['java.vendor', 'Node.js'],
    ['java.home', dirname(dirname(process.execPath))],
    ['java.class.path', NOT_AVAILABLE],
    ['java.library.path', NOT_AVAILABLE],
    ['java.io.tmpdir', tmpdir()],
    ['java.compiler', NOT_AVAILABLE],
    ['os.name', type()],
    ['os.arch', ARCHITECTURES[arch()] ?? arch()],
    ['os.version', release()],
    ['user.name', orNotAvailable(() => userInfo().username)],
    ['user.home', orNotAvailable(homedir)],
    ['user.dir', orNotAvailable(() => process.cwd())],
    // Of the heap, as in ZooKeeper: total is what it has of the system, free the unused part of that.
    ['os.memory.free', megabytes(heap.total_heap_size - heap.used_heap_size)],
    ['os.memory.max', megabytes(heap.heap_size_limit)],
    ['os.memory.total', megabytes(heap.total_heap_size)],
  ];
}

function megabytes(bytes: number): string {
  return `${Math.floor(bytes / 2 ** 20)}MB`;
}

/** A user without a line in passwd and a deleted working directory are errors to Node, not to us. */
function orNotAvailable(read: () => string): string {
  try {
    return read();
  } catch {
    return NOT_AVAILABLE;
  }
}
