/**
 * Why this file exists: the commands of the admin server as one table: names and aliases are ZooKeeper's, which scripts
 * and dashboards ask for below `/commands/`. docs/monitoring.md is checked against it.
 */
import { setTraceMask, traceMask } from '../ops/index.js';
import type { Status } from '../server/index.js';
import {
  CommandError,
  configuration,
  connections,
  digests,
  dirs,
  dump,
  environmentOf,
  initialConfiguration,
  lastSnapshot,
  leader,
  monitor,
  observers,
  serverStats,
  stats,
  systemProperties,
  votingView,
  watchSummary,
  watches,
  watchesByPath,
  zabState,
} from './bodies.js';
import type { JsonObject } from './json.js';

/** What comes behind the `?`. */
export type Query = Readonly<Record<string, string | undefined>>;

export interface AdminCommand {
  /** The one that answers name themselves. */
  readonly name: string;
  readonly aliases: readonly string[];
  /** For operators. */
  readonly doc: string;
  /** It answers also while clients are not served. */
  readonly always: boolean;
  /** It changes something and asks for the token. */
  readonly changes: boolean;
  readonly answer: (status: Status, query: Query) => JsonObject | Promise<JsonObject>;
}

/** In alphabetical order. */
export const adminCommands: readonly AdminCommand[] = [
  reads('configuration', ['conf', 'config'], 'The configuration in effect.', configuration),
  changes('connection_stat_reset', ['crst'], 'Resets the numbers of every connection.', (status) => {
    status.resetConnectionStats();
    return {};
  }),
  reads('connections', ['cons'], 'Every connection with its session, traffic and last request.', connections),
  reads('dirs', [], 'Bytes of the files in `dataDir` and `dataLogDir`.', dirs),
  reads('dump', [], 'Sessions by the time they expire (ms since 1970), ephemeral znodes by session.', dump),
  always('environment', ['env', 'envi'], 'Version, machine, user and memory.', environmentOf),
  always('get_trace_mask', ['gtmk'], 'The trace mask, which has no effect.', ({ config }) => ({
    tracemask: traceMask(config),
  })),
  reads('hash', [], 'A digest of the tree for every 128th zxid.', digests),
  reads(
    'initial_configuration',
    ['icfg'],
    'The configuration file, without its passwords.',
    initialConfiguration,
  ),
  reads('is_read_only', ['isro'], 'Whether this server serves reads alone.', ({ readOnly }) => ({
    read_only: readOnly,
  })),
  reads('last_snapshot', ['lsnp'], 'No snapshot: the tree is a database that follows the log.', lastSnapshot),
  reads('leader', ['lead'], 'Who leads.', leader),
  always('monitor', ['mntr'], 'Everything that is measured, as `mntr` has it.', monitor),
  reads(
    'observer_connection_stat_reset',
    ['orst'],
    'Nothing: observers have no numbers of their own.',
    () => ({}),
  ),
  reads('observers', ['obsr'], 'How many observers are up to date.', observers),
  reads('ruok', [], 'Nothing, without an error: the server serves.', () => ({})),
  reads('server_stats', ['srvr'], 'The server at a glance.', serverStats),
  changes(
    'set_trace_mask',
    ['stmk'],
    'Sets the trace mask, `?traceMask=306`.',
    ({ config }, { traceMask: given }) => {
      const complaint = 'setTraceMask requires long traceMask argument';
      if (given === undefined) throw new CommandError(complaint);
      if (!/^-?\d{1,19}$/.test(given)) throw new CommandError(`${complaint}, got ${given}`);
      return { tracemask: setTraceMask(config, BigInt(given)) };
    },
  ),
  changes('stat_reset', ['srst'], 'Resets latencies, times, packets and sizes.', (status) => {
    status.resetServerStats();
    return {};
  }),
  reads('stats', ['stat'], '`server_stats` with the connections.', stats),
  always('system_properties', ['sysp'], 'Those of the properties of Java that exist here.', systemProperties),
  reads('voting_view', [], 'The members that vote.', votingView),
  reads('watch_summary', ['wchs'], 'How many watches on data there are.', watchSummary),
  reads('watches', ['wchc'], 'Watched paths by session.', watches),
  reads('watches_by_path', ['wchp'], 'Watching sessions by path.', watchesByPath),
  always('zabstate', [], "This server's place in its ensemble.", zabState),
];

const byName: ReadonlyMap<string, AdminCommand> = new Map(
  adminCommands.flatMap((command) => [command.name, ...command.aliases].map((name) => [name, command])),
);

/** The command with this name or alias. */
export function adminCommand(name: string): AdminCommand | undefined {
  return byName.get(name);
}

type Answer = AdminCommand['answer'];

function reads(name: string, aliases: readonly string[], doc: string, answer: Answer): AdminCommand {
  return { name, aliases, doc, always: false, changes: false, answer };
}

function always(name: string, aliases: readonly string[], doc: string, answer: Answer): AdminCommand {
  return { name, aliases, doc, always: true, changes: false, answer };
}

function changes(name: string, aliases: readonly string[], doc: string, answer: Answer): AdminCommand {
  return { name, aliases, doc, always: false, changes: true, answer };
}
