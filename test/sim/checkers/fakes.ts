/** A made-up world for the tests of checkers: servers are logs in memory, and events are told one by one. */
import { Writer } from '../../../src/codec/index.js';
import { OpCode, makeZxid, writeTxn, type Request, type Txn, type Zxid } from '../../../src/types/index.js';
import { LOG_START, type Epochs, type LogMark } from '../../../src/zab/index.js';
import { Canon, type Agreed } from '../canon.js';
import type { ClientEffect } from '../core.js';
import { electorateOf, type Electorate } from '../electorate.js';
import { History, type Link, type Op } from '../history.js';
import { Model } from '../model.js';
import { chainAfter, markOf, type SimRecord } from '../records.js';
import type { CheckedWorld, Checker, Reply, ServerView } from './checker.js';

export class FakeServer implements ServerView {
  readonly incarnation = 1;
  stateDigest = 0n;
  configVersion = 0n;
  readonly log: SimRecord[] = [];
  readonly disk = {
    logStart: LOG_START,
    tail: LOG_START,
    epochs: { acceptedEpoch: 0, currentEpoch: 0 } as Epochs,
    suspect: false,
    at: (index: number): SimRecord | undefined => this.log[index - 1],
    volatileAt: (index: number): SimRecord | undefined => this.log[index - 1],
  };

  constructor(readonly id: number) {}

  write(...records: readonly SimRecord[]): this {
    for (const record of records) {
      this.log.push(record);
      this.disk.tail = markOf(record);
    }
    return this;
  }

  /** Drops what lies behind `to`. */
  cut(to: LogMark): this {
    this.log.splice(to.index);
    this.disk.tail = to;
    return this;
  }

  /** A snapshot takes the place of the log. @param records up to its base */
  install(records: readonly SimRecord[]): this {
    this.log.splice(0, this.log.length, ...records);
    const last = records.at(-1);
    this.disk.tail = this.disk.logStart = last === undefined ? LOG_START : markOf(last);
    return this;
  }

  promise(acceptedEpoch: number, currentEpoch = acceptedEpoch): this {
    this.disk.epochs = { acceptedEpoch, currentEpoch };
    return this;
  }
}

/** Three servers that vote. */
export class FakeWorld implements CheckedWorld {
  readonly canon = new Canon();
  readonly model = new Model();
  readonly history = new History();
  readonly servers = [new FakeServer(1), new FakeServer(2), new FakeServer(3)] as const;
  readonly weights = new Map([
    [1, 1],
    [2, 1],
    [3, 1],
  ]);
  readonly counterStart = 1;
  time = 0;
  #records: SimRecord[] = [];
  readonly #eras: { readonly index: number; readonly electorate: Electorate }[] = [];

  now(): number {
    return this.time;
  }

  governing(index: number): readonly Electorate[] {
    return [this.activeAt(index)];
  }

  effective(): readonly Electorate[] {
    return [this.activeAt()];
  }

  activeAt(index = Infinity): Electorate {
    const initial = { version: 0n, weights: this.weights, observers: new Set<number>(), groups: [] };
    return this.#eras.findLast((era) => era.index <= index)?.electorate ?? initial;
  }

  destroyed(): number {
    return 0;
  }

  peerOf(): undefined {
    return undefined;
  }

  isWhole(): boolean {
    return true;
  }

  /** The next record, behind all that were made here. */
  record(txn: Txn, who: { session?: bigint; cxid?: number; zxid?: Zxid; time?: bigint } = {}): SimRecord {
    const last = this.#records.at(-1);
    const zxid = who.zxid ?? makeZxid(1, this.#records.length + 1);
    const { session: clientId = 1n, cxid = 0, time = 0n } = who;
    const w = new Writer();
    w.long(0n);
    w.long(BigInt(this.#records.length + 1));
    w.long(zxid);
    w.int(txn.type);
    const payload = w.startFrame();
    writeTxn(w, { clientId, cxid, zxid, time, type: txn.type }, txn);
    w.endFrame(payload);
    const bytes = w.take();
    const index = this.#records.length + 1;
    const chain = chainAfter(last?.chain ?? 0n, { index, zxid, chain: 0n, bytes });
    bytes.writeBigInt64BE(chain);
    const record = { index, zxid, chain, bytes };
    this.#records.push(record);
    return record;
  }

  /** Commits records, and tells the checker. */
  agree(checker: Checker, ...records: readonly SimRecord[]): Agreed[] {
    return records.map((record) => {
      const entry = this.canon.append(record);
      this.model.apply(entry);
      if (entry.txn.type === OpCode.reconfig) {
        const electorate = electorateOf(entry.txn.record.data?.toString() ?? '');
        this.#eras.push({ index: entry.index, electorate });
      }
      checker.agreed(entry, this.servers[0]);
      return entry;
    });
  }
}

export const NOTHING: Txn = { type: OpCode.error, record: { err: -1 } };

export function creation(path: string, ephemeral = false, parentCVersion = 1): Txn {
  return {
    type: OpCode.create,
    record: { path, data: Buffer.from('x'), acl: null, ephemeral, parentCVersion },
  };
}

export const OPENING: Txn = { type: OpCode.createSession, record: { timeOut: 1000 } };

export function closing(...paths: string[]): Txn {
  return { type: OpCode.closeSession, record: { paths2Delete: paths } };
}

export function link(id = 1, session = 1n, lastZxidSeen = 0n): Link {
  return { id, client: 'c1', server: 1, session, lastZxidSeen, left: false, superseded: false };
}

export function op(on: Link, xid: number, request: Request, floor = 0n, previousWrite?: Op): Op {
  const superseded = on.superseded;
  return { link: on, xid, request, invokedAt: 0, floor, superseded, previousWrite, answered: false };
}

export function reply(xid: number, zxid: bigint, err = 0, body?: Reply['body']): Reply {
  return { kind: 'reply', connection: 1, xid, zxid: zxid as Zxid, err, body };
}

export function connected(zxid: bigint, timeOut = 1000): Extract<ClientEffect, { kind: 'connected' }> {
  const sessionId = 1n as Extract<ClientEffect, { kind: 'connected' }>['sessionId'];
  return { kind: 'connected', connection: 1, sessionId, timeOut, zxid: zxid as Zxid, readOnly: false };
}

export function event(type: number, path: string, zxid: bigint): Extract<ClientEffect, { kind: 'event' }> {
  return { kind: 'event', connection: 1, type: type as 1, path, zxid };
}
