/** Persistent watches: from the request that sets them up to the one that takes them away. */
import { asError } from './errors.js';
import { AddWatchMode, KeeperError, WatcherType } from '../types/index.js';
import type { OpOptions, WatchOptions } from './opOptions.js';
import { operations } from './operations.js';
import type { Session } from './session.js';
import { endBySignal, EventBuffer, STREAM_BUFFER_MAX, type EventStream } from './stream.js';
import { PersistentWatch, type GapEvent, type NodeEvent, type WatchListener } from './watches.js';

/** A stream of a persistent watch's events; the watch lasts as long as the stream. */
export function openWatch(
  session: Session,
  path: string,
  options: WatchOptions,
): EventStream<NodeEvent | GapEvent> {
  const { recursive = false, bufferMax = STREAM_BUFFER_MAX, signal } = options;
  const watch = new PersistentWatch(session.chroot.toServer(path), recursive, (event) => {
    if (event.type !== 'watchRemoved') buffer.push(event);
    else if (event.reason === 'expired' || event.reason === 'authFailed') buffer.end(session.endError(path));
    else buffer.end();
  });
  const buffer = new EventBuffer<NodeEvent | GapEvent>(bufferMax, () => forget(session, watch));
  session.watches.addPersistent(watch);
  buffer.ready = setUp(session, watch, path, undefined).catch((error: unknown) => {
    // The watch is remembered: the next connection sets it up.
    if (error instanceof KeeperError && error.code === 'CONNECTIONLOSS' && !session.hasEnded) return;
    buffer.end(asError(error));
    throw error;
  });
  buffer.ready.catch(() => undefined);
  endBySignal(buffer, signal);
  return buffer;
}

/** Sets up a persistent watch whose events go to a function until it is removed. */
export async function addWatch(
  session: Session,
  path: string,
  recursive: boolean,
  listener: WatchListener,
  options: OpOptions | undefined,
): Promise<void> {
  const watch = new PersistentWatch(session.chroot.toServer(path), recursive, listener);
  // Not with the reply only: events may come before it.
  session.watches.addPersistent(watch);
  try {
    await setUp(session, watch, path, options?.signal);
  } catch (error) {
    session.watches.removePersistent(watch);
    throw error;
  }
}

async function setUp(
  session: Session,
  watch: PersistentWatch,
  path: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const mode = watch.recursive ? AddWatchMode.persistentRecursive : AddWatchMode.persistent;
  await session.call(operations.addWatch, { path: watch.path, mode }, path, signal);
  watch.active = true;
}

/** Forgets a watch, and has the server forget it when it was the last of its kind on its path. Never rejects. */
async function forget(session: Session, watch: PersistentWatch): Promise<void> {
  const { watches } = session;
  // Without a connection the server has forgotten it already.
  if (!watches.removePersistent(watch) || !session.isOpen) return;
  const { path } = watch;
  const type = watch.recursive ? WatcherType.persistentRecursive : WatcherType.persistent;
  try {
    await session.call(operations.removeWatches, { path, type }, undefined, undefined);
  } catch (error) {
    // Servers before 3.9 cannot name this kind. All kinds at once will do, unless others would suffer; what is left
    // behind then are events that nobody listens to.
    const unknown = error instanceof KeeperError && error.code === 'MARSHALLINGERROR';
    if (!unknown || watches.has(path)) return;
    const all = { path, type: WatcherType.any };
    await session.call(operations.removeWatches, all, undefined, undefined).catch(() => undefined);
  }
}
