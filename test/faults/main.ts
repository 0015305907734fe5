/** `npm run test:faults -- [--seed N] [--minutes M] [--servers 3|5] [--against apache] [--only NAME]` */
import { parseArgs } from 'node:util';
import { Campaign } from './campaign.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    minutes: { type: 'string', default: '5' },
    servers: { type: 'string', default: '3' },
    against: { type: 'string', default: 'zabkeeper' },
    rate: { type: 'string', default: '1200' },
    only: { type: 'string', default: '' },
  },
});
const flavour = values.against === 'apache' ? 'apache' : 'zabkeeper';
const again = `npm run test:faults -- --seed ${values.seed} --minutes ${values.minutes} --servers ${values.servers} --against ${flavour}`;
console.log(again);
{
  await using campaign = await Campaign.start({
    seed: Number(values.seed),
    minutes: Number(values.minutes),
    servers: Number(values.servers),
    flavour,
    operationsPerSecond: Number(values.rate),
    only: values.only,
  });
  try {
    await campaign.run();
  } catch (error) {
    console.log(error);
    process.exitCode = 1;
  }
  for (const { rule, what } of campaign.problems) console.log(`${rule}: ${what}`);
  if (campaign.problems.length > 0) process.exitCode = 1;
}
console.log(process.exitCode === 1 ? `FAILED. Again: ${again}` : 'Every promise was kept.');
