/**
 * The thread that reads a tree at start, and once more after a snapshot was installed: the main thread builds the tree
 * meanwhile. It ends when it has read everything.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { SessionRow } from '../codec/index.js';
import { assert } from '../util/index.js';
import { wholeBuffer } from './batch.js';
import { openForReading, type Connection } from './database.js';
import { isDamage, StorageError, textOf } from './errors.js';
import type { FromLoadWorker, LoadWorkerData } from './loadMessages.js';
import { Meta } from './meta.js';
import { readDigest, selectSessions, sessionOf, TreeDigest } from './treeRows.js';
import { RowDamage, ZnodeChunks } from './znodeChunks.js';

/** Chunks that are under way: enough for both threads to be busy, and few enough for the memory. */
const CHUNKS_MAX = 8;
const SESSIONS_PER_MESSAGE = 1000;

assert(parentPort !== null, 'This module is the main module of a worker.');
const port = parentPort;
// What `load.ts` passes, in the same release: no need to check it again.
const { treeFile } = workerData as LoadWorkerData;

let allowed = CHUNKS_MAX;
let awaited: (() => void) | undefined;

port.on('message', () => {
  allowed++;
  awaited?.();
});

read().then(
  (reason) => end(reason === undefined ? { kind: 'end' } : { kind: 'damaged', reason }),
  (cause: unknown) => {
    const { kind, message } =
      cause instanceof StorageError
        ? cause
        : new StorageError('io', `${treeFile} could not be read: ${textOf(cause)}.`);
    end({ kind: 'failed', error: { kind, message } });
  },
);

/** @returns what is damaged, in words */
async function read(): Promise<string | undefined> {
  let db: Connection | undefined;
  try {
    db = openForReading(treeFile);
    db.exec('BEGIN');
    return await readRows(db);
  } catch (error) {
    if (error instanceof RowDamage) return error.message;
    if (!isDamage(error)) throw error;
    return textOf(error);
  } finally {
    db?.close();
  }
}

async function readRows(db: Connection): Promise<string | undefined> {
  const expected = readDigest(Meta.read(db, treeFile));
  const digest = new TreeDigest(0, 0);
  const chunks = new ZnodeChunks(db, digest);
  for (let chunk = chunks.next(); chunk !== undefined; chunk = chunks.next()) {
    if (allowed === 0) await new Promise<void>((resolve) => (awaited = resolve));
    allowed--;
    const memory = wholeBuffer(chunk.bytes);
    const { rows } = digest;
    port.postMessage(
      { kind: 'znodes', memory, count: chunk.count, rows, of: expected.rows } satisfies FromLoadWorker,
      [memory],
    );
    // So that answers are heard.
    await new Promise((resolve) => setImmediate(resolve));
  }
  let sessions: SessionRow[] = [];
  for (const columns of selectSessions(db)) {
    const row = sessionOf(columns, digest);
    if (row === undefined) return 'a row of table sessions does not match its checksum';
    if (sessions.push(row) < SESSIONS_PER_MESSAGE) continue;
    post({ kind: 'sessions', sessions });
    sessions = [];
  }
  post({ kind: 'sessions', sessions });
  if (digest.equals(expected)) return undefined;
  return `its ${digest.rows} rows are not the ${expected.rows} that were written last`;
}

function end(message: FromLoadWorker): void {
  post(message);
  setImmediate(() => port.close());
}

function post(message: FromLoadWorker): void {
  port.postMessage(message);
}
