/**
 * The few single values of each database, in its `meta` table. SQLite does not notice a flipped bit inside of a
 * value, so one row holds a checksum over all others.
 */
import { crc32 } from 'node:zlib';
import { zxidOf } from '../types/index.js';
import type { LogMark } from '../engine/ports.js';
import type { Connection } from './database.js';
import { StorageError } from './errors.js';

/** What a value can be. */
export type MetaValue = bigint | string | Buffer;

const CHECKSUM = 'checksum';

/** The `meta` table of an open database, with its values in memory. */
export class Meta {
  readonly #db: Connection;
  readonly #file: string;
  #values = new Map<string, MetaValue>();

  private constructor(db: Connection, file: string) {
    this.#db = db;
    this.#file = file;
  }

  /** @throws StorageError kind `corrupt` if the values are not what was written */
  static read(db: Connection, file: string): Meta {
    const meta = new Meta(db, file);
    meta.reload();
    return meta;
  }

  /** Fills the empty table of a new database; call it within the transaction that makes it. */
  static create(db: Connection, file: string, values: Readonly<Record<string, MetaValue>>): Meta {
    const meta = new Meta(db, file);
    meta.write(values);
    return meta;
  }

  /** Forgets what was written in a transaction that did not commit. */
  reload(): void {
    const values = new Map<string, MetaValue>();
    const rows = this.#db
      .prepare<[], { key: unknown; value: unknown }>('SELECT key, value FROM meta')
      .safeIntegers();
    for (const { key, value } of rows.iterate()) {
      if (typeof key !== 'string' || !isMetaValue(value)) throw this.#damaged();
      values.set(key, value);
    }
    const checksum = values.get(CHECKSUM);
    values.delete(CHECKSUM);
    if (checksum !== checksumOf(values)) throw this.#damaged();
    this.#values = values;
  }

  /** Within the caller's transaction. */
  write(changes: Readonly<Record<string, MetaValue>>): void {
    const put = this.#db.prepare<[string, MetaValue]>(
      'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    );
    for (const [key, value] of Object.entries(changes)) {
      this.#values.set(key, value);
      put.run(key, value);
    }
    put.run(CHECKSUM, checksumOf(this.#values));
  }

  bigint(key: string): bigint {
    const value = this.#values.get(key);
    if (typeof value !== 'bigint') throw this.#missing(key);
    return value;
  }

  number(key: string): number {
    return Number(this.bigint(key));
  }

  text(key: string): string {
    const value = this.#values.get(key);
    if (typeof value !== 'string') throw this.#missing(key);
    return value;
  }

  bytes(key: string): Buffer {
    const value = this.#values.get(key);
    if (!Buffer.isBuffer(value)) throw this.#missing(key);
    return value;
  }

  /** The mark stored as `<prefix>Index`, `<prefix>Zxid` and `<prefix>Chain`. */
  mark(prefix: string): LogMark {
    return {
      index: this.number(`${prefix}Index`),
      zxid: zxidOf(this.bigint(`${prefix}Zxid`)),
      chain: this.bigint(`${prefix}Chain`),
    };
  }

  #damaged(): StorageError {
    return new StorageError('corrupt', `${this.#file}: the rows of table meta do not match their checksum.`);
  }

  #missing(key: string): StorageError {
    return new StorageError('corrupt', `${this.#file}: table meta has no valid ${key}.`);
  }
}

/** A mark as the three values that `Meta.mark` reads. */
export function markValues(prefix: string, mark: LogMark): Record<string, bigint> {
  return {
    [`${prefix}Index`]: BigInt(mark.index),
    [`${prefix}Zxid`]: mark.zxid,
    [`${prefix}Chain`]: mark.chain,
  };
}

function isMetaValue(value: unknown): value is MetaValue {
  return typeof value === 'bigint' || typeof value === 'string' || Buffer.isBuffer(value);
}

function checksumOf(values: ReadonlyMap<string, MetaValue>): bigint {
  let crc = 0;
  for (const key of [...values.keys()].sort()) {
    const value = values.get(key);
    const text = Buffer.isBuffer(value) ? value.toString('hex') : String(value);
    crc = crc32(`${key}=${typeof value}:${text}\n`, crc);
  }
  return BigInt(crc);
}
