/**
 * The thread that owns `tree.db`: collects flushes, writes about once a second, checkpoints, and does the long
 * checkpoints of `log.db` so that the log worker need not.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { assert, unreachable } from '../util/index.js';
import { checkpoint, openForWriting } from './database.js';
import { writeError } from './errors.js';
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
const writer = new TreeWriter(options.treeFile);
const log = openForWriting(options.logFile, options.logSynchronous);

let writtenAt = -WRITE_MS;
let checkpointedAt = performance.now();
/** A full disk: nothing is lost, but trying again for every flush would not help either. */
let retryAt = 0;
let writeTimer: NodeJS.Timeout | undefined;

const timer = setInterval(() => {
  guard(() => {
    const now = performance.now();
    if (now - checkpointedAt >= CHECKPOINT_MS && writer.uncheckpointed)
      checkpointTree(now - writtenAt >= CHECKPOINT_MS);
  });
}, WRITE_MS);

// What an earlier run wrote may be in the WAL only, and the log waits for it.
guard(() => checkpointTree(true));

port.on('message', (message: ToTreeWorker) => {
  guard(() => obey(message));
});

function obey(message: ToTreeWorker): void {
  switch (message.kind) {
    case 'flush':
      writer.merge(Buffer.from(message.memory, 0, message.length));
      schedule();
      break;
    case 'checkpointLog':
      checkpointLog();
      break;
    case 'close':
      close();
      break;
    default:
      unreachable(message);
  }
}

function schedule(): void {
  const now = performance.now();
  if (writer.overdue && now >= retryAt) {
    write();
    return;
  }
  writeTimer ??= setTimeout(
    () => {
      writeTimer = undefined;
      guard(write);
    },
    Math.max(0, writtenAt + WRITE_MS - now, retryAt - now),
  );
}

function write(): void {
  try {
    const bytes = writer.write();
    if (bytes > 0) post({ kind: 'written', bytes });
    if (writer.walLong) checkpointTree(false);
    writtenAt = performance.now();
  } catch (cause) {
    const error = writer.explain(cause);
    if (error.kind !== 'full') throw error;
    post({ kind: 'note', message: 'The tree could not be written.', detail: { reason: error.message } });
    retryAt = performance.now() + WRITE_MS;
    if (writer.pendingBytes > 0) schedule();
  }
}

function checkpointTree(alone: boolean): void {
  checkpointedAt = performance.now();
  try {
    const mark = writer.checkpoint(alone);
    if (mark !== undefined) post({ kind: 'checkpointed', mark });
  } catch (cause) {
    const error = writer.explain(cause);
    if (error.kind !== 'full') throw error;
    post({ kind: 'note', message: 'The tree could not be checkpointed.', detail: { reason: error.message } });
  }
}

function checkpointLog(): void {
  try {
    checkpoint(log, 'PASSIVE');
  } catch (cause) {
    const error = writeError(cause, options.logFile, () => true);
    if (error.kind !== 'full') throw error;
    post({ kind: 'note', message: 'The log could not be checkpointed.', detail: { reason: error.message } });
  }
  post({ kind: 'logCheckpointed' });
}

function close(): void {
  log.close();
  write();
  end();
  checkpointTree(true);
  writer.close();
  post({ kind: 'closed' });
}

/** Lets the thread end as soon as it has said its last word. */
function end(): void {
  clearInterval(timer);
  clearTimeout(writeTimer);
  setImmediate(() => port.close());
}

/** Every error but a full disk ends here, and is the end. */
function guard(body: () => void): void {
  try {
    body();
  } catch (cause) {
    const { kind, message } = writer.explain(cause);
    post({ kind: 'failed', error: { kind, message } });
    end();
  }
}

function post(message: FromTreeWorker): void {
  port.postMessage(message);
}
