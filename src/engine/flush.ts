/** Encodes what changed since the last flush for `tree.db`. */
import { Writer, writeSessionRow } from '../codec/index.js';
import type { Sessions } from '../session/index.js';
import type { Tree } from '../tree/index.js';
import type { LogMark } from './ports.js';

/** Room for a change, unless it is a large one. */
const CHANGE_BYTES = 256;

/** @param mark the record up to which tree and sessions are applied @returns undefined when nothing changed */
export function encodeFlush(mark: LogMark, tree: Tree, sessions: Sessions): Buffer | undefined {
  const changes = tree.changesCount + sessions.changesCount;
  if (changes === 0) return undefined;
  const { opened, ended } = sessions.takeChanges();
  const w = new Writer(64 + changes * CHANGE_BYTES);
  // As the record TreeFlush, without making one: the tree writes its rows from where they are.
  w.long(BigInt(mark.index));
  w.long(mark.zxid);
  w.long(mark.chain);
  tree.writeChanges(w);
  w.vector(opened, writeSessionRow);
  w.vector(ended, (writer, session) => writer.long(session));
  return w.take();
}
