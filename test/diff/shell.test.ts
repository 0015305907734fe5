/**
 * Apache's zkCli.sh and ours, typed the same: what they print must be the same, but for the differences that the section
 * "The shell" of docs/differences.md names. Each shell is started once, on a server of its own.
 */
import { assert } from 'chai';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { startServer, type TestServer } from '../interop/server.js';
import { PROJECT_ROOT, requireFiles, tools } from '../interop/tools.js';
import { runShell, transcript, type StepOutput, type Transcript } from './shells.js';
import { APACHE_ENDS, STEPS, type Printed } from './shellSteps.js';

const LIMIT_MS = 90_000;
const OURS = path.join(PROJECT_ROOT, 'scripts', 'zkCli.sh');

/** Differences that the normaliser takes out wherever they show. */
const EVERYWHERE = ['usage-options', 'event-zxid-shown', 'exceptions', 'banner'];

/** Differences with a test of their own. */
const APART = ['sticky-mode', 'usage-error', 'session-left'];

describe("what Apache's shell and ours print", () => {
  let apache: Transcript | undefined;
  let ours: Transcript | undefined;

  before('type everything into both', async function () {
    this.timeout(LIMIT_MS);
    requireFiles(tools.zkCli, tools.java, tools.zookeeperJar);
    [apache, ours] = await Promise.all([transcript(tools.zkCli, STEPS), transcript(OURS, STEPS)]);
  });

  STEPS.forEach(({ lines, difference }, index) => {
    const differing = difference === undefined ? '' : ` (${difference.id})`;
    it(`${index}: ${lines.join('; ')}${differing}`, () => {
      const [fromApache, fromOurs] = [apache?.steps[index], ours?.steps[index]];
      if (difference === undefined) {
        assert.deepEqual(fromOurs, fromApache);
        return;
      }
      assert.deepEqual(fromApache, filled(difference.apache), 'Apache');
      assert.deepEqual(fromOurs, filled(difference.ours), 'ours');
    });
  });

  it('the same events', () => {
    assert.deepEqual(ours?.events, apache?.events);
  });

  it('the exit code of the last command', () => {
    assert.deepEqual([apache?.exitCode, ours?.exitCode], [1, 1]);
  });
});

describe('single commands of both shells', () => {
  let server: TestServer | undefined;
  before('start a server', async function () {
    this.timeout(LIMIT_MS);
    server = await startServer({ config: { '4lw.commands.whitelist': '*', maxClientCnxns: 0 } });
  });
  after('stop it', async () => {
    await server?.[Symbol.asyncDispose]();
  });

  const rows: [words: string[], exitCode: number][] = [
    [['get', '/zookeeper'], 0],
    [['get', '/none'], 1],
    [['get'], 1],
    [['nonsense'], 127],
    [['-timeout', '5000', '-r', '-waitforconnection', 'ls', '/'], 0],
  ];
  for (const [words, exitCode] of rows) {
    it(`${words.join(' ')} ends with ${exitCode}`, async function () {
      this.timeout(LIMIT_MS);
      const args = ['-server', server?.connectString ?? '', ...words];
      const both = await Promise.all([tools.zkCli, OURS].map((shell) => runShell(shell, args, '')));
      assert.deepEqual(
        both.map((finished) => finished.exitCode),
        [exitCode, exitCode],
      );
    });
  }

  it('addWatch without -m is recursive, in ours also after one with -m (sticky-mode)', async function () {
    this.timeout(LIMIT_MS);
    const events = [tools.zkCli, OURS].map(async (shell) => {
      const at = `/sticky-${shell === OURS ? 'ours' : 'apache'}`;
      const lines = ['', '/one', '/two'].map((name) => `create ${at}${name}`);
      lines.push(
        `addWatch -m persistent ${at}/one`,
        `addWatch ${at}/two`,
        `create ${at}/two/below`,
        'sync /',
      );
      const args = ['-server', server?.connectString ?? ''];
      const { out } = await runShell(shell, args, `${lines.join('\n')}\n`);
      return [...out.matchAll(/type:(Node\w+) path:\S*\/(\w+)/g)].map(([, type, name]) => `${type} ${name}`);
    });
    assert.deepEqual(await Promise.all(events), [['NodeChildrenChanged two'], ['NodeCreated below']]);
  });

  it('an option that does not exist is passed over by Apache, and refused by ours (usage-error)', async function () {
    this.timeout(LIMIT_MS);
    const args = ['-server', server?.connectString ?? '', '-nonsense', 'ls', '/'];
    const both = await Promise.all([tools.zkCli, OURS].map((shell) => runShell(shell, args, '')));
    assert.deepEqual(
      both.map((finished) => finished.exitCode),
      [0, 2],
    );
    assert.include(both[1]?.err, "unknown option '-nonsense'");
  });

  it('the session of a single command is left by Apache, and ended by ours unless it has ephemerals (session-left)', async function () {
    this.timeout(LIMIT_MS);
    const sessions = async (): Promise<number> => {
      const dump = (await server?.fourLetterWord('dump')) ?? '';
      return Number(/^Session Sets \(\d+\)\/\((\d+)\):/m.exec(dump)?.[1]);
    };
    const rows: [shell: string, words: string[], left: number][] = [
      [tools.zkCli, ['ls', '/'], 1],
      [OURS, ['ls', '/'], 0],
      [tools.zkCli, ['create', '-e', '/left-by-apache'], 1],
      [OURS, ['create', '-e', '/left-by-ours'], 1],
    ];
    for (const [shell, words, left] of rows) {
      const before = await sessions();
      await runShell(shell, ['-server', server?.connectString ?? '', ...words], '');
      assert.equal((await sessions()) - before, left, `${shell} ${words.join(' ')}`);
    }
  });

  for (const [line, err] of APACHE_ENDS) {
    it(`${line} ends Apache's with a stack trace, and ours says what is wrong (exceptions)`, async function () {
      this.timeout(LIMIT_MS);
      const input = `${line}\nprintwatches\n`;
      const args = ['-server', server?.connectString ?? ''];
      const [apache, ours] = await Promise.all(
        [tools.zkCli, OURS].map((shell) => runShell(shell, args, input)),
      );
      assert.match(apache?.err ?? '', /^Exception in thread "main"/m);
      assert.notInclude(apache?.out, 'printwatches is on');
      assert.equal(ours?.err, `${err}\n`);
      assert.include(ours?.out, 'printwatches is on');
    });
  }
});

describe('the differences of the shells', () => {
  it('are those that docs/differences.md names', () => {
    const page = readFileSync(path.join(PROJECT_ROOT, 'docs', 'differences.md'), 'utf8');
    const section = /^### The shell\n(.*?)(?=^##|(?![^]))/ms.exec(page)?.[1] ?? '';
    const named = [...section.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, id = '']) => id);
    const used = STEPS.flatMap(({ difference }) => (difference === undefined ? [] : [difference.id]));
    assert.deepEqual([...named].sort(), [...new Set([...used, ...EVERYWHERE, ...APART])].sort());
  });
});

function filled({ out = [], err = [] }: Printed): StepOutput {
  return { out, err };
}
