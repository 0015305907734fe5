/** Streams of events: order, the bound, and every way in which they end. */
import { expect } from 'chai';
import { StreamOverflowError } from '../../../src/client/index.js';
import { EventBuffer } from '../../../src/client/stream.js';
import { rejection } from './helpers.js';

describe('EventBuffer', () => {
  let ends: number;
  let buffer: EventBuffer<number>;

  beforeEach(() => {
    ends = 0;
    buffer = new EventBuffer<number>(3, () => {
      ends++;
    });
  });

  async function collect(): Promise<number[]> {
    const events: number[] = [];
    for await (const event of buffer) events.push(event);
    return events;
  }

  it('hands out what waited, then what comes', async () => {
    buffer.push(1);
    buffer.push(2);
    const all = collect();
    await Promise.resolve();
    buffer.push(3);
    buffer.end();
    expect(await all).to.deep.equal([1, 2, 3]);
    expect(ends).to.equal(1);
  });

  it('serves several waiting readers in their order', async () => {
    const first = buffer.next();
    const second = buffer.next();
    buffer.push(1);
    buffer.push(2);
    expect([(await first).value, (await second).value]).to.deep.equal([1, 2]);
  });

  it('is closed by a loop that is left', async () => {
    buffer.push(1);
    for await (const event of buffer) {
      expect(event).to.equal(1);
      break;
    }
    expect(ends).to.equal(1);
    buffer.push(2);
    expect(await buffer.next()).to.deep.equal({ value: undefined, done: true });
  });

  it('is closed by await using', async () => {
    {
      await using stream = buffer;
      stream.push(1);
    }
    expect(ends).to.equal(1);
  });

  it('releases a waiting reader when it is closed from elsewhere', async () => {
    const waiting = buffer.next();
    await buffer.return();
    expect((await waiting).done).to.equal(true);
  });

  it('on overflow hands out what waited, then says so, once', async () => {
    for (let i = 1; i <= 5; i++) buffer.push(i);
    expect(ends).to.equal(1);
    const events: number[] = [];
    const error = await rejection(
      (async () => {
        for await (const event of buffer) events.push(event);
      })(),
    );
    expect(events).to.deep.equal([1, 2, 3]);
    expect(error).to.be.instanceOf(StreamOverflowError);
    expect((await buffer.next()).done).to.equal(true);
  });

  it('rejects the reader that waits when it fails', async () => {
    const waiting = buffer.next();
    const bug = new Error('broken');
    buffer.end(bug);
    expect(await rejection(waiting)).to.equal(bug);
    expect((await buffer.next()).done).to.equal(true);
  });
});
