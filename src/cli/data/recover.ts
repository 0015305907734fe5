/** Why this file exists: what `zabkeeper recover` asks, does and prints. */
import { createInterface } from 'node:readline/promises';
import { describeMark, recover, StorageError, type RecoveryPlan } from '../../backup/index.js';
import { dataPlaceOf, loadConfig, type ConfigLocation } from '../../config/index.js';
import { counted, nextStep, printFacts, printJson, run, timeText } from './report.js';

/** Options as commander hands them over. */
export interface RecoverArguments {
  readonly yes: boolean;
  readonly json: boolean;
}

/** @returns the exit code: 1 if it was not confirmed */
export async function runRecover(location: ConfigLocation, { yes, json }: RecoverArguments): Promise<number> {
  const outcome = { isRefused: false };
  const exitCode = await run(async (progress) => {
    const { config } = loadConfig(location);
    const place = dataPlaceOf(config);
    const { plan, setAside } = await recover({
      place,
      now: new Date(),
      progress: progress.update,
      confirm: async (found) => {
        progress.end();
        if (!json) printPlan(found, place.dataDir);
        return yes || ask();
      },
    });
    progress.end();
    if (setAside.length === 0) {
      outcome.isRefused = true;
      return console.log('Nothing was changed.');
    }
    if (json) {
      const { last, lastTime, ...rest } = plan;
      return printJson({
        ...rest,
        index: last.index,
        zxid: last.zxid,
        lastTime: lastTime === undefined ? null : timeText(lastTime),
        setAside,
      });
    }
    console.log(`Recovered. The data as they were: ${setAside.join(', ')}`);
    console.log(nextStep(config));
  });
  return outcome.isRefused ? 1 : exitCode;
}

function printPlan(plan: RecoveryPlan, dataDir: string): void {
  const { last, lastTime } = plan;
  console.log(`What is left in ${dataDir}:`);
  printFacts([
    ['last record', `${describeMark(last)}${lastTime === undefined ? '' : `, of ${timeText(lastTime)}`}`],
    ['epochs', `current ${plan.currentEpoch}, accepted ${plan.acceptedEpoch}`],
    [
      'state',
      `${counted(plan.znodes, 'znode')}, ${counted(plan.sessions, 'session')}, ${counted(plan.ephemerals, 'ephemeral')}`,
    ],
  ]);
  for (const problem of plan.problems) console.log(`Damaged: ${problem}`);
  if (plan.lostRecords > 0) {
    console.log(`Lost here: ${counted(plan.lostRecords, 'record')} that this server had acknowledged.`);
  }
  if (plan.suspect) {
    console.log('Suspect: it had an I/O error or lost records before, and was not brought up to date since.');
  }
  console.log(`What may be lost: every write that the other servers acknowledged and this one did not get. It cannot be told
from here whether there are any. Compare this last record with that of each other server that can still be read
(zabkeeper inspect), and recover with the one that has the highest current epoch, and of these the highest zxid.
Writes at the end of this log that were never acknowledged become valid. All servers of the old ensemble must be
stopped for good: their data do not fit to the new one. The data here are kept under another name.`);
}

async function ask(): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new StorageError(
      'config',
      'Nobody can be asked: there is no terminal. Say --yes to go on. Nothing was changed.',
    );
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await terminal.question('Make this the history of a new ensemble? Type yes: ')).trim() === 'yes';
  } finally {
    terminal.close();
  }
}
