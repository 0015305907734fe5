/** Encodes what changed since the last flush for `tree.db`. */
import { Writer, writeTreeFlush } from '../codec/index.js';
import type { Sessions } from '../session/index.js';
import type { Tree } from '../tree/index.js';
import type { LogMark } from './ports.js';

/** @param mark the record up to which tree and sessions are applied @returns undefined when nothing changed */
export function encodeFlush(mark: LogMark, tree: Tree, sessions: Sessions): Buffer | undefined {
  if (tree.changesCount + sessions.changesCount === 0) return undefined;
  const { znodes, deletedPaths } = tree.takeChanges();
  const { opened, ended } = sessions.takeChanges();
  const w = new Writer(4096);
  writeTreeFlush(w, {
    index: BigInt(mark.index),
    zxid: mark.zxid,
    chain: mark.chain,
    znodes,
    deletedPaths,
    sessions: opened,
    endedSessions: ended,
  });
  return w.take();
}
