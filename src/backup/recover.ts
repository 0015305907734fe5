/**
 * When the quorum is lost for good: makes what one server has left the history of a new ensemble. What others
 * acknowledged and this one never got is lost by that; so somebody has to say that it is to be done.
 */
import { FoundingSite, StorageError, openRemains, type FoundingPlace } from '../storage/index.js';
import type { LogMark } from '../zab/index.js';
import { found } from './backup.js';
import type { Progress } from './progress.js';
import { loadState, type LoadedState } from './state.js';

/** What would be recovered, for somebody to decide. */
export interface RecoveryPlan {
  /** The last record that is left, and when it was made. */
  readonly last: LogMark;
  readonly lastTime: bigint | undefined;
  readonly znodes: number;
  readonly sessions: number;
  readonly ephemerals: number;
  readonly currentEpoch: number;
  readonly acceptedEpoch: number;
  /** What is damaged or missing, as sentences. */
  readonly problems: readonly string[];
  /** Records that this server itself had acknowledged and does not have any more. */
  readonly lostRecords: number;
  /** It had an I/O error or lost records before. */
  readonly suspect: boolean;
}

/** How to recover. */
export interface RecoverOptions {
  readonly place: FoundingPlace;
  /** When, for the name of what is set aside. */
  readonly now: Date;
  /** Decides, with the plan before its eyes. */
  readonly confirm: (plan: RecoveryPlan) => Promise<boolean>;
  readonly progress?: Progress | undefined;
}

/** What was done. */
export interface Recovery {
  readonly plan: RecoveryPlan;
  /** Where the old data are now; empty if it was not confirmed, and nothing has changed. */
  readonly setAside: readonly string[];
}

/** @throws StorageError when too little is left, or the server runs; then nothing has changed */
export async function recover({ place, now, confirm, progress }: RecoverOptions): Promise<Recovery> {
  const suffix = `before-recovery-${now.toISOString().replaceAll(/[-:]/g, '').replace(/\..*/, 'Z')}`;
  const site = new FoundingSite(place, { setAsideAs: suffix });
  try {
    const { loaded, plan, epochs } = await whatIsLeft(place, progress);
    if (!(await confirm(plan))) return { plan, setAside: [] };
    found(site, loaded.state, epochs, progress);
    const directories = new Set([place.dataDir, place.dataLogDir]);
    return { plan, setAside: [...directories].map((directory) => `${directory}.${suffix}`) };
  } finally {
    site.release();
  }
}

interface Remains {
  readonly loaded: LoadedState;
  readonly plan: RecoveryPlan;
  readonly epochs: { readonly acceptedEpoch: number; readonly currentEpoch: number };
}

async function whatIsLeft(place: FoundingPlace, progress: Progress | undefined): Promise<Remains> {
  const stored = openRemains(place);
  try {
    const { facts } = stored;
    if (facts.applied.index < facts.logStart.index) {
      throw new StorageError(
        'corrupt',
        `${[...stored.problems, `The tree is lost, and the log in ${place.dataLogDir} does not reach back to the first record.`].join(' ')} Recover with another server's data, or restore a backup.`,
      );
    }
    const loaded = await loadState(stored, { acceptDamage: true, progress });
    const { state, damage, lastTime } = loaded;
    const problems = [...stored.problems];
    if (damage !== undefined) problems.push(`${facts.logFile ?? 'The log'}: ${damage}.`);
    const plan: RecoveryPlan = {
      last: state.applied,
      lastTime,
      znodes: state.tree.nodeCount,
      sessions: state.sessions.size,
      ephemerals: state.tree.ephemeralsCount,
      ...facts.epochs,
      problems,
      lostRecords: Math.max(0, (facts.mark?.acked.index ?? 0) - state.applied.index),
      suspect: facts.mark?.suspect === true,
    };
    return { loaded, plan, epochs: facts.epochs };
  } finally {
    stored.close();
  }
}
