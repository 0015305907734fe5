/**
 * kazoo's own test suite, each of its tests as a test here.
 *
 * A test is left out only by the table below, which says why, and is then reported as pending. A test that kazoo
 * skips for any other reason fails: a missing module must not turn the suite green.
 */
import { collectKazooTests, KazooRun, requireKazooSuite, serverCount, SUITE_LIMIT_MS } from './kazooSuite.js';
import { flavourFromEnvironment } from './server.js';
import { packageVersion } from './tools.js';

interface Exclusion {
  readonly test: RegExp;
  readonly reason: string;
}

const NEEDS_ENSEMBLE: readonly Exclusion[] = [
  { test: /::test_update_host_list$/, reason: 'needs an ensemble: it stops one server and expects another' },
  { test: /::TestReconfig::/, reason: 'needs an ensemble: a standalone server refuses reconfig' },
];

const EXCLUSIONS: readonly Exclusion[] = [
  { test: /::TestSASLGSSAPIAuthentication::/, reason: 'needs a Kerberos KDC' },
  // It passes with localSessionsEnabled, but then the tests that move a session to another server do not.
  {
    test: /::TestReadOnlyMode::/,
    reason: 'needs an ensemble with local sessions, which the harness of kazoo 2.8 does not configure',
  },
  ...(serverCount() >= 3 ? [] : NEEDS_ENSEMBLE),
];

// Mocha wants to know its tests before it runs any, so they are collected while this file loads.
const collected = await collect();

describe(`kazoo's own tests (python3-kazoo ${packageVersion('python3-kazoo')}, ${serverCount()} server(s))`, function () {
  this.timeout(SUITE_LIMIT_MS + 60_000);

  if (collected instanceof Error) {
    it('can be run', () => {
      throw collected;
    });
    return;
  }

  let current: KazooRun | undefined;
  before('start them', async () => {
    current = await KazooRun.start(collected.filter((id) => exclusionOf(id) === undefined));
  });
  after('stop them', async () => {
    await current?.[Symbol.asyncDispose]();
  });

  for (const [module, ids] of byModule(collected)) {
    describe(module, () => {
      for (const id of ids) {
        const title = id.slice(module.length + 2);
        const exclusion = exclusionOf(id);
        if (exclusion !== undefined) {
          it(`${title} (${exclusion.reason})`);
          continue;
        }
        it(title, async function () {
          const result = await current?.result(id);
          // Not a finding about the test: the server under test is not ours and its log names the reason.
          if (result?.startRace === true && flavourFromEnvironment() === 'apache') this.skip();
          if (result?.outcome !== 'passed') {
            throw new Error(`${result?.outcome ?? 'not run'}: ${result?.detail ?? ''}`);
          }
        });
      }
    });
  }
});

async function collect(): Promise<string[] | Error> {
  try {
    requireKazooSuite();
    return await collectKazooTests();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function exclusionOf(id: string): Exclusion | undefined {
  return EXCLUSIONS.find(({ test }) => test.test(id));
}

function byModule(ids: readonly string[]): Map<string, string[]> {
  const modules = new Map<string, string[]>();
  for (const id of ids) {
    const module = id.split('::')[0] ?? id;
    modules.set(module, [...(modules.get(module) ?? []), id]);
  }
  return modules;
}
