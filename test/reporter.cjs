/**
 * Mocha's spec reporter, which also writes the counts to the file that ZABKEEPER_TEST_REPORT names, so that a script
 * can add suites up without reading what is meant for people.
 */
'use strict';
const { writeFileSync } = require('node:fs');
const { reporters, Runner } = require('mocha');

module.exports = class Reporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const report = process.env.ZABKEEPER_TEST_REPORT;
    if (report === undefined) return;
    runner.once(Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      writeFileSync(report, JSON.stringify({ stats: { passes, failures, pending } }));
    });
  }
};
