/**
 * Performs on the storage what ZAB asks of the disk, and brings back the answers as inputs. Fences and synchronisations
 * are answered one after the other: a state that has to be read back from a new snapshot is whole before the next
 * thing happens.
 */
import type { Input } from '../engine/index.js';
import { StorageError, type SnapshotReader, type Storage, type StorageHandler } from '../storage/index.js';
import type { DiskOp, Epochs, LogMark, Token } from '../zab/index.js';
import { unreachable } from '../util/index.js';

/** What the host does for it. */
export interface PeerDiskHost {
  submit(input: Input): void;
  /** The storage has another tree, as of `base`: the engine is to have it too. */
  reload(base: LogMark): Promise<void>;
  durable(mark: LogMark): void;
  /** The log takes no more, or the storage refused what the leader wanted. */
  failed(error: StorageError): void;
}

type Of<K extends DiskOp['kind']> = Extract<DiskOp, { kind: K }>;

export class PeerDisk {
  readonly #storage: Storage;
  readonly #host: PeerDiskHost;
  readonly #savingEpochs: { readonly token: Token; readonly epochs: Epochs }[] = [];
  readonly #snapshots = new Map<Token, SnapshotReader>();
  readonly #closedEarly = new Set<Token>();
  #inOrder: Promise<void> = Promise.resolve();
  #stage: Promise<unknown> = Promise.resolve();
  #reads = new Map<Token, Promise<void>>();
  #isInstalling = false;
  /** Counts failures of the log: what was asked before one is not answered after it. */
  #term = 0;

  constructor(storage: Storage, host: PeerDiskHost) {
    this.#storage = storage;
    this.#host = host;
  }

  /** A snapshot is being installed: the engine's state is not the tree's. */
  get isInstalling(): boolean {
    return this.#isInstalling;
  }

  get handler(): StorageHandler {
    return {
      durable: (mark) => this.#host.durable(mark),
      epochsDurable: (epochs) => this.#epochsDurable(epochs),
      failed: (error) => this.#failed(error),
    };
  }

  perform(op: DiskOp): void {
    switch (op.kind) {
      case 'append':
        return this.#storage.append(op.batch);
      case 'epochs':
        this.#savingEpochs.push({ token: op.token, epochs: op.epochs });
        return this.#storage.saveEpochs(op.epochs);
      case 'synchronise':
        return this.#synchronise(op);
      case 'fence':
        return this.#answerInOrder(this.#storage.fence(), (tail) =>
          this.#host.submit({ kind: 'fenced', token: op.token, tail }),
        );
      case 'find':
        return this.#answer(this.#storage.find(op.zxid), undefined, (mark) => ({
          kind: 'found',
          token: op.token,
          mark,
        }));
      case 'read':
        return this.#answer(this.#storage.read(op.after, op.bytes), undefined, (batch) => ({
          kind: 'read',
          token: op.token,
          batch,
        }));
      case 'snapshotOpen':
        return this.#openSnapshot(op);
      case 'snapshotRead':
        return this.#readSnapshot(op);
      case 'snapshotClose':
        this.#snapshots.get(op.token)?.close();
        if (!this.#snapshots.delete(op.token)) this.#closedEarly.add(op.token);
        this.#reads.delete(op.token);
        return;
      case 'stage':
        return this.#stagePart(op);
      case 'unstage':
        void this.#stage.then(() => this.#storage.unstage());
        return;
      default:
        return unreachable(op);
    }
  }

  #synchronise({ token, truncate, install, batches, epochs, secret }: Of<'synchronise'>): void {
    if (install !== undefined) this.#isInstalling = true;
    this.#answerInOrder(
      this.#storage.synchronise({ truncate, install, batches, epochs, secret }),
      async () => {
        if (install !== undefined) {
          await this.#host.reload(install);
          this.#isInstalling = false;
        }
        this.#host.submit({ kind: 'synchronised', token });
      },
    );
  }

  #answerInOrder<T>(work: Promise<T>, then: (value: T) => void | Promise<void>): void {
    const term = this.#term;
    // Looked at later; until then a failure is nobody's.
    work.catch(() => undefined);
    this.#inOrder = this.#inOrder
      .then(async () => {
        const value = await work;
        if (term === this.#term) await then(value);
      })
      .catch((error: unknown) => {
        if (term !== this.#term) return;
        this.#isInstalling = false;
        if (error instanceof StorageError) return this.#failed(error);
        throw error;
      });
  }

  #answer<T>(work: Promise<T>, otherwise: T, input: (value: T) => Input): void {
    work.then(
      (value) => this.#host.submit(input(value)),
      (error: unknown) => {
        // Damage on the way to a learner is this server's too, but not the learner's business.
        this.#host.submit(input(otherwise));
        if (error instanceof StorageError && error.kind === 'corrupt') this.#failed(error);
      },
    );
  }

  #epochsDurable(epochs: Epochs): void {
    // Several that were saved in one transaction are confirmed by the last of them.
    const upTo = this.#savingEpochs.findLastIndex(
      (saving) =>
        saving.epochs.acceptedEpoch === epochs.acceptedEpoch &&
        saving.epochs.currentEpoch === epochs.currentEpoch,
    );
    for (const { token, epochs: saved } of this.#savingEpochs.splice(0, upTo + 1))
      this.#host.submit({ kind: 'epochsDurable', token, epochs: saved });
  }

  #failed(error: StorageError): void {
    this.#term++;
    this.#savingEpochs.length = 0;
    this.#isInstalling = false;
    this.#host.failed(error);
  }

  // --- snapshots ---------------------------------------------------------------------------------------------------

  #openSnapshot({ token }: Of<'snapshotOpen'>): void {
    this.#answer(
      this.#storage.openSnapshot().then((reader) => {
        if (reader === undefined) return undefined;
        if (this.#closedEarly.delete(token)) {
          reader.close();
          return undefined;
        }
        this.#snapshots.set(token, reader);
        return reader.base;
      }),
      undefined,
      (base) => ({ kind: 'snapshotOpened', token, base }),
    );
  }

  /** One read after the other: they come in the order of the rows. */
  #readSnapshot({ token }: Of<'snapshotRead'>): void {
    const before = this.#reads.get(token) ?? Promise.resolve();
    const read = before.then(async () => {
      const chunk = await this.#snapshots
        .get(token)
        ?.next()
        .catch(() => undefined);
      this.#host.submit({ kind: 'snapshotChunk', token, chunk });
    });
    this.#reads.set(token, read);
  }

  #stagePart({ token, base, bytes, first, last }: Of<'stage'>): void {
    this.#stage = this.#stage.then(async () => {
      const ok = await this.#storage.stage({ base, bytes, first, last }).catch(() => false);
      this.#host.submit({ kind: 'staged', token, ok });
    });
  }
}
