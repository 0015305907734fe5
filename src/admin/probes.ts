/** Whether to send clients here: what load balancers and orchestrators ask. */
import type { Status } from '../server/index.js';

/**
 * Ready is a server that clients can read from and write to: alone, leading, or following a leader whose history it has.
 * Read-only is not ready: who asks for it by name gets it, but nobody should be sent there.
 */
export function readiness(status: Status): { readonly ready: boolean; readonly text: string } {
  if (status.readOnly) return { ready: false, text: 'not ready: there is no quorum, reads alone are served' };
  if (status.serving) return { ready: true, text: 'ok' };
  const phase = status.ensemble?.phase;
  const why =
    phase === undefined
      ? 'it starts, or its log cannot be written'
      : phase === 'election'
        ? 'there is no leader'
        : 'it has not caught up with its leader';
  return { ready: false, text: `not ready: ${why}` };
}
