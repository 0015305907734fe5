/** Runs the commands about data as an operator does, on directories of its own. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startServer, type RunningServer, type ZooKeeper } from '../../src/index.js';

const CLI = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

/** How a command ended. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** `zabkeeper` with these arguments, without a terminal. */
export function zabkeeper(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...args], { timeout: 15_000 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, out, err });
    });
  });
}

/** Directories of servers, each with its zoo.cfg; all of it is gone in the end. */
export class Machines implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'zabkeeper-data-'));

  file(name: string): string {
    return join(this.directory, name);
  }

  /** @returns the data directory of a server */
  dataDir(name: string): string {
    return join(this.directory, name);
  }

  /** @returns the zoo.cfg of a server, with these lines besides */
  config(name: string, lines: Readonly<Record<string, string>> = {}): string {
    mkdirSync(this.dataDir(name), { recursive: true });
    const file = join(this.directory, `${name}.cfg`);
    const all = { dataDir: this.dataDir(name), clientPort: '2181', clientPortAddress: '127.0.0.1', ...lines };
    writeFileSync(
      file,
      Object.entries(all)
        .map(([key, value]) => `${key}=${value}\n`)
        .join(''),
    );
    return file;
  }

  start(name: string, properties: Readonly<Record<string, string>> = {}): Promise<RunningServer> {
    return startServer({ dataDir: this.dataDir(name), properties });
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Paths with data and Stat, of a whole tree but /zookeeper. */
export async function seeTree(zk: ZooKeeper, from = '/'): Promise<Map<string, unknown>> {
  const seen = new Map<string, unknown>();
  const visit = async (path: string): Promise<void> => {
    const { data, stat } = await zk.getData(path);
    seen.set(path, { data: data?.toString() ?? null, stat, acl: (await zk.getAcl(path)).acl });
    const { children } = await zk.getChildren(path);
    for (const name of [...children].sort()) {
      const child = path === '/' ? `/${name}` : `${path}/${name}`;
      if (child !== '/zookeeper') await visit(child);
    }
  };
  await visit(from);
  return seen;
}
