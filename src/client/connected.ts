/** Waiting for the session. */
import { abortReason, connectionLoss } from './errors.js';
import type { Session } from './session.js';

/** See `ZooKeeper.connected`. */
export function untilConnected(
  session: Session,
  timeoutMs: number | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (session.isOpen) return Promise.resolve();
  if (session.hasEnded) return Promise.reject(session.endError(undefined));
  return new Promise((resolve, reject) => {
    const finish = (error?: Error): void => {
      clearTimeout(timer);
      off();
      signal?.removeEventListener('abort', onAbort);
      if (error === undefined) resolve();
      else reject(error);
    };
    const onAbort = (): void => {
      if (signal !== undefined) finish(abortReason(signal));
    };
    const off = session.events.on('state', (event) => {
      if (event.type === 'connected' || event.type === 'readOnly') finish();
      else if (event.type !== 'disconnected') finish(session.endError(undefined));
    });
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => finish(connectionLoss(undefined, session.lastError)), timeoutMs);
    if (signal === undefined) return;
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}
