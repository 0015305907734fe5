/**
 * The thread that owns `tree.db`: collects flushes, writes about once a second, checkpoints, and does the long
 * checkpoints of `log.db` so that the log worker need not.
 */
import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { assert, unreachable } from '../util/index.js';
import { checkpoint, openForWriting, type Connection } from './database.js';
import { textOf, writeError } from './errors.js';
import { removeDatabase } from './files.js';
import type { FromTreeWorker, ToTreeWorker, TreeWorkerData } from './messages.js';
import { TreeWriter } from './treeWriter.js';

/** Flushes are collected for this long unless there are many. */
const WRITE_MS = 1000;
/** What was written is brought from the WAL into the file at least this often: only then may the log be purged. */
const CHECKPOINT_MS = 5000;

assert(parentPort !== null, 'This module is the main module of a worker.');
const port = parentPort;
// What `disk.ts` passes, in the same release: no need to check it again.
const options = workerData as TreeWorkerData;

let { treeFile } = options;
/** Undefined while the disk is too full to open the tree. */
let writer: TreeWriter | undefined;
/** What came in meanwhile. */
let unopened: Buffer[] = [];
let log: Connection | undefined;
let writtenAt = -WRITE_MS;
let checkpointedAt = 0;
/** Whether the WAL was emptied since the last write. */
let truncated = false;
/** A full disk: nothing is lost, but trying again for every flush would not help either. */
let retryAt = 0;
let writeTimer: NodeJS.Timeout | undefined;
/** Troubles that were told and still last. */
const troubles = new Set<string>();

const timer = setInterval(() => {
  guard(() => {
    const now = performance.now();
    if (writer === undefined) open();
    else if (now - checkpointedAt >= CHECKPOINT_MS) {
      const idle = now - writtenAt >= CHECKPOINT_MS;
      if (writer.uncheckpointed || (idle && !truncated)) checkpointTree(idle);
    }
  });
}, WRITE_MS);

guard(open);

port.on('message', (message: ToTreeWorker) => {
  guard(() => obey(message));
});

function open(): void {
  tolerateFull('opened', treeFile, () => {
    writer = new TreeWriter(treeFile);
    for (const bytes of unopened) writer.merge(bytes);
    unopened = [];
    // What an earlier run wrote may be in the WAL only, and the log waits for it.
    checkpointTree(true);
    if (writer.pendingBytes > 0) schedule(writer);
  });
}

function obey(message: ToTreeWorker): void {
  switch (message.kind) {
    case 'flush': {
      const bytes = Buffer.from(message.memory, 0, message.length);
      if (writer === undefined) unopened.push(bytes);
      else {
        writer.merge(bytes);
        schedule(writer);
      }
      break;
    }
    case 'checkpointLog':
      checkpointLog();
      break;
    case 'switch':
      switchTo(message.treeFile);
      break;
    case 'close':
      close();
      break;
    default:
      unreachable(message);
  }
}

function schedule({ overdue }: TreeWriter): void {
  const now = performance.now();
  if (overdue && now >= retryAt) {
    write();
    return;
  }
  const wait = Math.max(0, writtenAt + WRITE_MS - now, retryAt - now);
  writeTimer ??= setTimeout(() => {
    writeTimer = undefined;
    guard(write);
  }, wait);
}

function write(): void {
  if (writer === undefined) return;
  const { pendingBytes } = writer;
  tolerateFull('written', treeFile, () => {
    truncated = false;
    const bytes = writer?.write() ?? 0;
    if (bytes > 0) post({ kind: 'written', bytes });
  });
  writtenAt = performance.now();
  if (writer.pendingBytes === 0) {
    if (pendingBytes > 0 && writer.walLong) checkpointTree(false);
  } else {
    retryAt = writtenAt + WRITE_MS;
    schedule(writer);
  }
}

function checkpointTree(alone: boolean): void {
  checkpointedAt = performance.now();
  truncated = alone;
  tolerateFull('checkpointed', treeFile, () => {
    const mark = writer?.checkpoint(alone);
    if (mark !== undefined) post({ kind: 'checkpointed', mark });
  });
}

function checkpointLog(): void {
  tolerateFull('checkpointed', options.logFile, () => {
    log ??= openForWriting(options.logFile, options.logSynchronous);
    checkpoint(log, 'PASSIVE');
  });
  post({ kind: 'logCheckpointed' });
}

/** Another tree was installed: what waits belongs to the old one. */
function switchTo(file: string): void {
  clearTimeout(writeTimer);
  writeTimer = undefined;
  retryAt = 0;
  unopened = [];
  writer?.close();
  writer = undefined;
  try {
    removeDatabase(treeFile);
  } catch (error) {
    // The next start tries again.
    post({ kind: 'note', message: `${treeFile} could not be removed.`, detail: { reason: textOf(error) } });
  }
  treeFile = file;
  post({ kind: 'switched' });
  open();
}

function close(): void {
  log?.close();
  write();
  end();
  checkpointTree(true);
  writer?.close();
  post({ kind: 'closed' });
}

/** Lets the thread end as soon as it has said its last word. */
function end(): void {
  clearInterval(timer);
  clearTimeout(writeTimer);
  setImmediate(() => port.close());
}

/** What could not be done can be done later: the log has everything. */
function tolerateFull(done: string, file: string, body: () => void): void {
  try {
    body();
    troubles.delete(file + done);
  } catch (cause) {
    const error = writeError(cause, file, () => statfsSync(dirname(file)).bavail > 0);
    if (error.kind !== 'full') throw error;
    if (troubles.has(file + done)) return;
    troubles.add(file + done);
    post({ kind: 'note', message: `${file} could not be ${done}.`, detail: { reason: error.message } });
  }
}

/** Every error but a full disk ends here, and is the end. */
function guard(body: () => void): void {
  try {
    body();
  } catch (cause) {
    const { kind, message } = writeError(cause, treeFile, () => true);
    post({ kind: 'failed', error: { kind, message } });
    end();
  }
}

function post(message: FromTreeWorker): void {
  port.postMessage(message);
}
