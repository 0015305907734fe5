/** Why this file exists: what `zabkeeper inspect` prints of stored data. */
import { inspect, openBackup, queryStored, type Inspection, type QueryResult } from '../../backup/index.js';
import { dataPlaceOf, loadConfig, type ConfigLocation } from '../../config/index.js';
import { hex } from '../../util/index.js';
import { bytesText, counted, printFacts, printJson, run, timeText } from './report.js';
import { isDatabase, openSource } from './source.js';

/** Options as commander hands them over. */
export interface InspectArguments {
  readonly sql?: string;
  readonly json: boolean;
}

const SESSIONS_LISTED = 10;

/** @returns the exit code */
export function runInspect(
  location: ConfigLocation & { readonly file: string },
  { sql, json }: InspectArguments,
): Promise<number> {
  const backup = isDatabase(location.file) ? location.file : undefined;
  return run(async (progress) => {
    const stored = openSource(backup, () => dataPlaceOf(loadConfig(location).config));
    try {
      const { treeFile, logFile } = stored.facts;
      if (sql !== undefined) {
        // With a connection of its own, which sees the latest.
        stored.close();
        return queryStored(treeFile ?? '', logFile, sql, json ? printRowsAsJson : printRows);
      }
      const found = await inspect(stored, progress.update);
      progress.end();
      if (json) return printJson(summary(found));
      print(found, backup);
    } finally {
      stored.close();
    }
  });
}

function print(found: Inspection, backup: string | undefined): void {
  const { facts } = found;
  const { epochs, logStart, applied, tail } = facts;
  const saved = backup === undefined ? undefined : openBackup(backup);
  saved?.stored.close();
  printFacts([
    ...(saved === undefined
      ? []
      : [
          [
            'backup',
            `${backup ?? ''}, of ${timeText(saved.info.createdAt)}, made by release ${saved.info.release}`,
          ] as const,
        ]),
    ['server', `${facts.serverId}, ensemble ${facts.ensembleId ?? 'unknown'}`],
    ['epochs', `current ${epochs.currentEpoch}, accepted ${epochs.acceptedEpoch}`],
    [
      'zxid',
      `${hex(found.zxid)}, record ${tail.index}${found.lastTime === undefined ? '' : `, of ${timeText(found.lastTime)}`}`,
    ],
    [
      'tree',
      `${facts.treeFile ?? ''}, ${bytesText(found.treeBytes)}: up to record ${applied.index}, zxid ${hex(applied.zxid)}`,
    ],
    [
      'log',
      `${facts.logFile ?? ''}${found.logBytes === 0 ? '' : `, ${bytesText(found.logBytes)}`}: ${counted(found.records, 'record')} from ${logStart.index + 1} on, ${found.recordsBehindTree} of them not in the tree yet`,
    ],
    ['znodes', `${found.znodes.toLocaleString('en-US')}, ${bytesText(found.bytes)} of paths and data`],
    [
      'sessions',
      `${found.sessions.length.toLocaleString('en-US')}, with ${counted(found.ephemerals, 'ephemeral')}`,
    ],
    ['digest', hex(found.digest)],
    [
      'state',
      facts.mark?.suspect === true
        ? 'suspect: no vote until a leader has synchronised it'
        : 'verified: rows, digest, records and their chain',
    ],
  ]);
  if (found.largest.length > 0) {
    console.log('Largest subtrees');
    printFacts(
      found.largest.map(({ path, znodes, bytes }) => [
        path,
        `${bytesText(bytes)}, ${counted(znodes, 'znode')}`,
      ]),
    );
  }
  if (found.deepest.length > 0) {
    console.log('Deepest znodes');
    printFacts(found.deepest.map(({ path, depth }) => [path, String(depth)]));
  }
  if (found.sessions.length > 0) {
    console.log('Sessions with the most ephemerals');
    printFacts(
      [...found.sessions]
        .sort((left, right) => right.ephemerals - left.ephemerals)
        .slice(0, SESSIONS_LISTED)
        .map(({ id, timeoutMs, ephemerals }) => [
          hex(id),
          `${counted(ephemerals, 'ephemeral')}, timeout ${timeoutMs} ms`,
        ]),
    );
  }
}

function summary({ facts, lastTime, ...found }: Inspection): unknown {
  const { mark, ...rest } = facts;
  return {
    ...rest,
    suspect: mark?.suspect === true,
    lastTime: lastTime === undefined ? null : timeText(lastTime),
    ...found,
  };
}

/** A row in a line, values apart by tabs, below the names of the columns. */
function printRows({ columns, rows }: QueryResult): void {
  console.log(columns.join('\t'));
  for (const row of rows) console.log(row.map(cellText).join('\t'));
}

/** An object for each row, one in a line. */
function printRowsAsJson({ columns, rows }: QueryResult): void {
  for (const row of rows) {
    const entries = columns.map((name, at): [string, unknown] => [name, jsonCell(row[at])]);
    console.log(JSON.stringify(Object.fromEntries(entries)));
  }
}

function cellText(value: unknown): string {
  if (Buffer.isBuffer(value)) return textOf(value) ?? `0x${value.toString('hex')}`;
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? value : (value as { toString(): string }).toString();
  return text.replaceAll(/[\t\n\r]/g, ' ');
}

/** Integers beyond 2^53 as text: JSON's readers would round them. */
function jsonCell(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return textOf(value) ?? { base64: value.toString('base64') };
  if (typeof value !== 'bigint') return value;
  return BigInt(Number(value)) === value && Number.isSafeInteger(Number(value))
    ? Number(value)
    : String(value);
}

/** Undefined for what is no UTF-8. */
function textOf(bytes: Buffer): string | undefined {
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : undefined;
}
