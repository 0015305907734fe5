/** Tells systemd how far the server is, when it was started by a unit with Type=notify. */
import { execFile } from 'node:child_process';
import type { Logger } from 'pino';

/**
 * Node.js has no datagram sockets of the kind that systemd listens on, so `systemd-notify` says it; the unit needs
 * NotifyAccess=all. Without the variable NOTIFY_SOCKET, which systemd sets, nothing happens.
 */
export function notifySystemd(state: 'ready' | 'stopping', log: Logger): void {
  if (process.env['NOTIFY_SOCKET'] === undefined) return;
  execFile('systemd-notify', [`${state.toUpperCase()}=1`], (error) => {
    if (error === null) return;
    log.warn(
      `systemd could not be told that the server is ${state}, and may think that it does not start: ${error.message.trim()}. ` +
        'Install systemd-notify, set NotifyAccess=all in the unit, or use Type=exec.',
    );
  });
}
