/**
 * The process that makes the load: apart from the server and from the one that prints, so that neither is measured with
 * it. It gets one order over its channel, and ends after its result.
 */
import type { LoadOrder, LoadReport } from './messages.js';
import { isScenarioName, scenarios } from './scenarios.js';

process.once('message', (order: LoadOrder) => {
  run(order).then(
    (report) => process.send?.(report, () => process.exit(0)),
    (error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      process.send?.({ kind: 'failed', message } satisfies LoadReport, () => process.exit(1));
    },
  );
});
// Nobody is left to measure for.
process.once('disconnect', () => process.exit(1));

async function run({ scenario, options }: LoadOrder): Promise<LoadReport> {
  if (!isScenarioName(scenario)) throw new Error(`There is no scenario ${scenario}.`);
  const report = (message: LoadReport): void => void process.send?.(message);
  const measurement = await scenarios[scenario].run(options, {
    begin: () => report({ kind: 'begin' }),
    end: () => report({ kind: 'end' }),
    progress: (share, operations) => report({ kind: 'progress', share, operations }),
  });
  return { kind: 'result', measurement };
}
