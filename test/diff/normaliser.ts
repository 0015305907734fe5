/**
 * Says what a server sent in words that do not depend on the run: session ids become S1, S2, ..., zxids their
 * distance from the txn before the case, the case's own parent path `~`. Everything else stays as it came. A case
 * has its server for itself, so the distances are exact and two servers that agree say the same.
 */
import type { ACL, Stat } from '../../src/codec/index.js';
import { hex } from '../../src/util/index.js';

const CLOCK_TOLERANCE_MS = 60_000;
const TEXT_MAX = 120;
const PERM_LETTERS = ['r', 'w', 'c', 'd', 'a'];

export class Normaliser {
  readonly #root: string;
  readonly #base: bigint;
  readonly #sessions = new Map<bigint, string>();
  /** The time each zxid was seen with: one txn has one time. */
  readonly #times = new Map<bigint, bigint>();

  /** @param root the parent path of this case @param base zxid of the last txn before it */
  constructor(root: string, base: bigint) {
    this.#root = root;
    this.#base = base;
  }

  /** A path from a table: `~` at its start, or behind the quota tree, stands for the case's own parent. */
  path(text: string): string {
    return text.replace(/^(\/zookeeper\/quota)?~/, `$1${this.#root}`);
  }

  /** A zxid at a distance from the start of the case. */
  zxidAt(distance: number): bigint {
    return this.#base + BigInt(distance);
  }

  /** `z` is the txn before the case, `z+2` the second one since, `old` any earlier one. */
  zxid(value: bigint): string {
    if (value === 0n || value === -1n) return String(value);
    if (value < 0n) return `negative ${hex(value)}`;
    if (value === this.#base) return 'z';
    return value > this.#base ? `z+${value - this.#base}` : 'old';
  }

  session(id: bigint): string {
    if (id === 0n) return '0';
    const known = this.#sessions.get(id);
    if (known !== undefined) return known;
    const name = `S${this.#sessions.size + 1}`;
    this.#sessions.set(id, name);
    return name;
  }

  knowsSession(id: bigint): boolean {
    return this.#sessions.has(id);
  }

  /** Text from the server: the case's parent as `~`, quoted so that odd characters show. */
  text(value: string | null): string {
    if (value === null) return 'null';
    const text = value.replaceAll(this.#root, '~');
    const shown = text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}...(${text.length} characters)` : text;
    return JSON.stringify(shown).replace(
      /[\u007f-\uffff]/g,
      (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
  }

  data(value: Buffer | null): string {
    return value === null ? 'null' : this.text(value.toString('latin1'));
  }

  /** Lists whose order the protocol leaves open. */
  set(values: readonly (string | null)[]): string {
    const texts = values.map((value) => this.text(value));
    return `[${texts.sort().join(', ')}]`;
  }

  acl(list: readonly ACL[] | null): string {
    if (list === null) return 'acl null';
    const entries = list.map(({ perms, id }) => `${String(id.scheme)}:${String(id.id)}:${permText(perms)}`);
    return `acl[${entries.join(', ')}]`;
  }

  stat(stat: Stat): string {
    const { czxid, mzxid, pzxid, version, cversion, aversion, ephemeralOwner, dataLength, numChildren } =
      stat;
    const owner = ephemeralOwner === 0n ? '' : ` owner=${this.session(ephemeralOwner)}`;
    return (
      `stat{c=${this.zxid(czxid)} m=${this.zxid(mzxid)} p=${this.zxid(pzxid)} v=${version} cv=${cversion} ` +
      `av=${aversion} len=${dataLength} kids=${numChildren}${owner}${this.#timeText(stat)}}`
    );
  }

  /** Nothing when the times are what they must be: now, and one time per txn. */
  #timeText(stat: Stat): string {
    let text = '';
    for (const [name, zxid, time] of [
      ['ctime', stat.czxid, stat.ctime],
      ['mtime', stat.mzxid, stat.mtime],
    ] as const) {
      const fault = this.#timeFault(zxid, time);
      if (fault !== '') text += ` ${name}:${fault}`;
    }
    return text;
  }

  #timeFault(zxid: bigint, time: bigint): string {
    if (zxid === 0n) return time === 0n ? '' : 'not 0';
    if (time === 0n) return '0';
    if (zxid <= this.#base) return '';
    const seen = this.#times.get(zxid);
    if (seen !== undefined && seen !== time) return 'not that of its txn';
    this.#times.set(zxid, time);
    return Math.abs(Number(time) - Date.now()) > CLOCK_TOLERANCE_MS ? 'not now' : '';
  }
}

function permText(perms: number): string {
  if (perms === 31) return 'all';
  if (perms < 0 || perms > 31) return String(perms);
  return PERM_LETTERS.filter((_, bit) => (perms & (1 << bit)) !== 0).join('') || 'none';
}
