/**
 * What a server knows of itself whichever role it has: its log, its epochs as the disk has them, the configurations that
 * count, and the time. Its roles see it as `PeerContext`.
 */
import type { LogRecord } from '../codec/index.js';
import { OpCode } from '../types/index.js';
import type { Configuration } from './configuration.js';
import type { Configurations } from './configurations.js';
import type { PeerContext } from './context.js';
import type { Election } from './election.js';
import type { History } from './history.js';
import type { Epochs } from './mark.js';
import type { Boot, PeerOutput, Token } from './ports.js';
import type { PeerSettings } from './settings.js';
import type { StateMachine } from './stateMachine.js';

/** What the context holds and does not make. */
export interface ServerParts {
  readonly settings: PeerSettings;
  readonly history: History;
  readonly state: StateMachine;
  readonly election: Election;
  readonly configurations: Configurations;
  /** Collects the effects of the step that is under way. */
  readonly output: () => PeerOutput;
  /** Ends the role and looks for a leader. */
  readonly leave: (why: string) => void;
}

export class ServerContext implements PeerContext {
  readonly settings: PeerSettings;
  readonly history: History;
  readonly state: StateMachine;
  readonly election: Election;
  /** Nobody else takes part: what is on this disk is committed. */
  readonly alone: boolean;
  readonly leave: (why: string) => void;
  secret: Buffer = Buffer.alloc(0);
  needsSnapshot = false;
  /** Monotonic clock, ms. */
  now = 0;
  readonly #configurations: Configurations;
  readonly #output: () => PeerOutput;
  /** What a synchronisation that is on its way to disk brings. */
  readonly #saving = new Map<Token, Epochs>();
  #epochs: Epochs = { acceptedEpoch: 0, currentEpoch: 0 };
  #suspect = false;
  #trustBlank = false;
  #nextToken: Token = 1;

  constructor(parts: ServerParts) {
    this.settings = parts.settings;
    this.history = parts.history;
    this.state = parts.state;
    this.election = parts.election;
    this.leave = parts.leave;
    this.#configurations = parts.configurations;
    this.#output = parts.output;
    const { id, configuration } = parts.settings;
    this.alone = configuration.isQuorum((other) => other === id) && configuration.members.size <= 1;
  }

  /** Takes over what the disk knew. */
  boot(boot: Boot): void {
    this.#epochs = boot.epochs;
    this.#suspect = boot.suspect;
    this.#trustBlank = boot.trustBlank;
    this.secret = boot.secret;
    this.needsSnapshot = boot.needsSnapshot ?? false;
    this.now = boot.now;
    // There is no state that the records could be applied to: a snapshot will replace them, and they stay on disk.
    if (this.needsSnapshot) this.history.restart(boot.logStart, boot.tail);
    this.history.settle(boot.logStart, boot.tail);
  }

  get configurations(): readonly Configuration[] {
    return this.#configurations.effective;
  }

  get epochs(): Epochs {
    return this.#epochs;
  }

  /** It never had an epoch's history, so it cannot know what others acknowledged with it. */
  get blank(): boolean {
    return this.#epochs.currentEpoch === 0 && this.history.tail.index === 0 && !this.#trustBlank;
  }

  /** It may have lost records that it acknowledged. Alone, there is nobody to have them from. */
  get suspect(): boolean {
    return this.#suspect && !this.alone;
  }

  get out(): PeerOutput {
    return this.#output();
  }

  newToken(): Token {
    return this.#nextToken++;
  }

  logged(record: LogRecord): void {
    if (record.type !== OpCode.reconfig) return;
    const configuration = this.state.configurationOf(record);
    if (configuration !== undefined) this.#configurations.logged(Number(record.index), configuration);
  }

  truncated(index: number): void {
    this.#configurations.truncated(index);
  }

  savingEpochs(token: Token, epochs: Epochs): void {
    this.#saving.set(token, epochs);
  }

  /** The synchronisation `token` is on disk, with the epochs that it brought, if it did. */
  synchronised(token: Token): void {
    this.epochsSaved(this.#saving.get(token) ?? this.#epochs);
    this.#saving.delete(token);
  }

  /** These epochs are on disk. */
  epochsSaved(epochs: Epochs): void {
    if (epochs.currentEpoch > this.#epochs.currentEpoch) this.#suspect = false;
    this.#epochs = epochs;
  }

  /** The log takes no more: what was on its way there is lost. */
  forgetSaving(): void {
    this.#saving.clear();
  }
}
