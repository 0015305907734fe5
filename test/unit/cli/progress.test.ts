import { expect } from 'chai';
import { PassThrough } from 'node:stream';
import { ProgressLine, progressText } from '../../../src/cli/data/progress.js';
import { bytesText } from '../../../src/cli/data/report.js';

/** A stream that collects, and is a terminal or not. */
function stream(isTTY: boolean): { target: NodeJS.WriteStream; text: () => string } {
  const through = new PassThrough();
  const target = Object.assign(through, { isTTY }) as unknown as NodeJS.WriteStream;
  return { target, text: () => String(through.read() ?? '') };
}

describe('the progress of a long command', () => {
  it('is a bar where the end is known, and a count where it is not', () => {
    expect(progressText('Writing znodes', 250_000, 1_000_000)).to.equal(
      'Writing znodes [######------------------] 25 %, 250,000 of 1,000,000',
    );
    expect(progressText('Reading', 1234)).to.equal('Reading: 1,234');
    expect(progressText('Reading', 3, 2)).to.include('100 %');
  });

  it('shows on a terminal after a moment, and is taken away in the end', async () => {
    const { target, text } = stream(true);
    const line = new ProgressLine(target);
    line.update('Reading', 1, 10);
    expect(text()).to.equal('');
    await new Promise((resolve) => setTimeout(resolve, 750));
    line.update('Reading', 5, 10);
    line.update('Reading', 6, 10);
    expect(text()).to.equal('\r\u001b[KReading [############------------] 50 %, 5 of 10');
    line.end();
    expect(text()).to.equal('\r\u001b[K');
  });

  it('is not shown where nobody looks', async () => {
    const { target, text } = stream(false);
    const line = new ProgressLine(target);
    await new Promise((resolve) => setTimeout(resolve, 750));
    line.update('Reading', 5, 10);
    line.end();
    expect(text()).to.equal('');
  });

  it('counts bytes in the unit that fits', () => {
    expect([999, 1000, 999_949, 999_950, 1_500_000_000].map(bytesText)).to.deep.equal([
      '999 bytes',
      '1.0 kB',
      '999.9 kB',
      '1.0 MB',
      '1.5 GB',
    ]);
  });
});
