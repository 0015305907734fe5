/**
 * The thread for all that takes its time: reads what learners ask for, of the log and of the tree, and stages what a
 * leader sends. It has connections of its own, so that neither commits nor the main thread wait for it.
 */
import { statfsSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { assert, unreachable } from '../util/index.js';
import { wholeBuffer } from './batch.js';
import { openForReading, type Connection } from './database.js';
import { codeOf, isDamage, StorageError, textOf, writeError } from './errors.js';
import { removeDatabase, stageFile } from './files.js';
import { LogLookup } from './logLookup.js';
import { markOf } from './messages.js';
import { TreeSnapshot } from './snapshotReader.js';
import { Stage } from './stage.js';
import type { FromTransferWorker, ToTransferWorker, TransferWorkerData } from './transferMessages.js';

assert(parentPort !== null, 'This module is the main module of a worker.');
const port = parentPort;
// What `transfer.ts` passes, in the same release: no need to check it again.
const options = workerData as TransferWorkerData;

let log: { readonly db: Connection; readonly lookup: LogLookup } | undefined;
const snapshots = new Map<number, { readonly file: string; readonly snapshot: TreeSnapshot }>();
let stage: Stage | undefined;

port.on('message', (message: ToTransferWorker) => {
  try {
    obey(message);
  } catch (cause) {
    answerError(message, cause);
  }
});

function obey(message: ToTransferWorker): void {
  switch (message.kind) {
    case 'find':
      post({ kind: 'found', token: message.token, mark: lookup().find(message.zxid) });
      break;
    case 'read':
      read(message.token, message.after, message.maxBytes);
      break;
    case 'snapshotOpen':
      openSnapshot(message);
      break;
    case 'snapshotRead':
      readSnapshot(message.token, message.snapshot);
      break;
    case 'snapshotClose':
      closeSnapshot(message.snapshot);
      break;
    case 'stage':
      post({ kind: 'staged', token: message.token, ok: stagePart(message) });
      break;
    case 'unstage':
      unstage();
      break;
    case 'close':
      for (const snapshot of snapshots.keys()) closeSnapshot(snapshot);
      unstage();
      log?.db.close();
      setImmediate(() => port.close());
      break;
    default:
      unreachable(message);
  }
}

function lookup(): LogLookup {
  if (log === undefined) {
    const db = openForReading(options.logFile);
    log = { db, lookup: new LogLookup(db, options.logFile) };
  }
  return log.lookup;
}

function read(token: number, after: number, maxBytes: number): void {
  const batch = lookup().read(after, maxBytes);
  if (batch === undefined) {
    post({ kind: 'read', token, batch });
    return;
  }
  const { bytes, count, last } = batch;
  const memory = wholeBuffer(bytes);
  post({ kind: 'read', token, batch: { memory, length: bytes.byteLength, count, last } }, [memory]);
}

function openSnapshot({ token, treeFile, walBytesMax }: Of<'snapshotOpen'>): void {
  let base;
  try {
    const snapshot = new TreeSnapshot(treeFile, walBytesMax);
    snapshots.set(token, { file: treeFile, snapshot });
    ({ base } = snapshot);
  } catch (error) {
    tell(`A snapshot of ${treeFile} cannot be read.`, textOf(error));
  }
  post({ kind: 'snapshotOpened', token, base });
}

function readSnapshot(token: number, id: number): void {
  const open = snapshots.get(id);
  if (open === undefined) {
    post({ kind: 'snapshotPart', token, part: undefined });
    return;
  }
  let part;
  try {
    part = open.snapshot.next();
  } catch (error) {
    if (codeOf(error) === '') throw error;
    part = textOf(error);
  }
  if (typeof part === 'string') {
    tell(`Reading a snapshot of ${open.file} was broken off.`, part);
    closeSnapshot(id);
    post({ kind: 'snapshotPart', token, part: undefined });
    return;
  }
  const memory = wholeBuffer(part.bytes);
  const { last } = part;
  post({ kind: 'snapshotPart', token, part: { memory, length: part.bytes.byteLength, last } }, [memory]);
}

function closeSnapshot(id: number): void {
  snapshots.get(id)?.snapshot.close();
  snapshots.delete(id);
}

function stagePart({ base, memory, first, last }: Of<'stage'>): boolean {
  try {
    if (first) {
      unstage();
      stage = new Stage(options.dataDir, markOf(base), options.identity);
    }
    if (stage === undefined) return false;
    const problem = stage.write(Buffer.from(memory), last);
    if (problem !== undefined) {
      tell('A snapshot was not taken.', problem);
      unstage();
      return false;
    }
    if (last) {
      stage.finish();
      stage = undefined;
    }
    return true;
  } catch (cause) {
    unstage();
    // Two rows of one path: the source sent nonsense, and the disk is not to blame.
    const damaged = codeOf(cause).startsWith('SQLITE_CONSTRAINT');
    const error = writeError(cause, stageFile(options.dataDir), () => statfsSync(options.dataDir).bavail > 0);
    if (error.kind !== 'full' && !damaged) throw error;
    tell('A snapshot was not taken.', error.message);
    return false;
  }
}

function unstage(): void {
  stage?.drop();
  stage = undefined;
  removeDatabase(stageFile(options.dataDir));
}

function answerError(message: ToTransferWorker, cause: unknown): void {
  const isWrite = message.kind === 'stage' || message.kind === 'unstage';
  const file = isWrite ? stageFile(options.dataDir) : options.logFile;
  const { kind, message: text } = isWrite ? writeError(cause, file, () => true) : readError(cause, file);
  const error = { kind, message: text };
  if (isWrite) post({ kind: 'failed', error });
  if ('token' in message) post({ kind: 'rejected', token: message.token, error });
}

function readError(cause: unknown, file: string): StorageError {
  if (cause instanceof StorageError) return cause;
  const kind = isDamage(cause) ? 'corrupt' : 'io';
  return new StorageError(kind, `${file} could not be read: ${textOf(cause)}.`, { cause });
}

type Of<K> = Extract<ToTransferWorker, { kind: K }>;

function tell(message: string, reason: string): void {
  post({ kind: 'note', message, detail: { reason } });
}

function post(message: FromTransferWorker, transfer: readonly ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}
