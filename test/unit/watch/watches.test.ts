/** Watches: who hears of what, how often, and in which order (protocol.md section 7). */
import { expect } from 'chai';
import { AddWatchMode, EventType, WatcherType } from '../../../src/types/index.js';
import { Watches } from '../../../src/watch/index.js';

type WatchKind = 'data' | 'child' | 'persistent' | 'recursive';

/** One line per event: `watcher type path`. */
class Recorder {
  readonly watches = new Watches();
  readonly #lines: string[] = [];

  watch(kind: WatchKind, path: string, watcher = 1): this {
    switch (kind) {
      case 'data':
        this.watches.addData(path, watcher);
        break;
      case 'child':
        this.watches.addChild(path, watcher);
        break;
      case 'persistent':
        this.watches.addLasting(path, watcher, AddWatchMode.persistent);
        break;
      case 'recursive':
        this.watches.addLasting(path, watcher, AddWatchMode.persistentRecursive);
        break;
    }
    return this;
  }

  readonly emit = (watcher: number, type: EventType, path: string): void => {
    const name = Object.entries(EventType).find(([, value]) => value === type)?.[0] ?? 'unknown';
    this.#lines.push(`${watcher} ${name} ${path}`);
  };

  created(path: string, parent: string): string[] {
    this.watches.created(path, parent, this.emit);
    return this.take();
  }

  deleted(path: string, parent: string): string[] {
    this.watches.deleted(path, parent, this.emit);
    return this.take();
  }

  dataChanged(path: string): string[] {
    this.watches.dataChanged(path, this.emit);
    return this.take();
  }

  take(): string[] {
    return this.#lines.splice(0);
  }

  get sizes(): [data: number, child: number] {
    return [this.watches.data.size, this.watches.child.size];
  }
}

function watching(kind: WatchKind, path: string): Recorder {
  return new Recorder().watch(kind, path);
}

/** What a watch of each kind on /p/c hears when /p/c changes, the first and the second time. */
const HEARS: [kind: WatchKind, created: string[], deleted: string[], changed: string[], lasts: boolean][] = [
  ['data', ['1 nodeCreated /p/c'], ['1 nodeDeleted /p/c'], ['1 nodeDataChanged /p/c'], false],
  ['child', [], ['1 nodeDeleted /p/c'], [], false],
  ['persistent', ['1 nodeCreated /p/c'], ['1 nodeDeleted /p/c'], ['1 nodeDataChanged /p/c'], true],
  ['recursive', ['1 nodeCreated /p/c'], ['1 nodeDeleted /p/c'], ['1 nodeDataChanged /p/c'], true],
];

/** The same for a watch on the parent, /p. */
const HEARS_OF_CHILD: [
  kind: WatchKind,
  created: string[],
  deleted: string[],
  changed: string[],
  lasts: boolean,
][] = [
  ['data', [], [], [], false],
  ['child', ['1 nodeChildrenChanged /p'], ['1 nodeChildrenChanged /p'], [], false],
  ['persistent', ['1 nodeChildrenChanged /p'], ['1 nodeChildrenChanged /p'], [], true],
  ['recursive', ['1 nodeCreated /p/c'], ['1 nodeDeleted /p/c'], ['1 nodeDataChanged /p/c'], true],
];

for (const [path, rows] of [
  ['/p/c', HEARS],
  ['/p', HEARS_OF_CHILD],
] as const) {
  describe(`watch on ${path}`, () => {
    for (const [kind, created, deleted, changed, lasts] of rows) {
      const again = (events: string[]): string[] => (lasts ? events : []);

      it(`${kind}: hears of a create of /p/c ${JSON.stringify(created)}${lasts ? ', each time' : ''}`, () => {
        const recorder = watching(kind, path);
        expect(recorder.created('/p/c', '/p')).to.deep.equal(created);
        expect(recorder.created('/p/c', '/p')).to.deep.equal(again(created));
      });

      it(`${kind}: hears of a delete of /p/c ${JSON.stringify(deleted)}${lasts ? ', each time' : ''}`, () => {
        const recorder = watching(kind, path);
        expect(recorder.deleted('/p/c', '/p')).to.deep.equal(deleted);
        expect(recorder.deleted('/p/c', '/p')).to.deep.equal(again(deleted));
      });

      it(`${kind}: hears of new data of /p/c ${JSON.stringify(changed)}${lasts ? ', each time' : ''}`, () => {
        const recorder = watching(kind, path);
        expect(recorder.dataChanged('/p/c')).to.deep.equal(changed);
        expect(recorder.dataChanged('/p/c')).to.deep.equal(again(changed));
      });
    }
  });
}

describe('order of events', () => {
  it('of a create is: those who watch the znode, then those who watch the children of its parent', () => {
    const recorder = new Recorder()
      .watch('child', '/p', 1)
      .watch('data', '/p/c', 2)
      .watch('recursive', '/', 3);
    expect(recorder.created('/p/c', '/p')).to.deep.equal([
      '2 nodeCreated /p/c',
      '3 nodeCreated /p/c',
      '1 nodeChildrenChanged /p',
    ]);
  });

  it('of a delete is: data watches, child watches not told yet, then the parent', () => {
    const recorder = new Recorder()
      .watch('child', '/p', 1)
      .watch('child', '/p/c', 2)
      .watch('data', '/p/c', 3)
      .watch('child', '/p/c', 3);
    expect(recorder.deleted('/p/c', '/p')).to.deep.equal([
      '3 nodeDeleted /p/c',
      '2 nodeDeleted /p/c',
      '1 nodeChildrenChanged /p',
    ]);
  });
});

describe('one connection with several watches', () => {
  const pairs: [WatchKind, WatchKind][] = [
    ['data', 'child'],
    ['data', 'persistent'],
    ['child', 'persistent'],
    ['child', 'recursive'],
    ['persistent', 'recursive'],
  ];
  for (const [one, two] of pairs) {
    it(`hears of a deletion once with ${one} and ${two} on the znode, and both are used up`, () => {
      const recorder = watching(one, '/c').watch(two, '/c');
      expect(recorder.deleted('/c', '/')).to.deep.equal(['1 nodeDeleted /c']);
      const [standard] = recorder.sizes;
      expect(recorder.watches.has('/c', 1, WatcherType.children)).to.equal(false);
      expect(recorder.watches.has('/c', 1, WatcherType.data)).to.equal(false);
      expect(standard).to.equal(one === 'data' && two === 'child' ? 0 : 1);
    });
  }

  it('hears once although it registered the same watch twice', () => {
    const recorder = watching('data', '/c').watch('data', '/c');
    expect(recorder.sizes).to.deep.equal([1, 0]);
    expect(recorder.dataChanged('/c')).to.deep.equal(['1 nodeDataChanged /c']);
    expect(recorder.dataChanged('/c')).to.deep.equal([]);
  });

  it('hears once per change with recursive watches on several ancestors', () => {
    const recorder = watching('recursive', '/').watch('recursive', '/a').watch('recursive', '/a/b/c');
    expect(recorder.dataChanged('/a/b/c')).to.deep.equal(['1 nodeDataChanged /a/b/c']);
  });

  it('keeps its persistent watch when a one-shot watch on the same path is used up', () => {
    const recorder = watching('persistent', '/c').watch('data', '/c').watch('recursive', '/c');
    recorder.dataChanged('/c');
    expect(recorder.watches.has('/c', 1, WatcherType.data)).to.equal(false);
    expect(recorder.watches.has('/c', 1, WatcherType.persistent)).to.equal(true);
    expect(recorder.watches.has('/c', 1, WatcherType.persistentRecursive)).to.equal(true);
  });

  it('hears of the child and of the change of children with a recursive and a child watch', () => {
    const recorder = watching('recursive', '/p').watch('child', '/p');
    expect(recorder.created('/p/c', '/p')).to.deep.equal(['1 nodeCreated /p/c', '1 nodeChildrenChanged /p']);
  });
});

describe('recursive watch', () => {
  it('on the root hears of everything, and of changes of children never', () => {
    const recorder = watching('recursive', '/');
    expect(recorder.created('/a', '/')).to.deep.equal(['1 nodeCreated /a']);
    expect(recorder.created('/a/b', '/a')).to.deep.equal(['1 nodeCreated /a/b']);
    expect(recorder.dataChanged('/')).to.deep.equal(['1 nodeDataChanged /']);
    expect(recorder.deleted('/a/b', '/a')).to.deep.equal(['1 nodeDeleted /a/b']);
  });

  it('is about whole components', () => {
    const recorder = watching('recursive', '/ab');
    expect(recorder.created('/abc', '/')).to.deep.equal([]);
    expect(recorder.created('/a', '/')).to.deep.equal([]);
    expect(recorder.created('/ab/c', '/ab')).to.deep.equal(['1 nodeCreated /ab/c']);
  });

  it('goes on after its znode is deleted and made again', () => {
    const recorder = watching('recursive', '/a');
    recorder.deleted('/a', '/');
    expect(recorder.created('/a', '/')).to.deep.equal(['1 nodeCreated /a']);
  });

  it('that is the last to go leaves no trace: nobody hears any more', () => {
    const recorder = watching('recursive', '/a').watch('recursive', '/b', 2);
    recorder.watches.remove('/a', 1, WatcherType.any);
    recorder.watches.removeWatcher(2);
    expect(recorder.created('/a/x', '/a')).to.deep.equal([]);
    expect(recorder.sizes).to.deep.equal([0, 0]);
  });
});

describe('setWatches', () => {
  const node = { mzxid: 10n, pzxid: 20n };
  const lists = {
    dataWatches: [],
    existWatches: [],
    childWatches: [],
    persistentWatches: [],
    persistentRecursiveWatches: [],
  };
  type ListName = keyof typeof lists;

  /** Which event a path in a list fires at once; none when it is registered instead. */
  const rows: [list: ListName, relative: bigint, present: boolean, event: string | undefined][] = [
    ['dataWatches', 10n, true, undefined],
    ['dataWatches', 9n, true, '1 nodeDataChanged /c'],
    ['dataWatches', 99n, false, '1 nodeDeleted /c'],
    ['existWatches', 99n, true, '1 nodeCreated /c'],
    ['existWatches', 0n, false, undefined],
    ['childWatches', 20n, true, undefined],
    ['childWatches', 19n, true, '1 nodeChildrenChanged /c'],
    ['childWatches', 99n, false, '1 nodeDeleted /c'],
    ['persistentWatches', 0n, true, undefined],
    ['persistentWatches', 0n, false, undefined],
    ['persistentRecursiveWatches', 0n, true, undefined],
    ['persistentRecursiveWatches', 0n, false, undefined],
  ];
  const registered: Record<ListName, [type: number, sizes: [number, number]]> = {
    dataWatches: [WatcherType.data, [1, 0]],
    existWatches: [WatcherType.data, [1, 0]],
    childWatches: [WatcherType.children, [0, 1]],
    persistentWatches: [WatcherType.persistent, [1, 1]],
    persistentRecursiveWatches: [WatcherType.persistentRecursive, [1, 0]],
  };

  for (const [list, relativeZxid, present, event] of rows) {
    const what = `${list} of a znode that is ${present ? 'there' : 'missing'}, seen at ${relativeZxid}`;
    it(`${what}: ${event ?? 'registered'}`, () => {
      const recorder = new Recorder();
      const request = { ...lists, [list]: ['/c'], relativeZxid };
      recorder.watches.reestablish(1, request, () => (present ? node : undefined), recorder.emit);
      expect(recorder.take()).to.deep.equal(event === undefined ? [] : [event]);
      const [type, sizes] = registered[list];
      expect(recorder.watches.has('/c', 1, type)).to.equal(event === undefined);
      expect(recorder.sizes).to.deep.equal(event === undefined ? sizes : [0, 0]);
    });
  }

  it('tells of a missing znode twice when it is in the data list and in the child list', () => {
    const recorder = new Recorder();
    const request = { ...lists, dataWatches: ['/c'], childWatches: ['/c'], relativeZxid: 0n };
    recorder.watches.reestablish(1, request, () => undefined, recorder.emit);
    expect(recorder.take()).to.deep.equal(['1 nodeDeleted /c', '1 nodeDeleted /c']);
  });

  it('looks at each path of each list', () => {
    const recorder = new Recorder();
    const request = { ...lists, dataWatches: ['/a', '/b'], existWatches: ['/d', '/e'], relativeZxid: 10n };
    const found = new Map([
      ['/a', node],
      ['/d', node],
    ]);
    recorder.watches.reestablish(1, request, (path) => found.get(path), recorder.emit);
    expect(recorder.take()).to.deep.equal(['1 nodeDeleted /b', '1 nodeCreated /d']);
    expect([...recorder.watches.data.paths.keys()]).to.deep.equal(['/a', '/e']);
  });
});

describe('checkWatches and removeWatches', () => {
  const { children, data, any, persistent, persistentRecursive } = WatcherType;
  const finds: [kind: WatchKind, types: number[]][] = [
    ['data', [data, any]],
    ['child', [children, any]],
    ['persistent', [persistent, any]],
    ['recursive', [persistentRecursive, any]],
  ];
  for (const [kind, types] of finds) {
    for (const [name, type] of Object.entries(WatcherType)) {
      const found = types.includes(type);
      it(`of type ${name} ${found ? 'find and remove' : 'leave alone'} a ${kind} watch`, () => {
        const recorder = watching(kind, '/c');
        const before = recorder.sizes;
        expect(recorder.watches.has('/c', 1, type)).to.equal(found);
        expect(recorder.sizes).to.deep.equal(before);
        expect(recorder.watches.remove('/c', 1, type)).to.equal(found);
        expect(recorder.sizes).to.deep.equal(found ? [0, 0] : before);
        expect(recorder.take()).to.deep.equal([]);
      });
    }
  }

  it('of any type takes everything on the path at once', () => {
    const recorder = watching('data', '/c')
      .watch('child', '/c')
      .watch('persistent', '/c')
      .watch('recursive', '/c');
    expect(recorder.watches.remove('/c', 1, any)).to.equal(true);
    expect(recorder.sizes).to.deep.equal([0, 0]);
    expect(recorder.watches.remove('/c', 1, any)).to.equal(false);
  });

  it('look at the watches of their own connection and path only', () => {
    const recorder = new Recorder().watch('data', '/c', 2).watch('data', '/d', 1);
    expect(recorder.watches.has('/c', 1, any)).to.equal(false);
    expect(recorder.watches.remove('/c', 1, any)).to.equal(false);
    expect(recorder.sizes).to.deep.equal([2, 0]);
  });

  it('leave the other modes on the path', () => {
    const recorder = watching('data', '/c').watch('persistent', '/c');
    expect(recorder.watches.remove('/c', 1, data)).to.equal(true);
    expect(recorder.watches.has('/c', 1, persistent)).to.equal(true);
    expect(recorder.dataChanged('/c')).to.deep.equal(['1 nodeDataChanged /c']);
  });
});

describe('a connection that is gone', () => {
  it('takes its watches along, and no others', () => {
    const recorder = new Recorder()
      .watch('data', '/a', 1)
      .watch('child', '/b', 1)
      .watch('persistent', '/c', 1)
      .watch('recursive', '/', 1)
      .watch('data', '/a', 2);
    recorder.watches.removeWatcher(1);
    expect(recorder.sizes).to.deep.equal([1, 0]);
    expect(recorder.dataChanged('/a')).to.deep.equal(['2 nodeDataChanged /a']);
  });

  it('that had none changes nothing', () => {
    const recorder = watching('data', '/a');
    recorder.watches.removeWatcher(9);
    expect(recorder.sizes).to.deep.equal([1, 0]);
  });
});
