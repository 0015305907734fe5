/**
 * Why this file exists: whatever is thrown, a script must get the exit code that ZooKeeper's scripts know.
 */
import { expect } from 'chai';
import { describeFailure } from '../../../src/cli/failure.js';
import { ConfigError } from '../../../src/config/index.js';

describe('describeFailure', () => {
  const rows: [claim: string, error: unknown, exitCode: number, message: string][] = [
    ['a bad configuration is 2', new ConfigError('VALUE', 'Bad.'), 2, 'Bad.'],
    ['an unusable data directory is 3', new ConfigError('DATA_DIR', 'Bad.'), 3, 'Bad.'],
    ['an error that knows its exit code keeps it', { message: 'Taken.', exitCode: 14 }, 14, 'Taken.'],
    ['anything else is 1', new TypeError('x is undefined'), 1, 'Unexpected error: x is undefined'],
    ['even what is no error', 'oops', 1, 'Unexpected error: oops'],
  ];
  for (const [claim, error, exitCode, message] of rows) {
    it(claim, () => {
      expect(describeFailure(error)).to.include({ exitCode, message });
    });
  }
  it('keeps the stack trace of what was not foreseen, and of nothing else', () => {
    const error = new TypeError('x');
    expect(describeFailure(error).unexpected).to.equal(error);
    expect(describeFailure(new ConfigError('VALUE', 'Bad.')).unexpected).to.equal(undefined);
  });
});
