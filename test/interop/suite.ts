/**
 * What the test files have in common: one server per file, paths that never collide, and the mocha tests of a
 * foreign program which knows its cases by name.
 */
import { expect } from 'chai';
import { Proxy } from './network.js';
import { NodeClient } from './nodeClient.js';
import { Program, sleep, until } from './process.js';
import { startServer, type ServerOptions, type TestServer } from './server.js';

/** Short enough to wait for, and a multiple of the tick, so that the server grants exactly this. */
export const SESSION_TIMEOUT_MS = 2000;
const TICK_TIME_MS = 500;

const CASE_LIMIT_MS = 60_000;

/** Starts a server before the tests of the enclosing `describe` and ends it after them. */
export function sharedServer(options: ServerOptions = {}): () => TestServer {
  let server: TestServer | undefined;
  before('start the server', async () => {
    server = await startServer({
      ...options,
      config: {
        tickTime: TICK_TIME_MS,
        maxClientCnxns: 0,
        '4lw.commands.whitelist': '*',
        ...options.config,
      },
    });
  });
  after('stop the server', async () => {
    await server?.[Symbol.asyncDispose]();
  });
  return () => {
    if (server === undefined) throw new Error('the server was not started');
    return server;
  };
}

let paths = 0;

/** A top-level path no other test of this run has used. */
export function uniquePath(purpose: string): string {
  paths += 1;
  return `/${purpose}-${process.pid}-${paths}`;
}

/** How a program is started for one of its cases. */
export type CaseCommand = (args: readonly string[]) => {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
};

/**
 * A mocha test per case. The program is called with `<connect string> <case> <path>`, works below that path,
 * checks what it sees and ends with exit code 0 after it has printed `passed`.
 */
export function describeCases(
  server: () => TestServer,
  commandFor: CaseCommand,
  cases: Readonly<Record<string, string>>,
): void {
  for (const [name, title] of Object.entries(cases)) {
    it(title, async () => {
      const { command, args, env } = commandFor([server().connectString, name, uniquePath(name)]);
      await using program = Program.start(command, args, env === undefined ? {} : { env });
      await expectPassed(program, server());
    });
  }
}

/**
 * The expiry case of a program: it creates an ephemeral with a session of SESSION_TIMEOUT_MS (its fourth argument),
 * prints `ready <path>`, and must find out by itself that the session is gone once the network is back.
 */
export function itLosesItsSession(server: () => TestServer, commandFor: CaseCommand): void {
  it('loses its ephemerals and learns of it when its session expires', async () => {
    await using proxy = await Proxy.to(server().port);
    await using observer = await NodeClient.connect(server().connectString);
    const { command, args, env } = commandFor([
      proxy.connectString,
      'expiry',
      uniquePath('expiry'),
      String(SESSION_TIMEOUT_MS),
    ]);
    await using program = Program.start(command, args, env === undefined ? {} : { env });
    const [, path = ''] = await program.expect(/^ready (\S+)$/m, 30_000);
    expect(await observer.exists(path), program.describe()).to.not.equal(null);
    proxy.partition();
    // Well inside: the last ping before the partition is at most half a timeout old.
    await sleep(SESSION_TIMEOUT_MS / 4);
    expect(await observer.exists(path), 'expired too early').to.not.equal(null);
    await until(
      'the ephemeral disappears',
      SESSION_TIMEOUT_MS * 4,
      async () => (await observer.exists(path)) === null,
    );
    proxy.heal();
    await expectPassed(program, server());
  });
}

async function expectPassed(program: Program, server: TestServer): Promise<void> {
  try {
    const { code } = await program.wait(CASE_LIMIT_MS);
    if (code === 0 && /^passed$/m.test(program.output)) return;
  } catch (error) {
    throw new Error(`${String(error)}\n${server.describe()}`, { cause: error });
  }
  throw new Error(`failed: ${program.describe()}\n${server.describe()}`);
}
