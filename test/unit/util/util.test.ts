/** Small tools: the queue, hexadecimal ids, assertions, checksums. */
import { expect } from 'chai';
import fc from 'fast-check';
import { AssertionError, Queue, assert, crc32, hex, unreachable } from '../../../src/util/index.js';

const HEX: [value: bigint, text: string][] = [
  [0n, '0x0'],
  [255n, '0xff'],
  [0x1_0000_0000n, '0x100000000'],
  [-1n, '0xffffffffffffffff'],
  [-0x8000000000000000n, '0x8000000000000000'],
];

type QueueStep = { readonly push: number } | 'shift' | 'peek' | 'clear';

const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ push: fc.integer() }) },
    { weight: 5, arbitrary: fc.constant('shift' as const) },
    { weight: 2, arbitrary: fc.constant('peek' as const) },
    { weight: 1, arbitrary: fc.constant('clear' as const) },
  ),
  { maxLength: 200, size: 'max' },
);

describe('Queue', () => {
  it('is an array with push and shift', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const queue = new Queue<number>();
        const model: number[] = [];
        for (const step of list) playStep(queue, model, step);
      }),
    );
  });

  it('keeps its order over thousands of items, while it lets go of old memory', () => {
    const queue = new Queue<number>();
    let next = 0;
    for (let pushed = 0; pushed < 10_000; pushed++) {
      queue.push(pushed);
      if (pushed % 3 !== 0) expect(queue.shift()).to.equal(next++);
    }
    while (queue.length > 0) expect(queue.shift()).to.equal(next++);
    expect(next).to.equal(10_000);
    expect(queue.peek()).to.equal(undefined);
  });
});

function playStep(queue: Queue<number>, model: number[], step: QueueStep): void {
  if (step === 'shift') expect(queue.shift()).to.equal(model.shift());
  else if (step === 'peek') expect(queue.peek()).to.equal(model[0]);
  else if (step === 'clear') {
    queue.clear();
    model.length = 0;
  } else {
    queue.push(step.push);
    model.push(step.push);
  }
  expect(queue.length).to.equal(model.length);
}

describe('hex', () => {
  for (const [value, text] of HEX) {
    it(`prints ${value} as ${text}`, () => {
      expect(hex(value)).to.equal(text);
    });
  }
});

describe('assert', () => {
  it('throws an AssertionError with its message when the condition does not hold', () => {
    expect(() => assert(false, 'the reason')).to.throw(AssertionError, 'the reason');
  });

  it('lets a condition that holds pass', () => {
    expect(() => assert(true, 'unused')).not.to.throw();
  });
});

describe('unreachable', () => {
  it('throws an AssertionError that names the value', () => {
    // The compiler lets nobody call it, so that a value has to be smuggled in.
    const call = (): void => void Reflect.apply(unreachable, undefined, ['surprise']);
    expect(call).to.throw(AssertionError, 'surprise');
  });
});

describe('crc32', () => {
  it('is the IEEE polynomial: 123456789 gives cbf43926', () => {
    expect(crc32('123456789')).to.equal(0xcbf43926);
  });

  it('can be continued from part to part', () => {
    expect(crc32('6789', crc32('12345'))).to.equal(0xcbf43926);
  });
});
