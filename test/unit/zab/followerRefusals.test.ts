/**
 * What a follower does not take from a leader (zab.md 8): it closes the link and looks again, says why to the operator,
 * and neither writes nor acknowledges anything. It never throws.
 */
import { expect } from 'chai';
import fc from 'fast-check';
import type { ToLearner } from '../../../src/zab/index.js';
import { PeerHost, ensembleOf } from '../helpers/peer.js';
import { log, rec, say } from '../helpers/peerLines.js';

const LINK = 10;
const LOG = log('1:1 1:2 1:3 1:4');
const END = LOG[3]!.mark;
const MORE = log('2:1 2:2', END);
const T = MORE[1]!.mark;
const NEXT = log('3:1 3:2 3:3', T);
const LAST = NEXT[2]!.mark;

/** How far the follower has come. */
const PHASES = {
  info: [],
  promising: [say.leaderInfo(3)],
  asked: [say.leaderInfo(3)],
  diff: [say.leaderInfo(3), say.diff(END)],
  behind: [say.leaderInfo(3), say.diff(END), say.records(MORE)],
  snap: [say.leaderInfo(3), say.snap(END)],
  staged: [say.leaderInfo(3), say.snap(END), say.chunk()],
  saving: [say.leaderInfo(3), say.diff(END), say.records(MORE), say.newLeader(3, T)],
  saved: [say.leaderInfo(3), say.diff(END), say.records(MORE), say.newLeader(3, T)],
  serving: [
    say.leaderInfo(3),
    say.diff(END),
    say.records(MORE),
    say.newLeader(3, T),
    say.upToDate(6),
    say.records(NEXT.slice(0, 1)),
  ],
} satisfies Record<string, ToLearner[]>;

type PhaseName = keyof typeof PHASES;

function inPhase(phase: PhaseName): PeerHost {
  const next = ensembleOf([1, 2, 3, 4]);
  const host = new PeerHost({ log: LOG, applied: 2, epochs: [1, 1], next }).joining(3).connected(LINK, 3);
  const waitsForDisk = phase === 'promising' || phase === 'saving';
  for (const message of PHASES[phase]) {
    host.disk().hears(LINK, message);
  }
  if (!waitsForDisk) host.disk();
  host.take();
  return host;
}

/** Everything the host did after it was told this, the disk included. */
function after(host: PeerHost, message: ToLearner): string[] {
  host.hears(LINK, message);
  return [...host.said(), ...host.disk().said()];
}

function expectRefused(host: PeerHost, message: ToLearner, alarm = true): void {
  const lines = after(host, message);
  expect(lines).to.include('close 10');
  if (alarm) expect(lines).to.include('note alarm');
  expect(host.peer.role).to.equal('looking');
  const done = lines.filter((line) => /^disk (append|synchronise|stage)|^10 <|^apply|^serve/.test(line));
  expect(done).to.deep.equal([]);
}

/** Records behind 7, the last one that the serving follower has. */
const SEVEN = NEXT[0]!.mark;
const EIGHT = NEXT[1]!;

const REFUSED: [what: string, phase: PhaseName, message: ToLearner][] = [
  ['a second LEADERINFO                      ', 'asked', say.leaderInfo(4)],
  ['LEADERINFO while the first is on its way ', 'promising', say.leaderInfo(4)],
  ['LEADERINFO to a server that follows      ', 'serving', say.leaderInfo(4)],
  ['DIFF before an epoch                     ', 'info', say.diff(END)],
  ['DIFF before the promise is on disk       ', 'promising', say.diff(END)],
  ['a second DIFF                            ', 'diff', say.diff(END)],
  ['TRUNC behind a DIFF                      ', 'diff', say.trunc(LOG[2]!.mark)],
  ['DIFF behind a SNAP                       ', 'snap', say.diff(END)],
  ['DIFF to a server that follows            ', 'serving', say.diff(SEVEN)],
  ['TRUNC to a server that follows           ', 'serving', say.trunc(T)],
  ['SNAP to a server that follows            ', 'serving', say.snap(SEVEN)],
  ['TRUNC below what is applied              ', 'asked', say.trunc(LOG[0]!.mark)],
  ['a chunk without a SNAP                   ', 'asked', say.chunk()],
  ['a chunk behind a DIFF                    ', 'diff', say.chunk()],
  ['a chunk behind the last one              ', 'staged', say.chunk()],
  ['a chunk to a server that follows         ', 'serving', say.chunk()],
  ['records before an epoch                  ', 'info', say.records(MORE)],
  ['records before DIFF, TRUNC or SNAP       ', 'asked', say.records(MORE)],
  ['records before the last chunk            ', 'snap', say.records(MORE)],
  ['records that leave a gap                 ', 'diff', say.records(MORE.slice(1))],
  ['records that come twice                  ', 'behind', say.records(MORE)],
  ['records that the log has already         ', 'diff', say.records(LOG.slice(3))],
  ['a record with the chain of another log   ', 'diff', say.records(log('2:1', LOG[2]!.mark))],
  ['a record with a zxid that goes back      ', 'behind', say.records([rec('1:9', T)])],
  ['a gap before a proposal                  ', 'serving', say.records(NEXT.slice(2))],
  ['a proposal that comes twice              ', 'serving', say.records(NEXT.slice(0, 1))],
  ['a proposal with another index            ', 'serving', say.records([rec('3:2', SEVEN, { index: 9 })])],
  [
    'a proposal of another chain              ',
    'serving',
    say.records([rec('3:2', { ...SEVEN, chain: 1n })]),
  ],
  [
    'a proposal of a lower epoch              ',
    'serving',
    say.records([rec('2:9', { ...SEVEN, zxid: 0n as never })]),
  ],
  ['a proposal of a higher epoch             ', 'serving', say.records([rec('4:1', SEVEN)])],
  ['a proposal of an old epoch behind T      ', 'saved', say.records([rec('2:3', T)])],
  ['a good proposal with a bad one behind it ', 'serving', say.records([EIGHT, rec('4:1', EIGHT.mark)])],
  ['a record of which nothing can be made     ', 'diff', say.records(log('2:1?', END))],
  ['such a record behind a snapshot           ', 'staged', say.records(log('2:1 2:2?', END))],
  ['such a proposal                           ', 'serving', say.records(log('3:2 3:3?', SEVEN))],
  ['NEWLEADER before an epoch                ', 'info', say.newLeader(3, END)],
  ['NEWLEADER before DIFF, TRUNC or SNAP     ', 'asked', say.newLeader(3, END)],
  ['NEWLEADER before the last chunk          ', 'snap', say.newLeader(3, END)],
  ['NEWLEADER of another epoch               ', 'diff', say.newLeader(4, END)],
  ['NEWLEADER with more than was sent        ', 'diff', say.newLeader(3, T)],
  ['NEWLEADER with less than was sent        ', 'behind', say.newLeader(3, END)],
  ['NEWLEADER with another chain             ', 'diff', say.newLeader(3, { ...END, chain: 1n })],
  ['NEWLEADER twice                          ', 'saved', say.newLeader(3, T)],
  ['NEWLEADER to a server that follows       ', 'serving', say.newLeader(3, SEVEN)],
  ['UPTODATE before NEWLEADER                ', 'behind', say.upToDate(6)],
  ['UPTODATE before the disk has NEWLEADER   ', 'saving', say.upToDate(6)],
  ['UPTODATE twice                           ', 'serving', say.upToDate(6)],
  ['COMMIT before an epoch                   ', 'info', say.commit(1)],
  ['COMMIT before UPTODATE                   ', 'saved', say.commit(6)],
  ['COMMIT beyond what was proposed          ', 'serving', say.commit(8)],
  ['a PING before an epoch                   ', 'info', say.ping(1, 0)],
  ['a PING before UPTODATE                   ', 'saved', say.ping(1, 4)],
  ['a PING that commits beyond that          ', 'serving', say.ping(1, 8)],
];

describe('a follower refuses', () => {
  for (const [what, phase, message] of REFUSED) {
    it(what.trim(), () => {
      const writing = phase === 'saving' || phase === 'promising';
      const host = inPhase(phase);
      if (!writing) return expectRefused(host, message);
      // What was given to the disk before gets there; nobody is told.
      host.hears(LINK, message);
      expect(host.said()).to.include.members(['close 10', 'note alarm']);
      expect(
        host
          .disk()
          .said()
          .filter((line) => line.startsWith('10 <')),
      ).to.deep.equal([]);
    });
  }

  it('a lower epoch than it promised, which is no fault of anybody', () => {
    const host = new PeerHost({ log: LOG, epochs: [5, 1] }).joining(3).connected(LINK, 3);
    host.take();
    expectRefused(host, say.leaderInfo(3), false);
  });

  it('a promise that is absurdly far ahead', () => {
    expectRefused(inPhase('info'), say.leaderInfo(2 ** 31 - 1));
  });

  it('bytes that are no records', () => {
    const batch = {
      bytes: Buffer.from('not a record, but long enough to look like the head of one'),
      count: 1,
      last: LAST,
    };
    expectRefused(inPhase('serving'), { kind: 'records', batch, answers: [] });
  });

  it('records that are not as many as they say', () => {
    for (const count of [0, 2, 3]) {
      const batch = { bytes: EIGHT.bytes, count, last: EIGHT.mark };
      expectRefused(inPhase('serving'), { kind: 'records', batch, answers: [] });
    }
  });

  it('records that end elsewhere than they say', () => {
    const batch = { bytes: EIGHT.bytes, count: 1, last: LAST };
    expectRefused(inPhase('serving'), { kind: 'records', batch, answers: [] });
    expectRefused(inPhase('diff'), {
      kind: 'records',
      batch: { ...batch, bytes: MORE[0]!.bytes },
      answers: [],
    });
  });

  it('a configuration together with what is behind it', () => {
    for (const text of ['3:2! 3:3?', '3:2! 4:1']) {
      const host = inPhase('serving');
      expectRefused(host, say.records(log(text, SEVEN)));
      expect(host.peer.isReconfiguring, text).to.equal(false);
    }
  });

  it('no records at all', () => {
    const batch = { bytes: Buffer.alloc(0), count: 0, last: SEVEN };
    expectRefused(inPhase('serving'), { kind: 'records', batch, answers: [] });
  });
});

describe('whatever a leader says in whatever order', () => {
  const mark = fc.constantFrom(...LOG, ...MORE, ...NEXT).map((record) => record.mark);
  const records = fc
    .tuple(fc.constantFrom(...LOG, ...MORE, ...NEXT), fc.boolean())
    .map(([record, twice]) => say.records(twice ? [record, record] : [record]));
  const message: fc.Arbitrary<ToLearner> = fc.oneof(
    fc.integer({ min: 0, max: 4 }).map(say.leaderInfo),
    mark.map(say.diff),
    mark.map(say.trunc),
    mark.map(say.snap),
    fc.boolean().map(say.chunk),
    records,
    fc.tuple(fc.integer({ min: 2, max: 4 }), mark).map(([epoch, at]) => say.newLeader(epoch, at)),
    fc.nat(10).map(say.upToDate),
    fc.nat(10).map(say.commit),
    fc.tuple(fc.nat(3), fc.nat(10)).map(([beat, commit]) => say.ping(beat, commit)),
  );

  it('a follower does not throw, applies nothing that it does not have, and keeps what is applied', () => {
    const names = Object.keys(PHASES) as PhaseName[];
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.array(fc.tuple(message, fc.boolean()), { maxLength: 12 }),
        (phase, told) => {
          const host = inPhase(phase);
          let applied = host.appliedIndex;
          for (const [what, writes] of told) {
            host.hears(LINK, what);
            if (writes) host.disk();
            expect(host.appliedIndex).to.be.at.least(applied);
            expect(host.appliedIndex).to.be.at.most(host.tail.index);
            applied = host.appliedIndex;
          }
          host.disk();
          expect(host.epochs.currentEpoch).to.be.at.most(host.epochs.acceptedEpoch);
        },
      ),
      { numRuns: 1500 },
    );
  });
});
