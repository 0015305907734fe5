/** What a storage on disk reads on the main thread: tree and log before `start`, the tree again after an installation. */
import type { LogRecord } from '../codec/index.js';
import { LOG_START, type LogMark } from '../engine/ports.js';
import { assert } from '../util/index.js';
import type { StorageOptions, TreeSink } from './api.js';
import { rebuildTree } from './create.js';
import { StorageError } from './errors.js';
import type { StorageFiles } from './files.js';
import { loadRows } from './load.js';
import { describe, scanLog } from './logReader.js';
import type { LogFound, TreeFound } from './survey.js';

/** The connections of the start; closed when the workers open theirs. */
export class StartReader {
  /** What the tree contains, as far as it can be loaded. */
  treeMark: LogMark;
  /** See `Storage`. */
  needsSnapshot: boolean;
  readonly #files: StorageFiles;
  readonly #options: StorageOptions;
  readonly #log: LogFound;
  readonly #tree: TreeFound;

  constructor(files: StorageFiles, options: StorageOptions, log: LogFound, tree: TreeFound) {
    this.#files = files;
    this.#options = options;
    this.#log = log;
    this.#tree = tree;
    this.treeMark = tree.mark;
    this.needsSnapshot = tree.mark.index < log.logStart.index;
  }

  /** See `Storage.loadTree`. */
  async loadTree(sink: TreeSink): Promise<void> {
    const { db, file } = this.#tree;
    if (this.needsSnapshot) return;
    assert(db.open, 'The tree is loaded before start, and once.');
    const damage = await loadRows(file, sink, (rows, of) => {
      this.#options.onProgress?.(`Reading ${file}.`, { rows, of });
    });
    if (damage !== undefined) this.#rebuild(damage, sink);
  }

  /** See `Storage.replay`. */
  async replay(sink: (record: LogRecord) => void): Promise<void> {
    const { db } = this.#log;
    if (this.needsSnapshot) return;
    assert(db.open, 'The log is replayed before start.');
    const of = this.#log.db.prepare<[], number | null>('SELECT max(idx) FROM log').pluck().get() ?? 0;
    const { damage } = await scanLog(db, this.treeMark, sink, (index) => {
      this.#options.onProgress?.(`Replaying ${this.#files.log}.`, { index, of });
    });
    if (damage === undefined) return;
    throw new StorageError(
      'corrupt',
      `${this.#files.log}: ${damage}. Restore dataDir and dataLogDir from a backup.`,
    );
  }

  close(): void {
    this.#tree.db.close();
    this.#log.db.close();
  }

  #rebuild(damage: string, sink: TreeSink): void {
    const { file, db } = this.#tree;
    const { logStart } = this.#log;
    const lost = logStart.index > 0;
    if (lost && this.#options.inEnsemble !== true) {
      db.close();
      throw new StorageError(
        'corrupt',
        `${file} is damaged: ${damage}. It cannot be rebuilt, because the log does not reach back to the first record. Restore dataDir and dataLogDir from the same backup.`,
      );
    }
    db.close();
    const setAside = rebuildTree(this.#files, this.#log);
    this.treeMark = LOG_START;
    this.needsSnapshot = lost;
    if (sink.reset === undefined) {
      throw new StorageError(
        'corrupt',
        `${file} is damaged: ${damage}. It was set aside as ${setAside ?? 'nothing'}; start again to rebuild the tree from the log.`,
      );
    }
    const consequence = lost
      ? `and the log begins after ${describe(logStart)}. This server has no state until a leader sends a snapshot; its log is intact.`
      : 'the tree is rebuilt from the log, which is complete.';
    const joint = lost ? ', ' : ': ';
    this.#options.onProgress?.(`${file} is damaged${joint}${consequence}`, { damage, setAside });
    sink.reset();
  }
}

/** Gives the rows of a tree that the tree worker has open, too, to `sink`. */
export async function reloadTree(file: string, sink: TreeSink, options: StorageOptions): Promise<void> {
  const damage = await loadRows(file, sink, (rows, of) => {
    options.onProgress?.(`Reading ${file}.`, { rows, of });
  });
  if (damage !== undefined) throw new StorageError('corrupt', `${file} is damaged: ${damage}.`);
}
