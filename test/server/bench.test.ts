/**
 * Why this file exists: a benchmark that is only run when somebody wants figures is broken when they want them. So every
 * scenario runs here, tiny, against a real server.
 */
import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkMachine, runScenario, scenarioNames, type RunOptions } from '../../src/bench/index.js';
import { connect, startServer, type RunningServer } from '../../src/index.js';

const CLI = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const TINY: Omit<RunOptions, 'targets'> = {
  connections: 2,
  depth: 4,
  seconds: 0.1,
  warmupSeconds: 0.05,
  count: 40,
};

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function cli(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, 'bench', ...args], { timeout: 15_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, stdout, stderr });
    });
  });
}

describe('the benchmark', () => {
  let directory: string;
  let server: RunningServer;
  let address: string;

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'zabkeeper-bench-'));
    server = await startServer({ port: 0, dataDir: directory, properties: { maxClientCnxns: '0' } });
    address = `127.0.0.1:${server.port}`;
  });
  after(async () => {
    await server.close();
    rmSync(directory, { recursive: true, force: true });
  });

  for (const name of scenarioNames) {
    it(`${name} is answered without an error, and leaves nothing behind`, async () => {
      const targets = [{ host: '127.0.0.1', port: server.port }];
      const result = await runScenario(name, { ...TINY, targets }, { pids: [process.pid] });
      expect(result).to.include({ scenario: name, errors: 0, firstError: 0 });
      expect(result.memoryBytes).to.be.greaterThan(1024 * 1024);
      if (name !== 'idle') {
        expect(result.operations).to.be.greaterThan(10);
        expect(result.p50Ms).to.be.greaterThan(0);
        expect(result.maxMs).to.be.at.least(result.p99Ms);
      }
      const zk = await connect({ servers: address });
      try {
        const { children } = await zk.getChildren('/');
        expect(children).to.deep.equal(['zookeeper']);
      } finally {
        await zk.close();
      }
    });
  }

  it('keeps what it made when that is wanted', async () => {
    const targets = [{ host: '127.0.0.1', port: server.port }];
    await runScenario('fill', { ...TINY, targets, keep: true });
    const zk = await connect({ servers: address });
    try {
      const { children } = await zk.getChildren('/');
      const [root] = children.filter((name) => name.startsWith('zabkeeper-bench-'));
      expect(await zk.getAllChildrenNumber(`/${root ?? ''}`)).to.equal(2 + 40);
    } finally {
      await zk.close();
    }
  });

  it('says what to look at when nobody listens', async () => {
    const { code, stderr } = await cli('get', '-s', '127.0.0.1:1');
    expect(code).to.equal(1);
    expect(stderr).to.match(/^get failed: The connection to 127\.0\.0\.1:1 was lost: connect ECONNREFUSED/);
    expect(stderr).to.contain('name a server with --server');
  });
  it('prints a table', async () => {
    const { code, stdout } = await cli('get', 'set', '-s', address, '--seconds', '0.1', '--warmup', '0');
    expect(code).to.equal(0);
    expect(stdout).to.match(/^scenario +conns +depth +ops\/s/);
    expect(stdout).to.match(/^get +16 +64 +[\d,]+ +[\d.]+ +[\d.]+ +[\d.]+ +0$/m);
  });
  it('prints JSON that a program reads', async () => {
    const { stdout } = await cli('get', '-s', address, '--seconds', '0.1', '--warmup', '0', '--json');
    const results: unknown = JSON.parse(stdout);
    expect(results).to.be.an('array').with.lengthOf(1);
    expect(results).to.have.nested.property('[0].scenario', 'get');
  });
  it('names the scenarios there are when one is unknown', async () => {
    const { code, stderr } = await cli('got');
    expect(code).to.equal(2);
    expect(stderr).to.contain("There is no scenario 'got'; there are get, set,");
  });
  it('refuses a number that is none', async () => {
    const { stderr } = await cli('get', '-c', 'many');
    expect(stderr).to.contain('It has to be a whole number.');
  });
  it('knows that a process is not there', async () => {
    const { code, stderr } = await cli('get', '--pid', '999999999');
    expect(code).to.equal(2);
    expect(stderr).to.contain('there is no such process');
  });
  it('names every scenario in its help', async () => {
    const { stdout } = await cli('--help');
    for (const name of scenarioNames) expect(stdout).to.match(new RegExp(`^ {2}${name} `, 'm'));
  });

  it('judges the machine in full sentences', async () => {
    const findings = await checkMachine(directory, 0.2);
    expect(findings.map(({ subject }) => subject)).to.deep.equal(['disk', 'processor', 'space', 'memory']);
    for (const { text } of findings) expect(text).to.match(/^.+ .+\.$/);
  });
  it('says when the directory to check is not there', async () => {
    const { code, stderr } = await cli('--check', '--dir', join(directory, 'nowhere'));
    expect(code).to.equal(2);
    expect(stderr).to.match(/Nothing can be written in .*nowhere: ENOENT/);
  });
});
