/**
 * What operators ask a server: the four-letter words. This is what other folders may use of them; everything they tell
 * comes from one `Status`.
 */
import type { Status } from '../server/index.js';
import type { FourLetterWord } from './words.js';
import { fourLetterWords } from './words.js';

export { families, metricNames } from './families.js';
export type { Family, Sample } from './families.js';
export type { Histogram, Metric, Summary, SummaryValues, TopList } from './metrics.js';
export { QUANTILES, histograms, metrics, summaries, topLists } from './metrics.js';
export { expandedNames, mntrEntries } from './mntr.js';
export type { MntrEntry } from './mntr.js';
export { operationName } from './connections.js';
export { environment } from './envi.js';
export { socketAddress } from './format.js';
export { serverState } from './srvr.js';
export { setTraceMask, traceMask } from './traceMask.js';
export { fullVersion, ZOOKEEPER_VERSION } from './version.js';
export type { FourLetterWord } from './words.js';
export { fourLetterWords } from './words.js';

const byCode: ReadonlyMap<number, FourLetterWord> = new Map(fourLetterWords.map((word) => [word.code, word]));

/**
 * The word that these four bytes (a big-endian int32) are, undefined if they are none: then they are the length of a
 * frame. Bytes behind the word and its argument are to be ignored.
 */
export function fourLetterWord(bytes: number): FourLetterWord | undefined {
  return byCode.get(bytes);
}

/** Whether the configuration lets the server answer `word`. If not, there is no need to wait for an argument. */
export function isWhitelisted(word: FourLetterWord, { config }: Status): boolean {
  return config.fourLetterWords.includes('*') || config.fourLetterWords.includes(word.name);
}

/**
 * The whole answer, after which the connection is closed. It may be empty.
 * @param argument the `argumentBytes` behind the word; fewer if the client sent no more or the word is refused
 * @returns a promise where the disk is asked; it rejects only if the sizes of the data directories cannot be read
 */
export function answer(word: FourLetterWord, status: Status, argument: Buffer): string | Promise<string> {
  if (!isWhitelisted(word, status)) {
    return `${word.name} is not executed because it is not in the whitelist.\n`;
  }
  if (!status.serving && word.notServing !== null) return word.notServing;
  return word.answer(status, argument);
}
