/** The watch tables against a list of all watches, searched from one end to the other for each event. */
import { expect } from 'chai';
import fc from 'fast-check';
import { AddWatchMode, EventType, WatcherType } from '../../../src/types/index.js';
import { isWithin } from '../../../src/tree/index.js';
import { Watches, sizeOfLists } from '../../../src/watch/index.js';
import { watchCost } from '../../../src/watch/table.js';

const parents = new Map([
  ['/', '/'],
  ['/a', '/'],
  ['/a/b', '/a'],
  ['/a/b/c', '/a/b'],
  ['/ab', '/'],
]);

type Table = 'data' | 'child';
type Mode = 'standard' | 'persistent' | 'recursive';

type Step = { readonly watcher: number; readonly path: string } & (
  | { readonly kind: 'watch'; readonly mode: 'data' | 'child' | 'persistent' | 'recursive' }
  | { readonly kind: 'remove'; readonly type: number }
  | { readonly kind: 'created' | 'deleted' | 'dataChanged' | 'gone' }
);

const watcher = fc.constantFrom(1, 2, 3);
const path = fc.constantFrom(...parents.keys());
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constant('watch' as const),
        watcher,
        path,
        mode: fc.constantFrom('data' as const, 'child' as const, 'persistent' as const, 'recursive' as const),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('remove' as const),
        watcher,
        path,
        type: fc.integer({ min: 1, max: 5 }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constantFrom('created' as const, 'deleted' as const, 'dataChanged' as const),
        watcher,
        path,
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('gone' as const), watcher, path }) },
  ),
  { maxLength: 60, size: 'max' },
);

interface Watch {
  readonly watcher: number;
  readonly path: string;
  readonly table: Table;
  readonly mode: Mode;
}

class NaiveWatches {
  all: Watch[] = [];

  add(entry: Watch): void {
    const same = (other: Watch): boolean =>
      Object.entries(entry).every(([key, value]) => Reflect.get(other, key) === value);
    if (!this.all.some(same)) this.all.push(entry);
  }

  play(step: Step): string[] {
    const { watcher: who, path: at } = step;
    switch (step.kind) {
      case 'watch':
        this.#watch(who, at, step.mode);
        return [];
      case 'remove':
        this.all = this.all.filter((w) => !(w.watcher === who && w.path === at && matches(w, step.type)));
        return [];
      case 'gone':
        this.all = this.all.filter((w) => w.watcher !== who);
        return [];
      case 'dataChanged':
        return this.#fire('data', at, EventType.nodeDataChanged);
      case 'created':
        return [...this.#fire('data', at, EventType.nodeCreated), ...this.#fireParent(at)];
      case 'deleted': {
        const told = this.#fire('data', at, EventType.nodeDeleted);
        const more = this.#fire('child', at, EventType.nodeDeleted).filter((event) => !told.includes(event));
        return [...told, ...more, ...this.#fireParent(at)];
      }
    }
  }

  #watch(who: number, at: string, mode: 'data' | 'child' | Mode): void {
    if (mode === 'data' || mode === 'child')
      this.add({ watcher: who, path: at, table: mode, mode: 'standard' });
    else this.add({ watcher: who, path: at, table: 'data', mode });
    if (mode === 'persistent') this.add({ watcher: who, path: at, table: 'child', mode });
  }

  #fireParent(at: string): string[] {
    return this.#fire('child', parents.get(at)!, EventType.nodeChildrenChanged);
  }

  /** Each event as text, once per watcher. */
  #fire(table: Table, at: string, type: EventType): string[] {
    const heard = this.all.filter(
      (w) => w.table === table && (w.path === at || (w.mode === 'recursive' && isWithin(at, w.path))),
    );
    this.all = this.all.filter((w) => !(w.table === table && w.path === at && w.mode === 'standard'));
    return [...new Set(heard.map((w) => `${w.watcher} ${type} ${at}`))];
  }

  /** Pairs of path and connection in a table. */
  size(table: Table): number {
    return new Set(this.all.filter((w) => w.table === table).map((w) => `${w.watcher} ${w.path}`)).size;
  }
}

function matches(watch: Watch, type: number): boolean {
  switch (type) {
    case WatcherType.children:
      return watch.table === 'child' && watch.mode === 'standard';
    case WatcherType.data:
      return watch.table === 'data' && watch.mode === 'standard';
    case WatcherType.persistent:
      return watch.mode === 'persistent';
    case WatcherType.persistentRecursive:
      return watch.mode === 'recursive';
    default:
      return true;
  }
}

function play(watches: Watches, step: Step): string[] {
  const events: string[] = [];
  const emit = (who: number, type: EventType, at: string): void => void events.push(`${who} ${type} ${at}`);
  const parent = parents.get(step.path)!;
  switch (step.kind) {
    case 'watch':
      if (step.mode === 'data') watches.addData(step.path, step.watcher);
      else if (step.mode === 'child') watches.addChild(step.path, step.watcher);
      else if (step.mode === 'persistent')
        watches.addLasting(step.path, step.watcher, AddWatchMode.persistent);
      else watches.addLasting(step.path, step.watcher, AddWatchMode.persistentRecursive);
      break;
    case 'remove':
      watches.remove(step.path, step.watcher, step.type);
      break;
    case 'gone':
      watches.removeWatcher(step.watcher);
      break;
    case 'created':
      watches.created(step.path, parent, emit);
      break;
    case 'deleted':
      watches.deleted(step.path, parent, emit);
      break;
    case 'dataChanged':
      watches.dataChanged(step.path, emit);
      break;
  }
  return events;
}

/** Events of one change, those of the parent's children apart: order matters between these two only. */
function inOrder(events: readonly string[]): string[][] {
  const isParents = (event: string): boolean => event.includes(` ${EventType.nodeChildrenChanged} `);
  const first = events.findIndex(isParents);
  const cut = first < 0 ? events.length : first;
  return [events.slice(0, cut).sort(), events.slice(cut).sort()];
}

function expectConsistent(table: Watches['data']): void {
  const pairs = [...table.paths].flatMap(([at, watchers]) =>
    [...watchers.keys()].map((who) => `${who} ${at}`),
  );
  const reverse = [...table.watchers].flatMap(([who, list]) => [...list].map((at) => `${who} ${at}`));
  expect(pairs.sort()).to.deep.equal(reverse.sort());
  expect(table.size).to.equal(pairs.length);
  for (const [, watchers] of table.paths) expect(watchers.size).to.be.greaterThan(0);
  for (const [who, list] of table.watchers) {
    expect(list.size).to.be.greaterThan(0);
    const cost = [...list].reduce((sum, at) => sum + watchCost(at), 0);
    expect(table.costOf(who)).to.equal(cost);
  }
}

describe('watch tables', () => {
  it('agree with a plain list of watches, and their counts with what they hold', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const watches = new Watches();
        const naive = new NaiveWatches();
        for (const step of list) {
          expect(inOrder(play(watches, step))).to.deep.equal(inOrder(naive.play(step)));
          expect([watches.data.size, watches.child.size]).to.deep.equal([
            naive.size('data'),
            naive.size('child'),
          ]);
          expectConsistent(watches.data);
          expectConsistent(watches.child);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('cost of watches', () => {
  it('is that of both tables, more for longer paths, and nothing for who has none', () => {
    const watches = new Watches();
    watches.addData('/a', 1);
    const short = watches.costOf(1);
    expect(short).to.equal(watchCost('/a'));
    watches.addChild('/a', 1);
    expect(watches.costOf(1)).to.equal(2 * short);
    watches.addData('/a'.repeat(1000), 2);
    expect(watches.costOf(2)).to.be.greaterThan(short + 1000);
    expect(watches.costOf(3)).to.equal(0);
  });

  it('of the lists of a setWatches is what they cost when all are registered', () => {
    const lists = {
      relativeZxid: 0n,
      dataWatches: ['/a', '/ab'],
      existWatches: ['/c'],
      childWatches: ['/d'],
      persistentWatches: ['/e', '/fg'],
      persistentRecursiveWatches: ['/h'],
    };
    const watches = new Watches();
    const found = { mzxid: 0n, pzxid: 0n };
    watches.reestablish(
      1,
      lists,
      (at) => (at === '/c' ? undefined : found),
      () => expect.fail('an event'),
    );
    expect(sizeOfLists(lists)).to.deep.equal({ count: 7, cost: watches.costOf(1) });
  });
});
