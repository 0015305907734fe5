/** Who is told of which event, and how watches are cut into requests for a new connection. */
import { expect } from 'chai';
import { Chroot } from '../../../src/client/chroot.js';
import {
  PersistentWatch,
  SET_WATCHES_BYTES_MAX,
  WatchRegistry,
  type OneShotKind,
  type WatchEvent,
} from '../../../src/client/watches.js';
import { EventType, zxidOf } from '../../../src/types/index.js';

const { nodeCreated, nodeDeleted, nodeDataChanged, nodeChildrenChanged } = EventType;

type Kind = OneShotKind | 'persistent' | 'recursive';

function registryWith(kind: Kind, path: string, told: WatchEvent[]): WatchRegistry {
  const registry = new WatchRegistry(new Chroot(''));
  const listener = (event: WatchEvent): void => void told.push(event);
  if (kind === 'persistent' || kind === 'recursive') {
    registry.addPersistent(new PersistentWatch(path, kind === 'recursive', listener));
  } else {
    registry.addOneShot(kind, path, listener);
  }
  return registry;
}

function fire(registry: WatchRegistry, type: number, path: string): void {
  registry.dispatch(type, path, zxidOf(7n), () => undefined);
}

// What two events in a row on one path do to a watch: how often it is told.
const rows: [kind: Kind, watched: string, type: number, path: string, times: number][] = [
  ['data', '/a', nodeDataChanged, '/a', 1],
  ['data', '/a', nodeDeleted, '/a', 1],
  ['data', '/a', nodeCreated, '/a', 1],
  ['data', '/a', nodeChildrenChanged, '/a', 0],
  ['data', '/a', nodeDataChanged, '/a/b', 0],
  ['exist', '/a', nodeCreated, '/a', 1],
  ['exist', '/a', nodeDataChanged, '/a', 1],
  ['exist', '/a', nodeChildrenChanged, '/a', 0],
  ['child', '/a', nodeChildrenChanged, '/a', 1],
  ['child', '/a', nodeDeleted, '/a', 1],
  ['child', '/a', nodeDataChanged, '/a', 0],
  ['child', '/a', nodeCreated, '/a', 0],
  ['persistent', '/a', nodeCreated, '/a', 2],
  ['persistent', '/a', nodeDeleted, '/a', 2],
  ['persistent', '/a', nodeDataChanged, '/a', 2],
  ['persistent', '/a', nodeChildrenChanged, '/a', 2],
  ['persistent', '/a', nodeDataChanged, '/a/b', 0],
  ['recursive', '/a', nodeDataChanged, '/a', 2],
  ['recursive', '/a', nodeCreated, '/a/b/c', 2],
  ['recursive', '/a', nodeChildrenChanged, '/a', 0],
  ['recursive', '/a', nodeCreated, '/ab', 0],
  ['recursive', '/', nodeDeleted, '/x/y', 2],
  ['recursive', '/', nodeDataChanged, '/', 2],
];

describe('WatchRegistry', () => {
  for (const [kind, watched, type, path, times] of rows) {
    it(`two events of type ${type} on ${path} are told ${times} times to a watch of kind ${kind} on ${watched}`, () => {
      const told: WatchEvent[] = [];
      const registry = registryWith(kind, watched, told);
      fire(registry, type, path);
      fire(registry, type, path);
      expect(told).to.have.length(times);
      for (const event of told) expect(event).to.include({ path, zxid: 7n });
    });
  }

  it('tells a listener once of an event that concerns several of its watches', () => {
    const registry = new WatchRegistry(new Chroot(''));
    let times = 0;
    const listener = (): void => {
      times++;
    };
    registry.addOneShot('data', '/a', listener);
    registry.addOneShot('child', '/a', listener);
    registry.addPersistent(new PersistentWatch('/', true, listener));
    fire(registry, nodeDeleted, '/a');
    expect(times).to.equal(1);
  });

  it('goes on when a listener throws, and the process hears of it', async () => {
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const uncaught = new Promise((resolve) => process.once('uncaughtException', resolve));
    try {
      const registry = new WatchRegistry(new Chroot(''));
      let told = false;
      const bug = new Error('a bug of the listener');
      registry.addOneShot('data', '/a', () => {
        throw bug;
      });
      registry.addOneShot('data', '/a', () => (told = true));
      fire(registry, nodeDataChanged, '/a');
      expect(told).to.equal(true);
      expect(await uncaught).to.equal(bug);
    } finally {
      for (const listener of listeners) process.on('uncaughtException', listener);
    }
  });

  it('says when the last persistent watch of a path and mode has gone', () => {
    const registry = new WatchRegistry(new Chroot(''));
    const [a, b, c] = [false, false, true].map(
      (recursive) => new PersistentWatch('/a', recursive, () => undefined),
    );
    for (const watch of [a!, b!, c!]) registry.addPersistent(watch);
    expect(registry.removePersistent(a!)).to.equal(false);
    expect(registry.removePersistent(a!)).to.equal(false);
    expect(registry.removePersistent(b!)).to.equal(true);
    expect(registry.has('/a')).to.equal(true);
    expect(registry.removePersistent(c!)).to.equal(true);
    expect(registry.has('/a')).to.equal(false);
  });

  it('gives a gap to persistent watches that were in place before', () => {
    const told: WatchEvent[] = [];
    const registry = registryWith('recursive', '/a', told);
    registry.restored();
    expect(told).to.deep.equal([]);
    registry.restored();
    expect(told).to.deep.equal([{ type: 'gap', path: '/a' }]);
  });

  it('tells everybody of the end, once', () => {
    const told: WatchEvent[] = [];
    const registry = registryWith('data', '/a', told);
    registry.end('expired');
    registry.end('expired');
    expect(told).to.deep.equal([{ type: 'watchRemoved', path: '/a', reason: 'expired' }]);
  });

  it('asks for nothing without watches', () => {
    expect(new WatchRegistry(new Chroot('')).setWatches(zxidOf(1n))).to.deep.equal([]);
  });

  it('lists each kind of watch where the server expects it', () => {
    const registry = new WatchRegistry(new Chroot('/app'));
    const listener = (): void => undefined;
    registry.addOneShot('data', '/app/d', listener);
    registry.addOneShot('exist', '/app/e', listener);
    registry.addOneShot('child', '/app/c', listener);
    registry.addPersistent(new PersistentWatch('/app/p', false, listener));
    registry.addPersistent(new PersistentWatch('/app/r', true, listener));
    expect(registry.setWatches(zxidOf(9n))).to.deep.equal([
      {
        relativeZxid: 9n,
        dataWatches: ['/app/d'],
        existWatches: ['/app/e'],
        childWatches: ['/app/c'],
        persistentWatches: ['/app/p'],
        persistentRecursiveWatches: ['/app/r'],
      },
    ]);
  });

  it('cuts long lists so that no request is larger than the bound, and loses nothing', () => {
    const registry = new WatchRegistry(new Chroot(''));
    const expected: string[] = [];
    for (let i = 0; i < 6000; i++) {
      const path = `/a/${'é'.repeat(i % 40)}${i}`;
      expected.push(path);
      registry.addOneShot(i % 2 === 0 ? 'data' : 'child', path, () => undefined);
    }
    const batches = registry.setWatches(zxidOf(1n));
    expect(batches.length).to.be.greaterThan(1);
    const all: string[] = [];
    for (const { dataWatches, childWatches } of batches) {
      const paths = [...dataWatches, ...childWatches];
      const bytes = paths.reduce((sum, path) => sum + 4 + Buffer.byteLength(path), 0);
      expect(bytes).to.be.at.most(SET_WATCHES_BYTES_MAX);
      all.push(...paths);
    }
    expect(all.sort()).to.deep.equal(expected.sort());
  });
});
