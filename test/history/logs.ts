/**
 * The committed log as the servers' disks have it. Read at a quiet point: what a quorum holds then is committed, and
 * the chain of hashes tells whether all of them hold the same.
 */
import { existsSync } from 'node:fs';
import * as path from 'node:path';
import { Writer, writeLogRecord, type LogRecord } from '../../src/codec/index.js';
import { openForReading } from '../../src/storage/database.js';
import { scanLog } from '../../src/storage/logReader.js';
import { zxidOf } from '../../src/types/index.js';
import { LOG_START, type LogMark } from '../../src/zab/index.js';
import type { SimRecord } from '../sim/records.js';
import type { Problem } from './history.js';

/** A server's `log.db`. */
export function logFileOf(dataDir: string): string {
  return path.join(dataDir, 'version-2', 'log.db');
}

export interface NewRecords {
  readonly records: readonly SimRecord[];
  readonly problems: readonly Problem[];
}

export class CommittedLog {
  #last: LogMark = LOG_START;

  /** Up to which record it was read. */
  get last(): LogMark {
    return this.#last;
  }

  /**
   * Reads on from where the last call ended.
   * @param files the logs of a quorum at least
   */
  async read(files: ReadonlyMap<number, string>, quorum: number): Promise<NewRecords> {
    const problems: Problem[] = [];
    const logs: SimRecord[][] = [];
    for (const [server, file] of files) {
      if (!existsSync(file)) continue;
      const { records, damage } = await readLog(file, this.#last);
      if (damage === undefined) logs.push(records);
      else problems.push({ rule: 'log', what: `server ${server}: ${damage}` });
    }
    const lengths = logs.map(({ length }) => length).sort((a, b) => b - a);
    const length = lengths[Math.min(quorum, lengths.length) - 1] ?? 0;
    const longest = logs.find((log) => log.length >= length) ?? [];
    const records = longest.slice(0, length);
    for (const log of logs) {
      const at = records.findIndex((record, i) => (log[i] ?? record).chain !== record.chain);
      const index = records[at]?.index;
      if (index !== undefined)
        problems.push({ rule: 'Z2', what: `two servers have different records ${index}` });
    }
    const last = records.at(-1);
    if (last !== undefined) this.#last = { index: last.index, zxid: last.zxid, chain: last.chain };
    return { records, problems };
  }
}

async function readLog(
  file: string,
  from: LogMark,
): Promise<{ records: SimRecord[]; damage: string | undefined }> {
  const db = openForReading(file);
  try {
    const records: SimRecord[] = [];
    // Who got a snapshot has no records before it; the others have.
    const next = db.prepare<[number], number | null>('SELECT min(idx) FROM log WHERE idx > ?').pluck();
    if ((next.get(from.index) ?? 0) > from.index + 1) return { records, damage: undefined };
    const { damage } = await scanLog(db, from, (record) => records.push(recordOf(record)));
    return { records, damage };
  } finally {
    db.close();
  }
}

function recordOf(record: LogRecord): SimRecord {
  const w = new Writer(64 + record.payload.byteLength);
  writeLogRecord(w, record);
  return {
    index: Number(record.index),
    zxid: zxidOf(record.zxid),
    chain: record.chain,
    bytes: w.take(),
  };
}
