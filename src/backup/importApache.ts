/** Takes over the data of an Apache ZooKeeper server, as the history of a new ensemble. */
import { findApacheFiles, loadApacheState, type LoadReport } from '../apache/index.js';
import { Writer, type SessionRow } from '../codec/index.js';
import { FoundingSite, type FoundingPlace } from '../storage/index.js';
import { epochOf, type Zxid } from '../types/index.js';
import { chainOf, type Epochs, type LogMark } from '../zab/index.js';
import { PIECE_BYTES, type Progress } from './progress.js';

/** What to import, and where to. */
export interface ImportOptions {
  /** Apache's, as in its zoo.cfg. Only read. */
  readonly dataDir: string;
  readonly dataLogDir?: string | undefined;
  readonly place: FoundingPlace;
  /** Go on where txns are missing or the state is not what its digest says. */
  readonly force: boolean;
  readonly progress?: Progress;
}

/** What was imported. */
export interface ImportReport {
  readonly zxid: Zxid;
  readonly znodes: number;
  readonly sessions: number;
  readonly ephemerals: number;
  /** Of the tree, as Apache computes it. */
  readonly digest: bigint;
  readonly epochs: Epochs;
  readonly source: LoadReport;
}

/** Where the history of an imported state begins: what was before has no records here. */
const FIRST_INDEX = 1;

/**
 * Reads all of it, and then makes the data directory of the server.
 * @throws ApacheDataError or StorageError; then nothing has changed
 */
export async function importApache(options: ImportOptions): Promise<ImportReport> {
  const { place, force, progress } = options;
  const files = findApacheFiles(options.dataDir, options.dataLogDir);
  const site = new FoundingSite(place, 'refuse');
  try {
    const { tree, sessions, zxid, report } = await loadApacheState(files, { force, ...pick(progress) });
    const digest = tree.digest;
    const mark: LogMark = { index: FIRST_INDEX, zxid, chain: firstChain(zxid, digest) };
    const currentEpoch = Math.max(files.currentEpoch, epochOf(zxid));
    const epochs = { acceptedEpoch: Math.max(files.acceptedEpoch, currentEpoch), currentEpoch };
    const rows = {
      mark,
      znodes: () => tree.rows(PIECE_BYTES),
      sessions: () => sessionRows(sessions),
    };
    site.found({ rows, epochs }, (what, done) => progress?.(what, done, tree.nodeCount));
    return {
      zxid,
      znodes: tree.nodeCount,
      sessions: sessions.size,
      ephemerals: tree.ephemeralsCount,
      digest,
      epochs,
      source: report,
    };
  } finally {
    site.release();
  }
}

/** Equal only for equal states: what follows on two servers that imported different ones cannot be mixed. */
function firstChain(zxid: Zxid, digest: bigint): bigint {
  const w = new Writer();
  w.long(zxid);
  w.long(BigInt.asIntN(64, digest));
  return chainOf(0n, w.bytes());
}

function* sessionRows(sessions: ReadonlyMap<bigint, number>): Generator<SessionRow> {
  for (const [sessionId, timeOut] of sessions) yield { sessionId, timeOut };
}

function pick(progress: Progress | undefined): { progress?: Progress } {
  return progress === undefined ? {} : { progress };
}
