/** Why this file exists: what an operator sees of a local ensemble, apart from how it is run. */
import type { LocalServer } from './layout.js';

/** What is known about a server at a moment. */
export interface Sight {
  readonly server: LocalServer;
  readonly pid: number | undefined;
  /** `leader`, `follower`, `observer`, `standalone`, `read-only`; undefined while it does not serve. */
  readonly mode: string | undefined;
  readonly running: boolean;
}

/** The mode in an answer to `srvr`. */
export function modeIn(answer: string): string | undefined {
  return /^Mode: (.*)$/m.exec(answer)?.[1]?.trim();
}

/** Id of the server that leads, or that stands alone. */
export function leaderOf(sights: readonly Sight[]): number | undefined {
  return sights.find(({ mode }) => mode === 'leader' || mode === 'standalone')?.server.id;
}

/** What a client is given. */
export function connectString(servers: readonly LocalServer[]): string {
  return servers.map(({ client }) => client).join(',');
}

/** One line per server, and the connect string. */
export function table(sights: readonly Sight[]): string {
  const rows = sights.map(({ server, pid, mode, running }) => [
    String(server.id),
    running ? (mode ?? 'does not serve') : 'ended',
    server.client,
    running ? String(pid ?? '') : '',
    server.dataDir,
  ]);
  const all = [['server', 'mode', 'clients', 'process', 'data'], ...rows];
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const lines = all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const servers = sights.map(({ server }) => server);
  return [...lines, `Connect string: ${connectString(servers)}`].join('\n');
}
