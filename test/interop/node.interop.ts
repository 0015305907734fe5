/**
 * node-zookeeper-client: an old pure JavaScript client which sends the short ConnectRequest (no readOnly byte),
 * counts its xids from 0 and drops the connection at any reply it did not expect.
 */
import { expect } from 'chai';
import type { WatchedEvent } from 'node-zookeeper-client';
import { Acl, codeOf, CreateMode, Event, Id, NodeClient, Permission } from './nodeClient.js';
import { Proxy } from './network.js';
import { onceWithin, sleep, until } from './process.js';
import { startServer } from './server.js';
import { sharedServer, uniquePath, SESSION_TIMEOUT_MS } from './suite.js';
import { PROJECT_ROOT } from './tools.js';
import { readFileSync } from 'node:fs';

describe(`node-zookeeper-client ${packageJsonVersion()}`, () => {
  const server = sharedServer();
  const connect = (): Promise<NodeClient> => NodeClient.connect(server().connectString);

  it('creates, reads, changes and deletes znodes', async () => {
    await using client = await connect();
    const root = await client.create(uniquePath('creates'), 'root');
    expect(await client.create(`${root}/a`, 'one')).to.equal(`${root}/a`);
    const first = await client.getData(`${root}/a`);
    expect(first.data).to.equal('one');
    expect(first.stat).to.include({ version: 0, cversion: 0, aversion: 0, dataLength: 3, numChildren: 0 });
    expect(first.stat.czxid).to.deep.equal(first.stat.mzxid);
    const changed = await client.setData(`${root}/a`, 'three', 0);
    expect(changed).to.include({ version: 1, dataLength: 5 });
    expect(Buffer.compare(changed.mzxid, first.stat.mzxid)).to.equal(1);

    const refusals: readonly [string, Promise<unknown>][] = [
      ['NODE_EXISTS', client.create(`${root}/a`)],
      ['NO_NODE', client.create(`${root}/none/child`)],
      ['NO_NODE', client.getData(`${root}/none`)],
      ['BAD_VERSION', client.setData(`${root}/a`, 'x', 7)],
      ['BAD_VERSION', client.remove(`${root}/a`, 7)],
      ['NOT_EMPTY', client.remove(root)],
    ];
    for (const [expected, request] of refusals) expect(await codeOf(request)).to.equal(expected);

    expect(await client.exists(`${root}/none`)).to.equal(null);
    expect(await client.getChildren(root)).to.deep.equal(['a']);
    await client.remove(`${root}/a`, 1);
    expect(await client.exists(`${root}/a`)).to.equal(null);
    expect((await client.getData(root)).stat).to.include({ cversion: 2, numChildren: 0 });
  });

  it('numbers sequential ephemerals and removes them when their session closes', async () => {
    await using observer = await connect();
    const root = await observer.create(uniquePath('sequential'));
    {
      await using owner = await connect();
      for (let number = 0; number < 5; number += 1) {
        const client = number % 2 === 0 ? owner : observer;
        const path = await client.create(`${root}/n-`, '', CreateMode.EPHEMERAL_SEQUENTIAL);
        expect(path).to.equal(`${root}/n-${String(number).padStart(10, '0')}`);
        const stat = await observer.exists(path);
        expect(stat?.ephemeralOwner).to.deep.equal(client.raw.getSessionId());
      }
      expect(await codeOf(owner.create(`${root}/n-0000000000/child`))).to.equal('NO_CHILDREN_FOR_EPHEMERALS');
    }
    expect((await observer.getChildren(root)).sort()).to.deep.equal(['n-0000000001', 'n-0000000003']);
    const next = await observer.create(`${root}/n-`, '', CreateMode.EPHEMERAL_SEQUENTIAL);
    expect(next).to.equal(`${root}/n-0000000005`);
  });

  it('takes a lock with contention: one holder at a time, in order of arrival', async () => {
    await using observer = await connect();
    const root = await observer.create(uniquePath('lock'));
    await observer.create(`${root}/lock`);
    await observer.create(`${root}/counter`, '0');
    let holders = 0;
    const served: string[] = [];

    const contend = async (): Promise<void> => {
      await using client = await connect();
      for (let round = 0; round < 3; round += 1) {
        const mine = await acquire(client, `${root}/lock`);
        holders += 1;
        expect(holders).to.equal(1);
        served.push(mine);
        // Not atomic on purpose: it loses an increment when two hold the lock.
        const { data } = await client.getData(`${root}/counter`);
        await client.setData(`${root}/counter`, String(Number(data) + 1));
        holders -= 1;
        await client.remove(mine);
      }
    };
    await Promise.all([contend(), contend(), contend(), contend()]);
    expect((await observer.getData(`${root}/counter`)).data).to.equal('12');
    expect(served).to.deep.equal([...served].sort());
  });

  it('delivers each kind of watch event once, before the reply of the write that caused it', async () => {
    await using client = await connect();
    const root = await client.create(uniquePath('watches'));
    const events: string[] = [];
    const watcher = (event: WatchedEvent): void => {
      events.push(`${event.type} ${event.path}`);
    };
    await client.exists(`${root}/w`, watcher);
    await client.getChildren(root, watcher);
    await client.create(`${root}/w`);
    expect(events.splice(0)).to.deep.equal([
      `${Event.NODE_CREATED} ${root}/w`,
      `${Event.NODE_CHILDREN_CHANGED} ${root}`,
    ]);
    await client.getData(`${root}/w`, watcher);
    await client.setData(`${root}/w`, 'a');
    await client.setData(`${root}/w`, 'b');
    expect(events.splice(0)).to.deep.equal([`${Event.NODE_DATA_CHANGED} ${root}/w`]);
    await client.getData(`${root}/w`, watcher);
    await client.remove(`${root}/w`);
    expect(events).to.deep.equal([`${Event.NODE_DELETED} ${root}/w`]);
  });

  it('restores its watches after a lost connection, with what it missed', async () => {
    await using proxy = await Proxy.to(server().port);
    await using writer = await connect();
    const root = await writer.create(uniquePath('reconnect'), 'old');
    await using client = await NodeClient.connect(proxy.connectString);
    const sessionId = client.raw.getSessionId();
    const events: string[] = [];
    await client.getData(root, (event) => events.push(event.name));
    await client.exists(`${root}/later`, (event) => events.push(event.name));
    proxy.partition();
    await writer.setData(root, 'new');
    const reconnected = onceWithin(client.raw, 'connected', 10_000);
    proxy.heal();
    await reconnected;
    await until('the missed change is reported', 5000, () => events.length === 1);
    await writer.create(`${root}/later`);
    await until('the restored watch fires', 5000, () => events.length === 2);
    expect(events).to.deep.equal(['NODE_DATA_CHANGED', 'NODE_CREATED']);
    expect(client.raw.getSessionId()).to.deep.equal(sessionId);
  });

  it('keeps its session, its ephemerals and acknowledged writes when the server is killed', async () => {
    await using victim = await startServer({ config: { tickTime: 500 } });
    // This client waits for ever on a connection which is accepted and never answered, and Apache's server does that
    // to those who come while it starts. So the client finds the way back only when the server serves.
    await using proxy = await Proxy.to(victim.port);
    await using client = await NodeClient.connect(proxy.connectString);
    const sessionId = client.raw.getSessionId();
    const root = await client.create(uniquePath('killed'), 'kept');
    const ephemeral = await client.create(`${root}/e`, '', CreateMode.EPHEMERAL);
    for (const expectedZnodes of [1, 2]) {
      proxy.partition();
      await victim.restart('kill');
      const reconnected = onceWithin(client.raw, 'connected', 20_000);
      proxy.heal();
      await reconnected;
      expect(client.raw.getSessionId()).to.deep.equal(sessionId);
      expect((await client.getData(root)).data).to.equal('kept');
      expect((await client.exists(ephemeral))?.ephemeralOwner).to.deep.equal(sessionId);
      expect(await client.getChildren(root)).to.have.length(expectedZnodes);
      await client.create(`${root}/n-`, '', CreateMode.PERSISTENT_SEQUENTIAL);
    }
  });

  it('commits a multi as a whole', async () => {
    await using client = await connect();
    const root = await client.create(uniquePath('multi'), 'x');
    await client.setData(root, 'y');
    const { error, results } = await client.multi((transaction) => {
      transaction
        .check(root, 1)
        .create(`${root}/a`, Buffer.from('a'))
        .create(`${root}/b`, Buffer.from('b'))
        .setData(`${root}/a`, Buffer.from('aa'))
        .remove(`${root}/b`);
    });
    expect(error).to.equal(undefined);
    expect(results.map(({ type }) => type)).to.deep.equal([13, 1, 1, 5, 2]);
    expect(await client.getChildren(root)).to.deep.equal(['a']);
    const { data, stat } = await client.getData(`${root}/a`);
    expect(data).to.equal('aa');
    expect(stat.czxid).to.deep.equal(stat.mzxid);
  });

  it('refuses a multi as a whole and names the op at fault', async () => {
    await using client = await connect();
    const root = await client.create(uniquePath('multi-fails'), 'x');
    const { error, results } = await client.multi((transaction) => {
      transaction.create(`${root}/a`, Buffer.from('a')).check(root, 42).remove(root);
    });
    expect(error?.name).to.equal('BAD_VERSION');
    expect(results.map(({ err }) => err)).to.deep.equal([0, -103, -2]);
    expect(await client.getChildren(root)).to.deep.equal([]);
  });

  it('protects a znode with a digest ACL', async () => {
    await using alice = await connect();
    await using mallory = await connect();
    alice.raw.addAuthInfo('digest', Buffer.from('alice:secret'));
    const path = await alice.create(uniquePath('acl'), 'private', CreateMode.PERSISTENT, Acl.CREATOR_ALL_ACL);
    const [entry] = await alice.getAcl(path);
    // base64(sha1("alice:secret"))
    expect(entry?.id).to.include({ scheme: 'digest', id: 'alice:aYXlLOpEooaV1cRAvUL1fp9Qt7E=' });
    expect(await codeOf(mallory.getData(path))).to.equal('NO_AUTH');
    mallory.raw.addAuthInfo('digest', Buffer.from('alice:wrong'));
    expect(await codeOf(mallory.setData(path, 'x'))).to.equal('NO_AUTH');
    expect(await codeOf(mallory.setAcl(path, Acl.OPEN_ACL_UNSAFE))).to.equal('NO_AUTH');
    expect(
      await codeOf(
        mallory.create(`${path}-2`, '', CreateMode.PERSISTENT, [
          new Acl(Permission.ALL, new Id('nosuch', 'x')),
        ]),
      ),
    ).to.equal('INVALID_ACL');

    const readable = [...Acl.CREATOR_ALL_ACL, ...Acl.READ_ACL_UNSAFE];
    expect(await alice.setAcl(path, readable, 0)).to.include({ aversion: 1, version: 0 });
    expect((await mallory.getData(path)).data).to.equal('private');
    expect(await codeOf(mallory.setData(path, 'x'))).to.equal('NO_AUTH');
    mallory.raw.addAuthInfo('digest', Buffer.from('alice:secret'));
    await mallory.setData(path, 'shared');
  });

  it('loses its ephemerals and learns of it when its session expires', async () => {
    await using proxy = await Proxy.to(server().port);
    await using observer = await connect();
    await using client = await NodeClient.connect(proxy.connectString, {
      sessionTimeout: SESSION_TIMEOUT_MS,
    });
    expect(client.raw.getSessionTimeout()).to.equal(SESSION_TIMEOUT_MS);
    const path = await client.create(uniquePath('expiry'), '', CreateMode.EPHEMERAL);
    proxy.partition();
    await sleep(SESSION_TIMEOUT_MS / 4);
    expect(await observer.exists(path), 'too early').to.not.equal(null);
    await until(
      'the ephemeral disappears',
      SESSION_TIMEOUT_MS * 4,
      async () => (await observer.exists(path)) === null,
    );
    const expired = onceWithin(client.raw, 'expired', 10_000);
    proxy.heal();
    await expired;
    expect(await codeOf(client.getData('/'))).to.equal('SESSION_EXPIRED');
  });
});

/** The lock recipe of ZooKeeper's documentation: watch the znode before mine, and only that one. */
async function acquire(client: NodeClient, root: string): Promise<string> {
  const mine = await client.create(`${root}/n-`, '', CreateMode.EPHEMERAL_SEQUENTIAL);
  for (;;) {
    const names = (await client.getChildren(root)).sort();
    const predecessor = names[names.indexOf(mine.slice(root.length + 1)) - 1];
    if (predecessor === undefined) return mine;
    let deleted = false;
    const stat = await client.exists(`${root}/${predecessor}`, () => {
      deleted = true;
    });
    if (stat !== null) await until(`${predecessor} releases the lock`, 15_000, () => deleted);
  }
}

function packageJsonVersion(): string {
  const file = `${PROJECT_ROOT}/node_modules/node-zookeeper-client/package.json`;
  const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
  if (typeof content === 'object' && content !== null && 'version' in content) return String(content.version);
  throw new Error(`no version in ${file}`);
}
