/**
 * Curator on Apache's Java client: the recipes most Java applications use, which rely on persistent recursive
 * watches, containers, session takeover and multi.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { run } from './process.js';
import { describeCases, itLosesItsSession, sharedServer, type CaseCommand } from './suite.js';
import { asset, packageVersion, requireFiles, tools } from './tools.js';
import { SMALL_JVM } from './zkCli.js';

const COMPILE_LIMIT_MS = 60_000;

describe(`Curator (libcurator-recipes-java ${packageVersion('libcurator-recipes-java')})`, () => {
  let directory = '';
  const classPath = (): string => [directory, ...tools.curatorJars, tools.slf4jSimpleJar].join(':');
  before('compile the program', async () => {
    requireFiles(tools.java, tools.javac, tools.zookeeperJar, tools.slf4jSimpleJar, ...tools.curatorJars);
    directory = await mkdtemp(path.join(tmpdir(), 'interop-curator-'));
    const flags = ['-J-XX:TieredStopAtLevel=1', '-Xlint:all,-classfile,-path', '-d', directory];
    await run(tools.javac, [...flags, '-cp', classPath(), asset('java', 'Cases.java')], {
      limitMs: COMPILE_LIMIT_MS,
    });
  });
  after('delete the classes', async () => {
    if (directory !== '') await rm(directory, { recursive: true, force: true });
  });
  const command: CaseCommand = (args) => ({
    command: tools.java,
    args: [
      ...SMALL_JVM,
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=error',
      '-cp',
      classPath(),
      'Cases',
      ...args,
    ],
  });
  // Apache refuses TTL znodes unless told otherwise.
  const server = sharedServer({ properties: { 'zookeeper.extendedTypesEnabled': true } });

  describeCases(server, command, {
    creates: 'creates, reads, changes and deletes znodes, containers and TTL znodes among them',
    sequential: 'numbers sequential ephemerals and removes them when their session closes',
    mutex: 'InterProcessMutex with contention: one holder at a time',
    latch: 'LeaderLatch hands leadership over',
    watches: 'delivers each kind of watch event once, and removes watches',
    cache: 'CuratorCache follows a subtree',
    persistent_node: 'PersistentNode survives the loss of its session',
    multi: 'commits a multi as a whole',
    multi_fails: 'refuses a multi as a whole and gives each op its error',
    acl: 'protects a znode with a digest ACL',
  });
  itLosesItsSession(server, command);
});
