/**
 * The C client: a program built against the library, and the shell of the distribution, cli_mt.
 *
 * The library matches every reply with its own queue and asserts, so a frame too many or out of order ends it.
 */
import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { Program, run } from './process.js';
import { describeCases, itLosesItsSession, sharedServer, uniquePath, type CaseCommand } from './suite.js';
import { asset, packageVersion, requireFiles, tools } from './tools.js';

const COMPILE_LIMIT_MS = 60_000;

describe(`C client (libzookeeper-mt-dev ${packageVersion('libzookeeper-mt-dev')})`, () => {
  let directory = '';
  before('compile the program', async () => {
    requireFiles(tools.gcc, tools.zookeeperHeader, tools.cliMt);
    directory = await mkdtemp(path.join(tmpdir(), 'interop-c-'));
    const flags = ['-std=gnu11', '-Wall', '-Wextra', '-Werror', '-O1', '-DTHREADED'];
    await run(tools.gcc, [...flags, '-o', program(), asset('c', 'cases.c'), '-lzookeeper_mt', '-lpthread'], {
      limitMs: COMPILE_LIMIT_MS,
    });
  });
  after('delete the program', async () => {
    if (directory !== '') await rm(directory, { recursive: true, force: true });
  });
  const program = (): string => path.join(directory, 'cases');
  const command: CaseCommand = (args) => ({ command: program(), args });
  // Apache refuses TTL znodes unless told otherwise.
  const server = sharedServer({ properties: { 'zookeeper.extendedTypesEnabled': true } });

  describeCases(server, command, {
    creates: 'creates, reads, changes and deletes znodes, containers and TTL znodes among them',
    sequential: 'numbers sequential ephemerals and removes them when their session closes',
    lock: 'takes a lock with contention: one holder at a time',
    watches: 'delivers each kind of watch event once, and removes watches',
    multi: 'commits a multi as a whole',
    multi_fails: 'refuses a multi as a whole and gives each op its error',
    acl: 'protects a znode with a digest ACL',
  });
  itLosesItsSession(server, command);

  it('serves the shell cli_mt', async () => {
    const root = uniquePath('cli');
    await using shell = Program.start(tools.cliMt, ['-h', server().connectString]);
    // The shell sends each command without waiting for the one before, and prints the replies as they come.
    const conversation: readonly [string, RegExp][] = [
      [`create ${root}`, /name = \S+\n/],
      [`create +s ${root}/n-`, /name = \S+\/n-0000000000\n/],
      [`create +e ${root}/e`, /name = \S+\/e\n/],
      [`set ${root} hello`, /version=1\s+aversion=0/],
      [`get ${root}`, /value_len = 5\nhello\n/],
      [`ls ${root}`, /rc = 0\n\t(e\n\tn-0000000000|n-0000000000\n\te)\n/],
      [`wexists ${root}/later`, /Error -101 for \S+\/later/],
      [`create ${root}/later`, /CREATED_EVENT/],
      [`create ${root}`, /rc = -110/],
      [`delete ${root}`, /rc = -111/],
      [`delete ${root}/later`, /rc = 0/],
    ];
    for (const [line, reply] of conversation) {
      shell.write(`${line}\n`);
      await shell.expect(reply, 15_000);
    }
    shell.write('quit\n');
    expect(await shell.wait(15_000)).to.deep.equal({ code: 0, signal: null });
  });
});
