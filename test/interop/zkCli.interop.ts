/**
 * Apache's own shell on Apache's Java client, and then ours, which must hold the same conversations. It has no command that
 * sends a multi; Curator covers that for Java.
 */
import { expect } from 'chai';
import * as path from 'node:path';
import { Proxy } from './network.js';
import { Program } from './process.js';
import { startServer } from './server.js';
import { sharedServer, uniquePath, SESSION_TIMEOUT_MS } from './suite.js';
import { packageVersion, PROJECT_ROOT, requireFiles, tools } from './tools.js';
import { STAT_BLOCK, ZkCli, zkCliEnvironment } from './zkCli.js';

const SHELLS: readonly (readonly [title: string, command: string, needs: readonly string[]])[] = [
  [`zkCli.sh (zookeeper ${packageVersion('zookeeper')})`, tools.zkCli, [tools.java, tools.zookeeperJar]],
  ['our own zkCli.sh', path.join(PROJECT_ROOT, 'scripts', 'zkCli.sh'), []],
];

for (const [title, command, needs] of SHELLS)
  describe(title, () => {
    before('find zkCli.sh', () => requireFiles(command, ...needs));
    const server = sharedServer({ properties: { 'zookeeper.extendedTypesEnabled': true } });
    const connect = (): Promise<ZkCli> => ZkCli.connect(command, server().connectString);

    it('creates, reads, changes and deletes znodes', async () => {
      await using shell = await connect();
      const root = uniquePath('creates');
      await shell.converse([
        [`create ${root} hello`, new RegExp(`^Created ${root}$`, 'm')],
        [`create ${root}`, new RegExp(`^Node already exists: ${root}$`, 'm')],
        [`create ${root}/none/x`, new RegExp(`^Node does not exist: ${root}/none/x$`, 'm')],
        [`get ${root}`, /^hello$/m],
        [`get -s ${root}`, /^hello\n(?=cZxid)/m],
        [`set -s -v 0 ${root} world!`, STAT_BLOCK],
        [`set -v 0 ${root} late`, new RegExp(`^version No is not valid : ${root}$`, 'm')],
        [`stat ${root}`, /dataVersion = 1\naclVersion = 0\nephemeralOwner = 0x0\ndataLength = 6\n/],
        [`create -c ${root}/container`, /^Created \S+\/container$/m],
        [`create -t 60000 ${root}/ttl`, /^Created \S+\/ttl$/m],
        [`create -e ${root}/e`, /^Created \S+\/e$/m],
        [`create ${root}/e/child`, /^Ephemerals cannot have children: \S+\/e\/child$/m],
        [`ls ${root}`, /^\[container, e, ttl\]$/m],
        [`ls -s ${root}`, STAT_BLOCK],
        [`ls -R ${root}`, new RegExp(`^${root}\n${root}/container\n${root}/e\n${root}/ttl\n`, 'm')],
        [`getAllChildrenNumber ${root}`, /^3$/m],
        [`getEphemerals ${root}`, new RegExp(`^\\[${root}/e\\]$`, 'm')],
        [`delete ${root}`, new RegExp(`^Node not empty: ${root}$`, 'm')],
        [`sync ${root}`, /^Sync is OK$/m],
        [`deleteall ${root}\nstat ${root}`, new RegExp(`^Node does not exist: ${root}$`, 'm')],
      ]);
      await shell.quit();
    });

    it('numbers sequential ephemerals and removes them when their session closes', async () => {
      await using observer = await connect();
      await using owner = await connect();
      const root = uniquePath('sequential');
      await observer.type(`create ${root}`, /^Created/m);
      await owner.type(`create -s -e ${root}/n-`, /^Created \S+\/n-0000000000$/m);
      await observer.type(`create -s -e ${root}/n-`, /^Created \S+\/n-0000000001$/m);
      const [, session] = await owner.type(`stat ${root}/n-0000000000`, /ephemeralOwner = 0x([1-9a-f]\w*)\n/);
      await observer.type(`stat ${root}/n-0000000000`, new RegExp(`ephemeralOwner = 0x${String(session)}\n`));
      await owner.quit();
      await observer.type(`ls ${root}`, /^\[n-0000000001\]$/m);
      await observer.type(`create -s ${root}/n-`, /^Created \S+\/n-0000000002$/m);
    });

    it('hands a lock from one session to the next', async () => {
      await using first = await connect();
      await using second = await connect();
      const root = uniquePath('lock');
      await first.type(`create ${root}`, /^Created/m);
      await first.type(`create -s -e ${root}/n-`, /^Created \S+\/n-0000000000$/m);
      await second.type(`create -s -e ${root}/n-`, /^Created \S+\/n-0000000001$/m);
      await second.type(`ls ${root}`, /^\[n-0000000000, n-0000000001\]$/m);
      await second.type(`stat -w ${root}/n-0000000000`, STAT_BLOCK);
      await first.quit();
      await second.see(
        new RegExp(`WatchedEvent state:SyncConnected type:NodeDeleted path:${root}/n-0000000000`),
      );
      await second.type(`ls ${root}`, /^\[n-0000000001\]$/m);
    });

    it('shows one-shot, persistent and recursive watch events', async () => {
      await using shell = await connect();
      const root = uniquePath('watches');
      const event = (type: string, path: string): RegExp =>
        new RegExp(`WatchedEvent state:SyncConnected type:${type} path:${path}\\b`);
      await shell.type(`create ${root}`, /^Created/m);
      await shell.type(`get -s -w ${root}`, STAT_BLOCK);
      await shell.type(`set ${root} a`, event('NodeDataChanged', root));
      await shell.type(`ls -s -w ${root}`, STAT_BLOCK);
      await shell.type(`create ${root}/one`, event('NodeChildrenChanged', root));
      await shell.type(`stat -w ${root}/one`, STAT_BLOCK);
      await shell.type(`delete ${root}/one`, event('NodeDeleted', `${root}/one`));
      await shell.type(`addWatch -m PERSISTENT_RECURSIVE ${root}`, /(?:)/);
      await shell.type(`create ${root}/deep`, event('NodeCreated', `${root}/deep`));
      await shell.type(`create ${root}/deep/er`, event('NodeCreated', `${root}/deep/er`));
      await shell.type(`set ${root}/deep x`, event('NodeDataChanged', `${root}/deep`));
      await shell.type(`delete ${root}/deep/er`, event('NodeDeleted', `${root}/deep/er`));
      await shell.type(`removewatches ${root}`, event('PersistentWatchRemoved', root));
      await shell.quit();
      expect(shell.program.output.match(/type:NodeDataChanged/g)).to.have.length(2);
    });

    it('protects a znode with a digest ACL', async () => {
      await using alice = await connect();
      await using mallory = await connect();
      const path = uniquePath('acl');
      const refused = new RegExp(`Insufficient permission : ${path}|NoAuth for ${path}`);
      await alice.converse([
        ['addauth digest alice:secret', /(?:)/],
        [`create ${path} private auth:alice:secret:cdrwa`, new RegExp(`^Created ${path}$`, 'm')],
        // base64(sha1("alice:secret"))
        [`getAcl ${path}`, /'digest,'alice:aYXlLOpEooaV1cRAvUL1fp9Qt7E=\n: cdrwa/],
        ['whoami', /digest: alice/],
      ]);
      await mallory.converse([
        [`get ${path}`, refused],
        ['addauth digest alice:wrong', /(?:)/],
        [`set ${path} x`, refused],
        [`setAcl ${path} world:anyone:cdrwa`, refused],
        [`create ${path}-2 x nosuch:x:cdrwa`, new RegExp(`^Acl is not valid : ${path}-2$`, 'm')],
      ]);
      await alice.type(`setAcl -s ${path} auth:alice:secret:cdrwa,world:anyone:r`, /aclVersion = 1\n/);
      await mallory.converse([
        [`get ${path}`, /^private$/m],
        [`set ${path} x`, refused],
        ['addauth digest alice:secret', /(?:)/],
        [`set -s ${path} shared`, /dataVersion = 1\n/],
      ]);
    });

    it('authenticates by SASL DIGEST-MD5 with a JAAS file', async () => {
      const module = 'org.apache.zookeeper.server.auth.DigestLoginModule required';
      await using secured = await startServer({
        config: { tickTime: 500 },
        properties: {
          'zookeeper.authProvider.1': 'org.apache.zookeeper.server.auth.SASLAuthenticationProvider',
        },
        jaas: `Server {\n  ${module}\n  user_super="admin-secret"\n  user_bob="bob-secret";\n};\n`,
        files: { 'client.jaas': `Client {\n  ${module}\n  username="bob"\n  password="bob-secret";\n};\n` },
      });
      const path = uniquePath('sasl');
      await using bob = await ZkCli.connectWith(command, secured.connectString, [], {
        'java.security.auth.login.config': `${secured.directory}/client.jaas`,
      });
      await using stranger = await ZkCli.connect(command, secured.connectString);
      await bob.converse([
        [`create ${path} private sasl:bob:cdrwa`, new RegExp(`^Created ${path}$`, 'm')],
        ['whoami', /sasl: bob/],
        [`get ${path}`, /^private$/m],
      ]);
      await stranger.type(`get ${path}`, new RegExp(`Insufficient permission : ${path}|NoAuth for ${path}`));
    });

    it('sets, shows and deletes a quota', async () => {
      await using shell = await connect();
      const root = uniquePath('quota');
      await shell.converse([
        [`create ${root} 12345`, /^Created/m],
        [`create ${root}/a 123`, /^Created/m],
        [`setquota -n 10 ${root}\nlistquota ${root}`, /Output quota for \S+ count=10,bytes=-1/],
        ['ls /zookeeper/quota', /\[.*\]/],
        [`listquota ${root}`, /Output stat for \S+ count=2,bytes=8\n/],
        [`create ${root}/b 1\nlistquota ${root}`, /Output stat for \S+ count=3,bytes=9\n/],
        [`delquota ${root}\nlistquota ${root}`, new RegExp(`^quota for ${root} does not exist.`, 'm')],
      ]);
      await shell.quit();
    });

    it('ends with the exit code of a single command', async () => {
      const path = uniquePath('exit');
      for (const [expected, output] of [
        [0, `Created ${path}`],
        [1, `Node already exists: ${path}`],
      ] as const) {
        await using program = Program.start(command, ['-server', server().connectString, 'create', path], {
          env: zkCliEnvironment(),
        });
        program.endInput();
        const { code } = await program.wait(30_000);
        expect(program.output).to.include(output);
        expect(code).to.equal(expected);
      }
    });

    it('loses its ephemerals and learns of it when its session expires', async () => {
      await using proxy = await Proxy.to(server().port);
      await using observer = await connect();
      await using shell = await ZkCli.connect(
        command,
        proxy.connectString,
        '-timeout',
        String(SESSION_TIMEOUT_MS),
      );
      const path = uniquePath('expiry');
      await shell.type(`create -e ${path}`, /^Created/m);
      await observer.type(`stat -w ${path}`, STAT_BLOCK);
      proxy.partition();
      const partitionedAt = Date.now();
      await observer.see(/type:NodeDeleted/);
      expect(Date.now() - partitionedAt).to.be.within(SESSION_TIMEOUT_MS / 4, SESSION_TIMEOUT_MS * 4);
      proxy.heal();
      await shell.see(/WatchedEvent state:Expired/);
    });
  });
