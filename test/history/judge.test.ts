/**
 * Why this file exists: a campaign is worth what its rules are worth. They must pass histories that a correct service
 * can produce, however operations overlap, and name the broken promise in those that it cannot. Both are kept as files:
 * each bad one says which rules have to object, and no other may.
 */
import { readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { expect } from 'chai';
import { PROJECT_ROOT } from '../interop/tools.js';
import type { SimRecord } from '../sim/records.js';
import { Fields } from './fields.js';
import { longestGap } from './gap.js';
import type { Event } from './history.js';
import { Judge } from './judge.js';
import { readLine, writeLine, type Line } from './kept.js';
import { longHistory } from './service.js';
import { expiredEarly } from './sessionOrder.js';
import { Witness } from './witness.js';

const DIRECTORY = path.join(PROJECT_ROOT, 'test', 'history');
/** A million operations within a minute, zab.md 6.2, and this many in their share of it. */
const OPERATIONS = 60_000;
const JUDGE_MS_MAX = (60_000 * OPERATIONS) / 1_000_000;

interface Stored {
  readonly name: string;
  readonly why: string;
  readonly rules: readonly string[];
  readonly lines: readonly Line[];
  readonly judge: Judge;
}

/** The histories of a folder, each judged. */
function stored(folder: 'good' | 'bad'): Stored[] {
  return readdirSync(path.join(DIRECTORY, folder)).map((file) => {
    const fields = Fields.of(JSON.parse(readFileSync(path.join(DIRECTORY, folder, file), 'utf8')));
    const registers = (name: string): Line =>
      readLine({ kind: 'quiet', ends: fields.list(name, (each) => each) });
    const [start, end] = [registers('registers'), registers('ends')];
    const lines = fields.list('lines', readLine);
    if (start.kind !== 'quiet' || end.kind !== 'quiet') throw new Error(`${file} has no registers`);
    const judge = new Judge({ keys: start.ends });
    const log = lines.flatMap((line): SimRecord[] => (line.kind === 'record' ? [line.record] : []));
    const events = lines.flatMap((line): Event[] => (line.kind === 'event' ? [line.event] : []));
    judge.feed(log.length === 0 ? undefined : log, events, end.ends);
    const rules = fields.list('rules', String);
    return { name: file.replace('.json', ''), why: fields.text('why'), rules, lines, judge };
  });
}

describe('the rules of histories', () => {
  for (const { name, why, rules, judge } of stored('bad')) {
    it(`object to ${name}: ${why}`, () => {
      const found = [...new Set(judge.problems.map(({ rule }) => rule))].sort();
      expect(found, JSON.stringify(judge.problems, null, 1)).to.deep.equal([...rules].sort());
    });
  }
  for (const { name, why, judge } of stored('good')) {
    it(`pass ${name}: ${why}`, () => expect(judge.problems).to.deep.equal([]));
  }

  it('are each shown to object to something', () => {
    const shown = new Set(stored('bad').flatMap(({ rules }) => rules));
    const all = ['C1', 'C2', 'C3', 'C4', 'C5', 'C6', 'C7', 'C8', 'C9', 'S1', 'S2', 'S4'];
    expect([...shown]).to.include.members([...all, 'linearizable', 'session', 'bank', 'lock', 'set']);
  });

  it('find nothing wrong with a long history, in the time that a million operations would be given', () => {
    const { log, events } = longHistory(7, OPERATIONS);
    const from = performance.now();
    const witness = new Witness();
    witness.feed(log, events);
    expect(witness.problems).to.deep.equal([]);
    expect(performance.now() - from).to.be.lessThan(JUDGE_MS_MAX);
  }).timeout(60_000);

  it('come to the same whether a run is handed over whole or in pieces', () => {
    const { log, events } = longHistory(8, 2000);
    const spoilt = events.map((event) =>
      event.kind === 'answer' && event.at > 3000 && event.answer.data !== undefined
        ? { ...event, answer: { ...event.answer, data: 'nobody wrote this' } }
        : event,
    );
    const whole = new Witness();
    whole.feed(log, spoilt);
    const pieces = new Witness();
    const middle = events.findIndex(({ at }) => at > 2500);
    const shown = spoilt
      .slice(0, middle)
      .flatMap((event) => (event.kind === 'answer' ? [event.answer.zxid] : []));
    const until = shown.reduce((most, zxid) => (zxid > most ? zxid : most), 0n);
    pieces.feed(
      log.filter(({ zxid }) => zxid <= until),
      spoilt.slice(0, middle),
    );
    expect(pieces.problems).to.deep.equal([]);
    pieces.feed(
      log.filter(({ zxid }) => zxid > until),
      spoilt.slice(middle),
    );
    expect(pieces.problems).to.deep.equal(whole.problems);
    expect(pieces.problems.map(({ rule }) => rule)).to.include('C8');
  });

  it('object to a session that ends while it is heard, and not to one that a server cut off may have heard alone', () => {
    const ends = [
      { session: 1n, heardAt: 0, toldAt: 7000 },
      { session: 2n, heardAt: 0, toldAt: 9000 },
    ];
    expect(expiredEarly('a', ends, 10_000).map(({ what }) => what)).to.have.lengthOf(1);
    expect(expiredEarly('a', ends, 10_000)[0]?.what).to.match(/^session 0x1 /);
  });
});

describe('a kept history', () => {
  for (const { name, lines } of [...stored('good'), ...stored('bad')]) {
    it(`${name} is read back as it was written`, () => {
      for (const line of lines) {
        const text = writeLine(line);
        expect(writeLine(readLine(JSON.parse(text)))).to.equal(text);
      }
    });
  }

  it('that is damaged is refused, by the name of what is wrong', () => {
    expect(() => readLine({ kind: 'connected', at: 1, link: 1, session: 5, timeoutMs: 1 })).to.throw(
      'session',
    );
    expect(() => readLine({ kind: 'explosion', at: 1, link: 1 })).to.throw('explosion');
    expect(() => readLine(['connect'])).to.throw('no object');
  });
});

describe('the longest gap', () => {
  it('counts from the beginning of the window to its end', () => {
    expect(longestGap([], 10, 30)).to.equal(20);
    expect(longestGap([12, 11, 29], 10, 30)).to.equal(17);
    expect(longestGap([5, 12, 50], 10, 30)).to.equal(18);
  });
});
