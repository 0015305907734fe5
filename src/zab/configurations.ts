/**
 * Which configurations count: a new one does from its place in the log, together with the one before, until it is
 * committed; then alone (zab.md 1.9).
 */
import { ZXID_ZERO, type Zxid } from '../types/index.js';
import type { Configuration } from './configuration.js';

export class Configurations {
  #active: Configuration;
  /** In the log behind what is applied, oldest first. */
  #logged: { readonly index: number; readonly configuration: Configuration }[] = [];
  /** One in the log up to here is committed, as others say. */
  #committedIndex = 0;
  /** Others have it, and neither log nor state does yet. */
  #heard: Configuration | undefined;
  #isHeardInForce = false;
  #effective: readonly Configuration[];

  constructor(active: Configuration) {
    this.#active = active;
    this.#effective = [active];
  }

  /** In each of these a quorum is needed. */
  get effective(): readonly Configuration[] {
    return this.#effective;
  }

  /** The last one that is committed and applied. */
  get active(): Configuration {
    return this.#active;
  }

  /** One is in the log and not applied. */
  get isPending(): boolean {
    return this.#logged.length > 0;
  }

  /** The record `index` of the log brings a configuration. */
  logged(index: number, configuration: Configuration): void {
    this.#logged.push({ index, configuration });
    this.#update();
  }

  /** @returns whether another one is active now */
  applied(index: number): boolean {
    const done = this.#logged.filter((entry) => entry.index <= index);
    const last = done.at(-1);
    if (last === undefined) return false;
    this.#logged = this.#logged.slice(done.length);
    this.#active = last.configuration;
    this.#update();
    return true;
  }

  /**
   * A member says that the configuration of this version is committed: of those in the log it and what follows it count,
   * though it is not applied yet.
   * @returns whether that makes a difference
   */
  committed(version: Zxid): boolean {
    const at = this.#logged.findIndex(({ configuration }) => configuration.version === version);
    const index = this.#logged[at]?.index ?? 0;
    if (at < 0 || index <= this.#committedIndex) return false;
    this.#committedIndex = index;
    const before = this.#effective;
    this.#update();
    return this.#effective.length !== before.length;
  }

  /**
   * A member tells of a configuration that this server does not have. In force, it counts alone until the log has it;
   * otherwise beside the others, until the next election.
   * @returns whether that makes a difference
   */
  heard(configuration: Configuration, inForce: boolean): boolean {
    const { version } = configuration;
    const isKnown = version === this.#heard?.version && (!inForce || this.#isHeardInForce);
    if (version < this.#newest || this.#has(version) || isKnown) return false;
    this.#heard = configuration;
    this.#isHeardInForce = inForce;
    this.#update();
    return true;
  }

  /** Another election begins: what was heard of and may never be committed counts no longer. */
  forget(): void {
    if (this.#isHeardInForce) return;
    this.#heard = undefined;
    this.#update();
  }

  /** Version of the last one that this server knows of. */
  get #newest(): Zxid {
    const versions = [this.#active, this.#heard, this.#logged.at(-1)?.configuration].map(
      (configuration) => configuration?.version ?? ZXID_ZERO,
    );
    return versions.reduce((left, right) => (left > right ? left : right));
  }

  /** The log ends at `index` now. */
  truncated(index: number): void {
    this.#logged = this.#logged.filter((entry) => entry.index <= index);
    this.#committedIndex = Math.min(this.#committedIndex, index);
    this.#update();
  }

  /** The state was put back, as of a time when this one was active. What the log holds behind that goes on to count. */
  restored(active: Configuration): void {
    this.#active = active;
    this.#update();
  }

  /** In the log or in the state. */
  #has(version: Zxid): boolean {
    return (
      this.#active.version === version ||
      this.#logged.some(({ configuration }) => configuration.version === version)
    );
  }

  /** The next one is proposed only when the one before is committed: of more than two, the older are committed. */
  #update(): void {
    const known = this.#logged.findLastIndex(({ index }) => index <= this.#committedIndex);
    const logged = this.#logged.slice(Math.max(known, 0)).map(({ configuration }) => configuration);
    const own = known >= 0 ? logged : [this.#active, ...logged].slice(-2);
    const heard = this.#heard;
    if (heard === undefined || heard.version < this.#newest || this.#has(heard.version))
      this.#effective = own;
    else this.#effective = this.#isHeardInForce ? [heard] : [...own, heard];
  }
}
