/** A one-shot watch as a promise. */
import { KeeperError } from '../types/index.js';
import type { NodeEvent, WatchEvent } from './watches.js';

/**
 * Give it to a read as `watch`, then await `event`:
 *
 *     const watch = new OneShotWatch();
 *     if ((await zk.exists('/lock', { watch })) !== null) await watch.event;
 *
 * It serves one read. When that read fails, `event` never settles.
 */
export class OneShotWatch {
  /**
   * The first change after the read.
   * Rejects with a KeeperError when the session ends first (SESSIONEXPIRED, AUTHFAILED) and with NOWATCHER when the
   * watch is removed. A rejection that nobody awaits is not reported as unhandled.
   */
  readonly event: Promise<NodeEvent>;
  /** What the client calls. */
  readonly listener: (event: WatchEvent) => void;

  constructor() {
    let settle: ((event: WatchEvent) => void) | undefined;
    this.event = new Promise((resolve, reject) => {
      settle = (event) => {
        if (event.type === 'watchRemoved') reject(removedError(event.reason, event.path));
        else if (event.type !== 'gap') resolve(event);
      };
    });
    this.event.catch(() => undefined);
    this.listener = (event) => settle?.(event);
  }
}

function removedError(reason: (WatchEvent & { type: 'watchRemoved' })['reason'], path: string): KeeperError {
  switch (reason) {
    case 'removed':
      return new KeeperError('NOWATCHER', path, 'the watch was removed');
    case 'expired':
      return new KeeperError('SESSIONEXPIRED', path);
    case 'authFailed':
      return new KeeperError('AUTHFAILED', path);
    case 'closed':
      return new KeeperError('SESSIONEXPIRED', path, 'the client is closed');
  }
}
