/** Watches on a running engine: when they are registered, what their events carry, who does not hear of them. */
import { expect } from 'chai';
import { AddWatchMode, OpCode, WatcherType, type Request } from '../../../src/types/index.js';
import { Host } from '../helpers/host.js';
import {
  addWatch,
  create,
  createContainer,
  del,
  everyone,
  exists,
  getChildren,
  getData,
  multi,
  multiRead,
  setAcl,
  setData,
} from '../helpers/requests.js';
import { digestAcl, digestUser, SUPER } from '../helpers/world.js';

const REGISTERS: [what: string, request: Request, data: number, child: number][] = [
  ['getData', getData('/a', true), 1, 0],
  ['getData without a watch', getData('/a'), 0, 0],
  ['getData of a missing znode', getData('/nowhere', true), 0, 0],
  ['getData of a closed znode', getData('/closed', true), 0, 0],
  ['exists', exists('/a', true), 1, 0],
  ['exists of a missing znode', exists('/nowhere', true), 1, 0],
  ['exists of a closed znode', exists('/closed', true), 0, 0],
  ['exists of a path with a NUL', exists('/a\0', true), 0, 0],
  ['getChildren', getChildren('/a', true), 0, 1],
  ['getChildren of a missing znode', getChildren('/nowhere', true), 0, 0],
  ['getChildren of a closed znode', getChildren('/closed', true), 0, 0],
  ['addWatch, persistent', addWatch('/a', AddWatchMode.persistent), 1, 1],
  ['addWatch, recursive', addWatch('/a', AddWatchMode.persistentRecursive), 1, 0],
  ['addWatch of a missing znode', addWatch('/nowhere', AddWatchMode.persistent), 1, 1],
  ['addWatch of a closed znode', addWatch('/closed', AddWatchMode.persistentRecursive), 1, 0],
  ['multiRead', multiRead({ type: OpCode.getData, record: { path: '/a', watch: true } }), 0, 0],
];

/** /a is open to all, /closed to ann alone. */
function stage(): Host {
  const host = Host.serving();
  host
    .connect({ identities: [SUPER] })
    .given(create('/a'), create('/closed', { acl: [digestAcl('ann', 'cdrwa')] }));
  return host;
}

describe('registering a watch', () => {
  for (const [what, request, data, child] of REGISTERS) {
    it(`${what}: ${data} in the data table, ${child} in the child table`, () => {
      const host = stage();
      host.connect().send(request);
      expect([host.engine.watches.data.size, host.engine.watches.child.size]).to.deep.equal([data, child]);
    });
  }
});

describe('event', () => {
  it('carries the zxid of the txn that caused it', () => {
    const host = stage();
    const [writer, watcher] = [host.connect(), host.connect()];
    watcher.given(addWatch('/', AddWatchMode.persistentRecursive));
    const { zxid } = writer.call(multi(create('/b'), setData('/b')));
    const events = watcher.received.filter(({ kind }) => kind === 'event');
    expect(events.map((event) => event.kind === 'event' && event.zxid)).to.deep.equal([zxid, zxid]);
  });

  it('of a multi comes operation by operation, a one-shot watch once', () => {
    const host = stage();
    const [writer, watcher] = [host.connect(), host.connect()];
    watcher.given(
      getData('/a', true),
      addWatch('/', AddWatchMode.persistentRecursive),
      getChildren('/a', true),
    );
    writer.call(multi(setData('/a'), create('/a/b'), setData('/a'), del('/a/b')));
    expect(watcher.take()).to.deep.equal([
      'event nodeDataChanged /a',
      'event nodeCreated /a/b',
      'event nodeChildrenChanged /a',
      'event nodeDataChanged /a',
      'event nodeDeleted /a/b',
    ]);
  });

  it('does not come of a multi that fails, nor of setACL', () => {
    const host = stage();
    const [writer, watcher] = [host.connect(), host.connect()];
    watcher.given(addWatch('/', AddWatchMode.persistentRecursive), addWatch('/a', AddWatchMode.persistent));
    writer.call(multi(setData('/a'), del('/nowhere')));
    writer.call(setAcl('/a', everyone('cdrwa')));
    expect(watcher.take()).to.deep.equal([]);
  });

  it('comes of a deletion once, to a connection with data and child watch', () => {
    const host = stage();
    const [writer, watcher] = [host.connect(), host.connect()];
    watcher.given(getData('/a', true), getChildren('/a', true));
    writer.call(del('/a'));
    expect(watcher.take()).to.deep.equal(['event nodeDeleted /a']);
  });

  it('comes of a container that is reaped, as of any deletion', () => {
    const host = stage();
    const [writer, watcher] = [host.connect(), host.connect()];
    writer.given(createContainer('/c'), create('/c/x'), del('/c/x'));
    watcher.given(getData('/c', true), getChildren('/', true));
    host.reap();
    host.persist();
    expect(watcher.take()).to.deep.equal(['event nodeDeleted /c', 'event nodeChildrenChanged /']);
  });

  it('does not reach a connection that returned to its session: watches are the connection’s', () => {
    const host = stage();
    const former = host.connect().given(getData('/a', true));
    const again = host.connect({ session: former.session });
    again.send(setData('/a'));
    host.persist();
    expect(again.take()).to.deep.equal(['reply 1 OK']);
  });
});

describe('watcher who may not read', () => {
  const ann = digestUser('ann');

  it('hears nothing of a znode made beyond its reach, and its watch is used up', () => {
    const host = stage();
    const [writer, watcher] = [host.connect(), host.connect()];
    watcher.given(getChildren('/', true)).send(exists('/new', true));
    watcher.take();
    writer.call(create('/new', { acl: [digestAcl('ann', 'cdrwa')] }));
    expect(watcher.take()).to.deep.equal(['event nodeChildrenChanged /']);
    expect(host.engine.watches.data.size).to.equal(0);
    writer.authenticate(ann);
    writer.call(setAcl('/new', everyone('cdrwa')));
    writer.call(setData('/new'));
    expect(watcher.take()).to.deep.equal([]);
  });

  it('hears nothing of new data once the list says so', () => {
    const host = stage();
    const [writer, watcher] = [host.connect({ identities: [ann] }), host.connect()];
    watcher.given(getData('/a', true), addWatch('/a', AddWatchMode.persistent));
    writer.given(setAcl('/a', [digestAcl('ann', 'cdrwa')]), setData('/a'));
    expect(watcher.take()).to.deep.equal([]);
    writer.given(setAcl('/a', everyone('cdrwa')), setData('/a'));
    expect(watcher.take()).to.deep.equal(['event nodeDataChanged /a']);
  });

  it('hears of the deletion only with the right to read the znode, of its parent with that to read the parent', () => {
    const host = stage();
    const [writer, stranger, reader] = [host.connect(), host.connect(), host.connect({ identities: [ann] })];
    for (const watcher of [stranger, reader]) watcher.given(addWatch('/closed', 0), getChildren('/', true));
    writer.call(del('/closed'));
    expect(stranger.take()).to.deep.equal(['event nodeChildrenChanged /']);
    expect(reader.take()).to.deep.equal(['event nodeDeleted /closed', 'event nodeChildrenChanged /']);
  });

  it('hears of changed children with the right to read the parent, not the child', () => {
    const host = stage();
    const [writer, stranger] = [host.connect({ identities: [ann] }), host.connect()];
    stranger.given(addWatch('/closed', 0), addWatch('/a', 0));
    writer.given(create('/closed/open'), create('/a/closed', { acl: [digestAcl('ann', 'cdrwa')] }));
    expect(stranger.take()).to.deep.equal(['event nodeChildrenChanged /a']);
  });

  it('hears again once it proves who it is', () => {
    const host = stage();
    const [writer, watcher] = [host.connect({ identities: [ann] }), host.connect()];
    watcher.given(addWatch('/closed', AddWatchMode.persistentRecursive));
    writer.given(setData('/closed'));
    watcher.authenticate(ann);
    writer.given(setData('/closed'));
    expect(watcher.take()).to.deep.equal(['event nodeDataChanged /closed']);
  });
});

describe('setWatches', () => {
  const none = { dataWatches: [], existWatches: [], childWatches: [] };

  it('tells what was missed before its reply, without a zxid, and registers the rest', () => {
    const host = stage();
    const client = host.connect();
    const seen = host.engine.lastZxid;
    client.given(setData('/a'), create('/b'));
    const record = {
      relativeZxid: seen,
      dataWatches: ['/a', '/closed', '/gone'],
      existWatches: ['/b', '/c'],
      childWatches: ['/'],
    };
    client.send({ type: OpCode.setWatches, record });
    expect(client.take()).to.deep.equal([
      'event nodeDataChanged /a',
      'event nodeDeleted /gone',
      'event nodeCreated /b',
      'event nodeChildrenChanged /',
      'reply 3 OK',
    ]);
    for (const effect of client.received) if (effect.kind === 'event') expect(effect.zxid).to.equal(-1n);
    expect([...host.engine.watches.data.paths.keys()]).to.deep.equal(['/closed', '/c']);
    expect(client.replyTo(3)?.zxid).to.equal(host.engine.lastZxid);
  });

  it('of the second version registers persistent watches', () => {
    const host = stage();
    const client = host.connect();
    const record = {
      relativeZxid: 0n,
      ...none,
      persistentWatches: ['/a'],
      persistentRecursiveWatches: ['/'],
    };
    client.given({ type: OpCode.setWatches2, record }, setData('/a'));
    client.send(setData('/a'));
    host.persist();
    expect(client.take()).to.deep.equal(['event nodeDataChanged /a', 'reply 3 OK']);
  });

  it('waits for own writes before it', () => {
    const host = stage();
    const client = host.connect();
    client.send(create('/b'));
    client.send({ type: OpCode.setWatches, record: { ...none, relativeZxid: 0n, existWatches: ['/b'] } });
    host.persist();
    expect(client.take()).to.deep.equal(['reply 1 OK', 'event nodeCreated /b', 'reply 2 OK']);
  });
});

describe('checkWatches and removeWatches', () => {
  const about = (type: 17 | 18, path: string): Request => ({ type, record: { path, type: WatcherType.any } });

  it('say NOWATCHER when there is nothing', () => {
    const client = stage().connect();
    for (const type of [17, 18] as const) expect(client.call(about(type, '/a')).err).to.equal(-121);
  });

  it('check leaves the watch, remove takes it', () => {
    const host = stage();
    const client = host.connect().given(getData('/a', true));
    expect(client.call(about(OpCode.checkWatches, '/a')).err).to.equal(0);
    expect(client.call(about(OpCode.removeWatches, '/a')).err).to.equal(0);
    expect(client.call(about(OpCode.removeWatches, '/a')).err).to.equal(-121);
    expect(host.engine.watches.data.size).to.equal(0);
  });
});
