/**
 * Every row of the tables is played against Apache's server and against ours; what both said must be the same, but
 * for the differences that docs/differences.md declares. Rows are run one after the other: each has both servers
 * for itself, which is what makes zxids comparable.
 */
import { assert } from 'chai';
import { difference, comparable, expected } from './compare.js';
import { declaredDifferences } from './declared.js';
import { groups } from './cases/index.js';
import { Player } from './player.js';
import type { Request } from './requests.js';
import { OURS_IS_APACHE, Pair, SAME_RELEASE, SERVERS, type Server } from './servers.js';
import type { Case } from './steps.js';

const START_LIMIT_MS = 60_000;
const DECLARED = declaredDifferences();

let count = 0;

describe('what the servers say', () => {
  for (const name of Object.keys(SERVERS)) {
    describe(`server ${name}`, () => {
      let pair: Pair | undefined;

      before(async function () {
        this.timeout(START_LIMIT_MS);
        pair = await Pair.start(name);
      });

      after(async function () {
        this.timeout(START_LIMIT_MS);
        await pair?.[Symbol.asyncDispose]();
      });

      for (const { subject, cases } of groups.filter(({ server }) => server === name)) {
        describe(subject, () => {
          for (const row of cases) {
            const root = `/case-${String((count += 1)).padStart(4, '0')}`;
            it(row.name, async () => {
              assert(pair !== undefined);
              await compare(pair, root, row);
            });
          }
        });
      }
    });
  }
});

describe('the tables', () => {
  const rows = groups.flatMap(({ cases }) => cases);

  it('name every row once per subject', () => {
    for (const { subject, cases } of groups) {
      const names = cases.map(({ name }) => name);
      assert.deepEqual(
        names.filter((name, index) => names.indexOf(name) !== index),
        [],
        subject,
      );
    }
  });

  it('use every difference that docs/differences.md declares for the wire, and no other', () => {
    const used = rows.flatMap((row) => (row.difference === undefined ? [] : [row.difference.id]));
    assert.deepEqual([...new Set(used)].sort(), [...DECLARED.keys()].sort());
  });

  it('declare no difference without a line', () => {
    for (const row of rows) assert.notDeepEqual(row.difference?.lines, [], row.name);
  });
});

async function compare(pair: Pair, root: string, row: Case): Promise<void> {
  // Both are played to their end, even if one fails: the next case must find them at rest.
  const played = await Promise.allSettled([
    transcript('Apache', pair.apache, pair.hello, root, row),
    transcript('ours', pair.ours, pair.hello, root, row),
  ]);
  const failed = played.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : []));
  if (failed.length > 0) throw new Error(failed.join('\n'));
  const [apache = [], ours = []] = played.flatMap((r) => (r.status === 'fulfilled' ? [r.value] : []));
  if (process.env['ZK_DIFF_SHOW'] !== undefined) console.log(['', row.name, ...ours].join('\n'));
  const wanted = expected(apache, row.difference?.lines ?? []);
  const kind = DECLARED.get(row.difference?.id ?? '')?.kind;
  // Another release of Apache's may or may not do what we chose to do differently from the packaged one.
  if (OURS_IS_APACHE && !SAME_RELEASE && kind === 'chosen') return;
  const found = difference(SAME_RELEASE ? apache : wanted, ours);
  if (found === undefined) return;
  throw new Error(`- ${kind === undefined ? 'Apache says' : 'expected'}, + ours says:\n${found.join('\n')}`);
}

async function transcript(
  who: string,
  server: Server,
  hello: readonly Request[],
  root: string,
  row: Case,
): Promise<string[]> {
  try {
    return comparable(await Player.play({ port: server.port, hello }, root, row.steps), row);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    // A server that is gone says in its output why.
    const more = reason.includes('ECONNREFUSED') ? `\n${server.describe()}` : '';
    throw new Error(`${who}: ${reason}${more}`, { cause: error });
  }
}
