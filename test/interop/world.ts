/** A small world with one of everything that a server keeps, and a view of it that can be compared. */
import { connect, type ZooKeeper } from '../../src/client/index.js';
import type { TestServer } from './server.js';

/** An identity that none of these clients has. */
const OWNER = { perms: 31, id: { scheme: 'digest', id: 'u:Jq7wMyA/w2Vd5WIDAKdu4OIIFEQ=' } };

/** Makes one of everything. The session of `zk` owns the ephemerals. */
export async function fillWorld(zk: ZooKeeper): Promise<void> {
  await zk.create('/app', 'root of it');
  await zk.create('/app/empty', '');
  await zk.create('/app/null', null);
  await zk.create('/app/binary', Buffer.from([0, 255, 128, 10]));
  await zk.create('/app/ümläut €', 'names are UTF-8');
  for (let i = 0; i < 5; i++) await zk.create('/app/seq-', String(i), { sequential: true });
  await zk.delete('/app/seq-0000000006');
  for (let i = 0; i < 3; i++) await zk.setData('/app', `version ${i}`);
  await zk.create('/app/guarded', 'x', {
    acl: [OWNER, { perms: 1, id: { scheme: 'world', id: 'anyone' } }],
  });
  await zk.setAcl('/app/empty', [{ perms: 15, id: { scheme: 'ip', id: '127.0.0.0/8' } }]);
  await zk.create('/app/container', '', { container: true });
  await zk.create('/app/container/child', 'keeps it');
  await zk.create('/app/ttl', 'a week', { ttlMs: 7 * 24 * 3600 * 1000 });
  await zk.create('/app/lock', 'mine', { ephemeral: true });
  await zk.create('/app/lock-', 'also mine', { ephemeral: true, sequential: true });
  await zk.multi([
    { type: 'create', path: '/multi', data: 'one' },
    { type: 'create', path: '/multi/a', data: 'two' },
    { type: 'setData', path: '/multi', data: 'three' },
  ]);
  // Both use up a zxid and change nothing.
  await zk.create('/app', 'again').catch(() => undefined);
  await zk
    .multi([
      { type: 'create', path: '/never' },
      { type: 'delete', path: '/nothing' },
    ])
    .catch(() => undefined);
}

/** All znodes with data, stat and access list, by path; what ZooKeeper keeps for itself left out. */
export async function seeWorld(zk: ZooKeeper): Promise<Map<string, unknown>> {
  const seen = new Map<string, unknown>();
  const visit = async (path: string): Promise<void> => {
    const [{ data, stat }, { acl }, { children }] = await Promise.all([
      zk.getData(path),
      zk.getAcl(path),
      zk.getChildren(path),
    ]);
    seen.set(path, { data: data?.toString('hex'), stat, acl });
    await Promise.all(
      children
        .map((name) => (path === '/' ? `/${name}` : `${path}/${name}`))
        .filter((child) => child !== '/zookeeper')
        .map(visit),
    );
  };
  await visit('/');
  return seen;
}

/** A client of a server, for the length of a scope. */
export async function clientOf(server: TestServer, sessionTimeoutMs = 30_000): Promise<ZooKeeper> {
  return connect({ servers: server.connectString, sessionTimeoutMs });
}
