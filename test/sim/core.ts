/** The one place where the simulator meets the product: the engine, and what goes in and comes out of it. */
import {
  Engine,
  newOutput,
  type ClientEffect,
  type EngineSettings,
  type Input,
  type Output,
} from '../../src/engine/index.js';
import type { Boot, DiskInput, NetworkInput, TraceEvent } from '../../src/zab/index.js';
import { memberships } from '../../src/server/memberships.js';
import { defaultSettings } from '../unit/helpers/world.js';
import type { SimDisk } from './disk.js';
import type { SimOptions } from './options.js';
import { CONFIG } from '../../src/tree/index.js';
import { ZXID_ZERO } from '../../src/types/index.js';
import { crc32 } from '../../src/util/index.js';
import { batchOf } from './records.js';
import type { TreeRows } from './treeFile.js';

export { Engine, newOutput };
export type { Boot, ClientEffect, DiskInput, Input, NetworkInput, Output, TraceEvent };

/**
 * What a server of the world is started with.
 * @param file what its configuration file says about who takes part
 */
export function settingsOf(
  options: SimOptions,
  id: number,
  file: string,
  trace: (event: TraceEvent) => void,
): ConstructorParameters<typeof Engine>[0] {
  const texts = memberships(options.reconfig?.soleVoterAllowed ?? false);
  const configuration = texts.parse(file);
  if (configuration === undefined) throw new Error(`No configuration: ${file}`);
  const engine: EngineSettings = {
    prepare: { ...defaultSettings, reconfigEnabled: true },
    memberships: texts,
    configText: file,
    serverId: id,
    tickMs: options.tickMs,
    sessionTimeoutMsMin: options.sessionMs.min,
    sessionTimeoutMsMax: options.sessionMs.max,
    containerNeverUsedMsMax: 0,
    counterStart: options.counterStart,
    readOnlyMode: options.readOnlyMode,
  };
  return {
    ...engine,
    peer: {
      id,
      configuration,
      ...options.timing,
      windowBytes: options.windowBytes,
      cacheBytes: options.cacheBytes,
      syncBytesMax: options.syncBytesMax,
      snapThresholdBytes: options.snapThresholdBytes,
      trace,
    },
  };
}

/** Puts the state of a disk into a new engine, as the host does at start. */
export function restoreFrom(engine: Engine, disk: SimDisk): void {
  // Without a tree that the log goes on from there is nothing to put back.
  if (disk.needsSnapshot) return;
  restoreRows(engine, disk.tree.rows);
  replay(engine, disk);
}

/** The log of a server failed and can be written again: it takes part anew, with the state that it has. */
export function rejoin(engine: Engine, disk: SimDisk): void {
  engine.rejoin();
  if (!disk.needsSnapshot) replay(engine, disk);
}

function replay(engine: Engine, disk: SimDisk): void {
  const records = disk.recordsAfter(engine.applied.index);
  if (records.length > 0) engine.replay(batchOf(records, engine.applied));
}

/** Puts back the rows of a `tree.db`. */
export function restoreRows(engine: Engine, rows: TreeRows): void {
  engine.beginRestore();
  for (const row of rows.ordered) engine.tree.restore(row);
  for (const [id, timeOut] of rows.sessions) engine.restoreSession(id, timeOut);
  engine.restored(rows.mark);
}

/** All that a client or another server can tell about the state of an engine, as one number. */
export function digestOf(engine: Engine): bigint {
  let sum = engine.tree.digest;
  // Until the first reconfig each server has its own.
  if (engine.tree.get(CONFIG)?.mzxid !== ZXID_ZERO) sum += BigInt(crc32(engine.configText)) << 20n;
  for (const { id, timeoutMs } of engine.sessions) sum += (id ^ BigInt(timeoutMs)) * 0x9e3779b97f4a7c15n;
  return BigInt.asUintN(64, sum);
}
