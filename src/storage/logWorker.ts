/**
 * The thread that owns `log.db`: takes messages, makes groups of them, reports what is durable. All about the
 * database itself is in `logWriter.ts`.
 */
import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { Epochs } from '../engine/ports.js';
import { assert, Queue, unreachable } from '../util/index.js';
import { codeOf, writeError, type StorageError } from './errors.js';
import { LogWriter } from './logWriter.js';
import {
  markOf,
  type ErrorMessage,
  type FromLogWorker,
  type LogWorkerData,
  type SynchroniseMessage,
  type ToLogWorker,
} from './messages.js';

/** A transaction takes no more than this, so that the first in a long queue need not wait for the last. */
const GROUP_BYTES_MAX = 4 << 20;
const GROUP_RECORDS_MAX = 5000;

/** After so long without a commit the WAL is written back. */
const IDLE_MS = 5000;
const HOUSEKEEPING_MS = 500;

assert(parentPort !== null, 'This module is the main module of a worker.');
const port = parentPort;
// What `disk.ts` passes, in the same release: no need to check it again.
const options = workerData as LogWorkerData;

const queue = new Queue<ToLogWorker>();
/**
 * `refusing`: the disk was full, and what was appended since is dropped until `reopen`; or a `synchronise` was refused,
 * until `resume`. `ended`: nothing more.
 */
let state: 'writing' | 'refusing' | 'ended' = 'writing';
/** Undefined while the disk is too full even to open the log. */
let writer: LogWriter | undefined;
let treeIndex = 0;
let pinned = Infinity;
let committedAt = performance.now();
let truncated = false;
let purging = false;

const timer = setInterval(() => {
  if (state === 'ended') return;
  guard(() => {
    const now = performance.now();
    writer?.syncMark(now);
    if (!truncated && now - committedAt > IDLE_MS && state === 'writing') {
      truncated = true;
      tolerateFull(() => writer?.renewWal());
    }
  });
}, HOUSEKEEPING_MS);

guard(() => {
  const { tail } = open();
  assert(tail.index === options.tail.index, 'log.db changed between its checks and its use.');
});

port.on('message', (message: ToLogWorker) => {
  queue.push(message);
  work();
});

function open(): LogWriter {
  writer?.close();
  writer = undefined;
  writer = new LogWriter(options);
  writer.treeCheckpointed(Math.min(treeIndex, pinned));
  return writer;
}

function work(): void {
  receive();
  while (queue.length > 0 && state !== 'ended') {
    guard(next);
    receive();
  }
  if (purging || state !== 'writing' || writer?.purgeable !== true) return;
  purging = true;
  setImmediate(purge);
}

/** Whatever has arrived, without a turn of the event loop. */
function receive(): void {
  for (;;) {
    const received: { message: ToLogWorker } | undefined = receiveMessageOnPort(port);
    if (received === undefined) return;
    queue.push(received.message);
  }
}

function next(): void {
  const message = queue.shift();
  if (message === undefined) return;
  switch (message.kind) {
    case 'append':
    case 'epochs':
      writeGroup(message);
      break;
    case 'wrote':
      committedAt = performance.now();
      truncated = false;
      writer?.wroteElsewhere(message);
      afterCommit();
      break;
    case 'distrust':
      giveUp(message.error);
      break;
    case 'treeCheckpointed':
      treeIndex = message.index;
      writer?.treeCheckpointed(Math.min(treeIndex, pinned));
      break;
    case 'pin':
      pinned = message.index;
      writer?.treeCheckpointed(Math.min(treeIndex, pinned));
      break;
    case 'fence':
      // While refusing, the main thread knows already why there is no answer.
      if (state === 'writing' && writer !== undefined) {
        post({ kind: 'fenced', token: message.token, mark: writer.tail });
      }
      break;
    case 'synchronise':
      synchronise(message);
      break;
    case 'resume':
      state = 'writing';
      break;
    case 'logCheckpointed':
      tolerateFull(() => writer?.checkpointedElsewhere());
      tendWal();
      break;
    case 'reopen':
      post({ kind: 'reopened', mark: open().tail });
      state = 'writing';
      break;
    case 'limitPages':
      writer?.limitPages(message.pages);
      break;
    case 'close':
      close();
      break;
    default:
      unreachable(message);
  }
}

type Writing = Extract<ToLogWorker, { kind: 'append' | 'epochs' }>;

function writeGroup(first: Writing): void {
  const batches: Buffer[] = [];
  let records = 0;
  let bytes = 0;
  let epochs: Epochs | undefined;
  for (
    let message: Writing | undefined = first;
    message !== undefined;
    message = nextOfGroup(records, bytes)
  ) {
    if (message.kind === 'epochs') epochs = message.epochs;
    else {
      batches.push(Buffer.from(message.memory, 0, message.length));
      records += message.count;
      bytes += message.length;
    }
  }
  if (state === 'refusing' || writer === undefined) return;
  committedAt = performance.now();
  truncated = false;
  const { logStart } = writer;
  writer.write({ batches, records, epochs }, committedAt);
  if (records > 0) post({ kind: 'durable', mark: writer.tail, ms: performance.now() - committedAt, bytes });
  if (epochs !== undefined) post({ kind: 'epochs', epochs, suspect: writer.suspect });
  if (writer.logStart !== logStart) post({ kind: 'purged', logStart: writer.logStart });
  afterCommit();
}

function synchronise(message: SynchroniseMessage): void {
  if (state === 'refusing' || writer === undefined) return;
  const { token, truncate, install, flushed, staged, batches, epochs, secret } = message;
  const job = {
    truncate: truncate && markOf(truncate),
    install: install && markOf(install),
    flushed,
    staged,
    batches: batches.map(({ memory, length }) => Buffer.from(memory, 0, length)),
    records: batches.reduce((sum, { count }) => sum + count, 0),
    epochs,
    secret: secret && Buffer.from(secret),
  };
  const refusal = writer.refusal(job);
  if (refusal !== undefined) {
    state = 'refusing';
    post({ kind: 'refused', token, error: { kind: refusal.kind, message: refusal.message } });
    return;
  }
  committedAt = performance.now();
  truncated = false;
  writer.synchronise(job, committedAt);
  if (install !== undefined) treeIndex = install.index;
  const { tail, logStart, suspect, generation } = writer;
  post({
    kind: 'synchronised',
    token,
    mark: tail,
    logStart,
    epochs: writer.epochs,
    suspect,
    generation,
  });
  afterCommit();
}

/** Takes the next message from the queue if it belongs into a group that already has so much. */
function nextOfGroup(records: number, bytes: number): Writing | undefined {
  const message = queue.peek();
  if (message?.kind === 'append') {
    const fits = records + message.count <= GROUP_RECORDS_MAX && bytes + message.length <= GROUP_BYTES_MAX;
    if (!fits && records > 0) return undefined;
  } else if (message?.kind !== 'epochs') return undefined;
  queue.shift();
  return message;
}

/** Between two transactions, with the first one reported: keeps the mark up to date and the WAL short. */
function afterCommit(): void {
  tolerateFull(() => {
    if (writer?.afterCommit(performance.now()) === true) post({ kind: 'checkpointWanted' });
  });
}

function tendWal(): void {
  tolerateFull(() => {
    if (writer?.tendWal() === true) post({ kind: 'checkpointWanted' });
  });
}

/** A checkpoint that finds no space loses nothing; should space stay short, the next commit will say so. */
function tolerateFull(checkpoint: () => void): void {
  try {
    checkpoint();
  } catch (cause) {
    const error = explain(cause);
    if (error.kind !== 'full') throw error;
    post({ kind: 'note', message: 'The log could not be checkpointed.', detail: { reason: error.message } });
  }
}

/** One slice of records that are no longer needed, if nobody waits for anything else. */
function purge(): void {
  purging = false;
  if (state !== 'writing' || queue.length > 0) return;
  guard(() => {
    writer?.purgeIdle();
    if (writer !== undefined) post({ kind: 'purged', logStart: writer.logStart });
    truncated = false;
    tendWal();
  });
  work();
}

function close(): void {
  end();
  tolerateFull(() => writer?.truncateWal());
  writer?.close();
  post({ kind: 'closed' });
}

/** Lets the thread end as soon as it has said its last word. */
function end(): void {
  state = 'ended';
  clearInterval(timer);
  setImmediate(() => port.close());
}

/** Every error ends here: a full disk can be waited for, anything else is the end. */
function guard(body: () => void): void {
  try {
    body();
  } catch (cause) {
    const error = explain(cause);
    const { kind, message } = error;
    if (kind !== 'full') {
      // A mistake of this program, which has no code, says nothing about the disk.
      giveUp({ kind, message }, codeOf(cause) !== '');
      return;
    }
    if (state === 'writing') state = 'refusing';
    post({ kind: 'failed', error: { kind, message } });
  }
}

/** The end of this thread. @param suspect whether the disk is to blame */
function giveUp(error: ErrorMessage, suspect = true): void {
  end();
  if (suspect) writer?.markSuspect();
  post({ kind: 'failed', error });
}

function explain(cause: unknown): StorageError {
  const { logFile } = options;
  return writeError(cause, logFile, () => statfsSync(dirname(logFile)).bavail > 0);
}

function post(message: FromLogWorker): void {
  port.postMessage(message);
}
