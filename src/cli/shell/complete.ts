/**
 * Why this file exists: what the Tab key offers at the prompt: commands, their options, and paths that exist.
 */
import type { ZooKeeper } from '../../client/index.js';
import { commandTable, sortedCommands } from './commands/index.js';
import { sortNames } from './format.js';
import { childPath } from './path.js';

/** Longer than this nobody waits for Tab. */
const ANSWER_MS_MAX = 2000;

/**
 * @param zk undefined while there is no connection: then no paths are offered
 * @returns what could stand in place of the last word, and that word
 */
export async function complete(line: string, zk: ZooKeeper | undefined): Promise<[string[], string]> {
  const word = /\S*$/.exec(line)?.[0] ?? '';
  const [first] = line.trimStart().split(/\s+/);
  if (first === undefined || line.trimStart() === word) {
    return [
      namesOfCommands()
        .filter((name) => name.startsWith(word))
        .map(withSpace),
      word,
    ];
  }
  if (word.startsWith('/')) return [zk === undefined ? [] : await paths(zk, word), word];
  if (word.startsWith('-')) {
    const options = commandTable.get(first)?.options ?? [];
    const texts = options.map(({ name }) => `-${name}`);
    return [texts.filter((text) => text.startsWith(word)).map(withSpace), word];
  }
  if (first === 'help') return [namesOfCommands().filter((name) => name.startsWith(word)), word];
  if (first === 'printwatches') return [['on', 'off'].filter((state) => state.startsWith(word)), word];
  return [word === '' && zk !== undefined ? ['/'] : [], word];
}

function namesOfCommands(): string[] {
  return sortedCommands().map(({ name }) => name);
}

function withSpace(text: string): string {
  return `${text} `;
}

/** Paths that begin like this. Tab behind a whole path goes on to what is below it. */
async function paths(zk: ZooKeeper, start: string): Promise<string[]> {
  const slash = start.lastIndexOf('/');
  const parent = slash === 0 ? '/' : start.slice(0, slash);
  const prefix = start.slice(slash + 1);
  const signal = AbortSignal.timeout(ANSWER_MS_MAX);
  try {
    const { children } = await zk.getChildren(parent, { signal });
    const found = sortNames(children.filter((name) => name.startsWith(prefix))).map((name) =>
      childPath(parent, name),
    );
    const [only, ...others] = found;
    if (only === undefined || others.length > 0) return found;
    const stat = await zk.exists(only, { signal });
    if (stat === null || stat.numChildren === 0) return [withSpace(only)];
    return [only === start ? `${only}/` : only];
  } catch {
    // Not readable, not there, or too slow: nothing to offer.
    return [];
  }
}
