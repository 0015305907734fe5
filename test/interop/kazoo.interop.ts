/**
 * kazoo, the Python client: null for an empty string, one ping outstanding at most, recipes which hang when an
 * event is missing. Its own test suite is in kazooSuite.interop.ts; these cases are what an application does.
 */
import { describeCases, itLosesItsSession, sharedServer, type CaseCommand } from './suite.js';
import { asset, packageVersion, requirePythonModules, tools } from './tools.js';

const command: CaseCommand = (args) => ({
  command: tools.python,
  args: [asset('kazoo', 'cases.py'), ...args],
  env: { PYTHONDONTWRITEBYTECODE: '1' },
});

describe(`kazoo (python3-kazoo ${packageVersion('python3-kazoo')})`, () => {
  before('find kazoo', () => requirePythonModules('kazoo'));
  const server = sharedServer();

  describeCases(server, command, {
    creates: 'creates, reads, changes and deletes znodes',
    sequential: 'numbers sequential ephemerals and removes them when their session closes',
    lock: 'takes a lock with contention: one holder at a time',
    watches: 'delivers each kind of watch event once, and feeds DataWatch and ChildrenWatch',
    multi: 'commits a multi as a whole',
    multi_fails: 'refuses a multi as a whole and gives each op its error',
    acl: 'protects a znode with a digest ACL',
  });
  itLosesItsSession(server, command);
});
