/** Money is moved from account to account by multis: whoever reads all of them at once finds as much as ever. */
import { tell, type Op, type Problem } from './history.js';

/** @param sum of all accounts */
export function checkBank(ops: readonly Op[], accounts: readonly string[], sum: number): Problem[] {
  const problems: Problem[] = [];
  for (const op of ops) {
    if (op.call.op !== 'getAll' || op.call.paths.join() !== accounts.join()) continue;
    const values = op.answer?.values;
    if (values === undefined) continue;
    const found = values.reduce((total, value) => total + (value === null ? NaN : Number(value)), 0);
    if (found !== sum)
      problems.push({
        rule: 'bank',
        what: `${tell(op)} finds ${found} instead of ${sum}: ${values.join(' ')}`,
      });
  }
  return problems;
}
