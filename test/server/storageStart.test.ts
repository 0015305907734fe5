/**
 * Why this file exists: what an operator reads when a server does not start, or ends, because of its disk. The last
 * line of the log must say what is wrong, where, and what to do; the exit code tells scripts the same. And a start
 * that is refused has changed nothing.
 */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { startServer } from '../../src/index.js';
import { until } from '../interop/process.js';
import { startServer as startProcess, TestServer } from '../interop/server.js';
import * as frames from './frames.js';
import { Wire } from './wire.js';

const EXIT_DATA_DIR = 3;
const EXIT_IO_ERROR = 74;
const ZNODES = 300;
const DATA = Buffer.alloc(1000, 'x');

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** What the last line of the log says. */
function lastMessage(output: string): { readonly level: string; readonly msg: string } {
  const line: unknown = JSON.parse(output.trim().split('\n').at(-1) ?? '');
  if (!isRecord(line)) throw new Error('the last line is no object');
  return { level: String(line['level']), msg: String(line['msg']) };
}

/** All that is kept in a directory: no locks, no shared memory, and no log that is empty. */
function contentsOf(directory: string): ReadonlyMap<string, string> {
  const names = readdirSync(directory).filter((name) => !/^lock\.|-shm$/.test(name));
  const contents = names.sort().map((name) => [name, readFileSync(join(directory, name), 'base64')] as const);
  return new Map(contents.filter(([name, text]) => !name.endsWith('-wal') || text !== ''));
}

/** Flips one bit. */
function bend(file: string, at: number): void {
  const byte = readFileSync(file)[at] ?? 0;
  const fd = openSync(file, 'r+');
  writeSync(fd, Buffer.from([byte ^ 0x10]), 0, 1, at);
  closeSync(fd);
}

/** A data directory with some znodes in it, whose server has been stopped. */
async function fill(dataDir: string): Promise<void> {
  await using server = await startServer({ dataDir });
  await using wire = await Wire.connect(server.port);
  wire.send(...Array.from({ length: ZNODES }, (_, i) => frames.create(i, `/n${i}`, { data: DATA })));
  for (const { err } of await wire.replies(ZNODES)) expect(err).to.equal(0);
}

async function expectAll(dataDir: string): Promise<void> {
  await using server = await startServer({ dataDir });
  await using wire = await Wire.connect(server.port);
  wire.send(...Array.from({ length: ZNODES }, (_, i) => frames.getData(i, `/n${i}`)));
  for (const { body } of await wire.replies(ZNODES)) expect(body.buffer().equals(DATA)).to.equal(true);
}

async function refusal(dataDir: string): Promise<string> {
  try {
    const server = await startServer({ dataDir });
    await server.close();
  } catch (error) {
    if (error instanceof Error && 'exitCode' in error) {
      expect(error.exitCode).to.equal(EXIT_DATA_DIR);
      return error.message;
    }
    throw error;
  }
  throw new Error('the server started');
}

describe('a data directory that is not as it was left', () => {
  let template: string;
  let dataDir: string;
  before(async () => {
    template = mkdtempSync(join(tmpdir(), 'zabkeeper-template-'));
    await fill(template);
  });
  after(() => rmSync(template, { recursive: true, force: true }));
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'zabkeeper-storage-'));
    cpSync(template, dataDir, { recursive: true });
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));
  const file = (name: string): string => join(dataDir, 'version-2', name);

  it('is taken as it is when it is as it was left', () => expectAll(dataDir));

  const faults: [claim: string, spoil: () => void, says: RegExp][] = [
    [
      'a bit of the log',
      () => bend(file('log.db'), 200_000),
      /log\.db.*(damaged|checksum|hashes|cannot be read)/,
    ],
    ['the first page of the log', () => bend(file('log.db'), 20), /log\.db.*damaged/],
    ['the end of the log', () => truncateSync(file('log.db'), 100_000), /log\.db.*(damaged|lost)/],
    ['the whole log', () => rmSync(file('log.db')), /log\.db is missing/],
    ['all but the name of the log', () => writeFileSync(file('log.db'), ''), /log\.db/],
    ['the mark', () => rmSync(file('mark')), /mark is missing/],
    [
      'a bit of both copies of the mark',
      () => writeFileSync(file('mark'), Buffer.alloc(512)),
      /mark is damaged/,
    ],
    [
      'something else in place of the log',
      () => writeFileSync(file('log.db'), 'nonsense'.repeat(1000)),
      /log\.db.*damaged/,
    ],
  ];
  for (const [claim, spoil, says] of faults) {
    it(`without ${claim} it is refused, with a way out, and unchanged`, async () => {
      spoil();
      const before = contentsOf(file(''));
      const message = await refusal(dataDir);
      expect(contentsOf(file('')), 'files').to.deep.equal(before);
      expect(message)
        .to.match(says)
        .and.match(/Restore .* from a backup, or start once with zabkeeper\.acceptDataLoss/);
      expect(message, 'no stack, no codes alone').not.to.match(/\n|at .*\.js/);
    });
  }

  it('without its tree it is rebuilt from the log, with nothing missing', async () => {
    for (const suffix of ['', '-wal', '-shm']) rmSync(file(`tree-1.db${suffix}`), { force: true });
    await expectAll(dataDir);
  });

  it('with a damaged tree the same, and the damaged file is kept', async () => {
    const damaged = readFileSync(file('tree-1.db'));
    bend(file('tree-1.db'), Math.floor(damaged.byteLength / 2));
    await expectAll(dataDir);
  });

  it('with the tree of another server is refused', async () => {
    const other = mkdtempSync(join(tmpdir(), 'zabkeeper-other-'));
    try {
      await fill(other);
      copyFileSync(join(other, 'version-2', 'tree-1.db'), file('tree-1.db'));
      expect(await refusal(dataDir)).to.match(/were not written together/);
    } finally {
      rmSync(other, { recursive: true, force: true });
    }
  });

  it('of Apache ZooKeeper is not shadowed by an empty tree', async () => {
    const theirs = mkdtempSync(join(tmpdir(), 'zabkeeper-apache-'));
    try {
      cpSync(template, theirs, { recursive: true });
      rmSync(join(theirs, 'version-2'), { recursive: true });
      mkdirSync(join(theirs, 'version-2'));
      writeFileSync(join(theirs, 'version-2', 'snapshot.100000000'), 'ZKSN');
      expect(await refusal(theirs)).to.match(/holds the data of an Apache ZooKeeper server/);
    } finally {
      rmSync(theirs, { recursive: true, force: true });
    }
  });
});

describe('a server process and its disk', () => {
  it('a second one on the same directory ends with 3 and names the first, which does not notice', async () => {
    await using first = await startProcess({ flavour: 'zabkeeper' });
    await using second = await TestServer.prepare({
      flavour: 'zabkeeper',
      directory: first.directory,
      startLimitMs: 10_000,
    });
    const cause = await second.start().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(String(cause)).to.match(/"code":3/);
    const { level, msg } = lastMessage(second.output);
    expect(level).to.equal('fatal');
    expect(msg).to.match(/version-2 is in use by another server \(pid \d+\)\. Stop that server/);
    expect(await first.fourLetterWord('ruok')).to.equal('imok');
    await using wire = await Wire.connect(first.port);
    expect((await wire.call(frames.create(1, '/still-mine'))).err).to.equal(0);
  });

  it('a damaged log: the last line says so, and the exit code is 3', async () => {
    await using server = await startProcess({ flavour: 'zabkeeper' });
    await server.stop();
    const log = join(server.dataDir, 'version-2', 'log.db');
    bend(log, 20);
    const cause = await server.start().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(String(cause)).to.match(/"code":3/);
    expect(lastMessage(server.output)).to.include({ level: 'fatal' });
    expect(lastMessage(server.output).msg).to.match(/log\.db is damaged: .*Restore/);
  });

  it('a write that fails ends it with 74 and a reason; the next start verifies, and nothing acknowledged is lost', async function () {
    if (!has('prlimit')) {
      console.log('      prlimit is not installed: no write can be made to fail here');
      return this.skip();
    }
    await using server = await startProcess({ flavour: 'zabkeeper', config: { tickTime: 500 } });
    await using wire = await Wire.connect(server.port);
    await wire.call(frames.create(1, '/large', { data: DATA }));
    // From now on no file of that process can grow beyond what the log's WAL has.
    execFileSync('prlimit', [`--pid=${serverPid(server)}`, '--fsize=2000000']);
    let version = 0;
    try {
      for (; version < 100; version++) {
        const { err } = await wire.call(frames.setData(2, '/large', Buffer.alloc(100_000, 'y'), version));
        expect(err).to.equal(0);
      }
    } catch {
      // The connection is gone: the write was not acknowledged.
    }
    expect(version).to.be.within(1, 99);
    await until('the process to end', 10_000, () => !server.running);
    expect(server.describe()).to.match(new RegExp(`"code":${EXIT_IO_ERROR}`));
    const { level, msg } = lastMessage(server.output);
    expect(level).to.equal('fatal');
    expect(msg).to.match(/log\.db.* could not be written: .*check the device and start again/);

    await server.start();
    expect(server.output).to.match(/ended in an I\/O error/);
    await using again = await Wire.connect(server.port);
    const { body } = await again.call(frames.exists(1, '/large'));
    body.long();
    expect(body.remaining).to.be.greaterThan(0);
    const next = await again.call(frames.setData(2, '/large', 'z', version));
    // The last one may have reached the disk without being acknowledged.
    if (next.err !== 0)
      expect((await again.call(frames.setData(3, '/large', 'z', version + 1))).err).to.equal(0);
  });
});

function has(program: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((directory) => existsSync(join(directory, program)));
}

/** The script that starts the server becomes it, so the group's leader is the server itself. */
function serverPid(server: TestServer): number {
  const { pid } = server;
  if (pid === undefined) throw new Error('the server has no process');
  return pid;
}
