/** Judges what clients were told by the log alone, with nothing of the engine: zab.md section 2.4, C1, C4, C8, C9. */
import { expect } from 'chai';
import type { ClientEffect } from '../../../src/engine/index.js';
import { EventType, OpCode, isWrite, type Request, type Txn } from '../../../src/types/index.js';
import { bodyOf, type Client, type Reply } from './client.js';
import type { Host, Logged } from './host.js';
import { NaiveTree } from './naiveTree.js';

interface Answered {
  readonly client: Client;
  readonly request: Request;
  readonly reply: Reply;
}

function answered(host: Host): Answered[] {
  return host.clients.flatMap((client) =>
    client.received.flatMap((effect) => {
      const request = effect.kind === 'reply' ? client.sent.get(effect.xid) : undefined;
      return effect.kind === 'reply' && request !== undefined ? [{ client, request, reply: effect }] : [];
    }),
  );
}

/** One record in the log for each write that was answered, with the same outcome. */
export function expectWritesInLog(host: Host): void {
  const byZxid = new Map(host.disk.map((record) => [record.mark.zxid, record]));
  const seen = new Set<bigint>();
  for (const { client, request, reply } of answered(host)) {
    if (!isWrite(request)) continue;
    expect(seen.has(reply.zxid), 'two answers for one txn').to.equal(false);
    seen.add(reply.zxid);
    const record = byZxid.get(reply.zxid);
    expect(record?.header, 'an answer without a txn').to.include({
      clientId: client.session,
      cxid: reply.xid,
    });
    expect(record?.txn.type === OpCode.error ? record.txn.record.err : 0).to.equal(reply.err);
  }
}

/** Every request of a connection that lasts is answered. */
export function expectAllAnswered(host: Host): void {
  for (const client of host.clients) {
    if (client.closed !== undefined || client.session === 0n) continue;
    for (const xid of client.sent.keys())
      expect(client.replyTo(xid), `request ${xid}`).not.to.equal(undefined);
  }
}

/** What a reply shows is what the log says at the reply's zxid. */
export function expectExactReplies(host: Host): void {
  const replies = answered(host).sort((a, b) => (a.reply.zxid < b.reply.zxid ? -1 : 1));
  const tree = new NaiveTree();
  let next = 0;
  for (const one of replies) {
    if (one.reply.zxid <= 0n) continue;
    for (
      let record = host.disk[next];
      record !== undefined && record.mark.zxid <= one.reply.zxid;
      record = host.disk[++next]
    ) {
      tree.apply(record.header, record.txn);
    }
    expectExact(tree, one);
  }
}

function expectExact(tree: NaiveTree, { request, reply }: Answered): void {
  switch (request.type) {
    case OpCode.getData:
    case OpCode.exists:
    case OpCode.getChildren2: {
      const { path } = request.record;
      if (reply.err === 0) return expectShown(tree, path, reply);
      // Who may not read is told so only of what is there.
      expect([path, reply.err, tree.has(path)]).to.deep.equal([path, reply.err, reply.err === -102]);
      return;
    }
    case OpCode.setData:
      if (reply.err === 0)
        expect(bodyOf(reply, 'stat').stat).to.deep.equal(tree.stat(request.record.path ?? ''));
      return;
    case OpCode.create2: {
      if (reply.err !== 0) return;
      const { path, stat } = bodyOf(reply, 'pathStat');
      expect(stat).to.deep.equal(tree.stat(path));
      return;
    }
    default:
      return;
  }
}

function expectShown(tree: NaiveTree, path: string, { body }: Reply): void {
  switch (body?.kind) {
    case 'data':
      expect(body.data, path).to.equal(tree.data(path)?.toString('latin1') ?? null);
      expect(body.stat, path).to.deep.equal(tree.stat(path));
      return;
    case 'stat':
      expect(body.stat, path).to.deep.equal(tree.stat(path));
      return;
    case 'names':
      expect([...body.names].sort(), path).to.deep.equal(tree.children(path));
      expect(body.stat, path).to.deep.equal(tree.stat(path));
      return;
    default:
      expect.fail(`${path} is shown as ${body?.kind ?? 'nothing'}`);
  }
}

// --- events --------------------------------------------------------------------------------------------------------

type Event = Extract<ClientEffect, { kind: 'event' }>;

/**
 * A client with a recursive watch on the root, registered at `since`, hears of every change behind that, in order,
 * and before any reply with the zxid of a later one.
 */
export function expectAllEvents(host: Host, watcher: Client, since: bigint): void {
  const expected = host.disk.filter(({ mark }) => mark.zxid > since).flatMap(eventsOf);
  const heard: string[] = [];
  for (const effect of watcher.received) {
    if (effect.kind === 'event') heard.push(lineOf(effect));
    if (effect.kind !== 'reply' || effect.zxid < since) continue;
    const due = expected.filter(({ zxid }) => zxid <= effect.zxid).length;
    expect(heard.length, 'events before a reply').to.be.at.least(due);
  }
  const lines = grouped(expected.map(({ zxid, line }) => `${zxid} ${line}`));
  // A watcher that was let go has heard the beginning of it.
  const upTo = watcher.closed === undefined ? lines.length : heard.length;
  expect(grouped(heard)).to.deep.equal(lines.slice(0, upTo));
}

function lineOf({ zxid, type, path }: Event): string {
  return `${zxid} ${type} ${path}`;
}

/** Within one zxid the order is only looked at by the tests of multi: a session's ephemerals go in any. */
function grouped(lines: readonly string[]): string[] {
  const zxidOfLine = (line: string): bigint => BigInt(line.split(' ')[0] ?? '0');
  return [...lines].sort((a, b) => {
    const [one, two] = [zxidOfLine(a), zxidOfLine(b)];
    if (one !== two) return one < two ? -1 : 1;
    return a < b ? -1 : 1;
  });
}

function eventsOf({ mark, txn }: Logged): { zxid: bigint; line: string }[] {
  return changesOf(txn).map((line) => ({ zxid: mark.zxid, line }));
}

function changesOf(txn: Txn): string[] {
  switch (txn.type) {
    case OpCode.create:
    case OpCode.create2:
    case OpCode.createContainer:
    case OpCode.createTTL:
      return [`${EventType.nodeCreated} ${txn.record.path}`];
    case OpCode.delete:
    case OpCode.deleteContainer:
      return [`${EventType.nodeDeleted} ${txn.record.path}`];
    case OpCode.setData:
      return [`${EventType.nodeDataChanged} ${txn.record.path}`];
    case OpCode.closeSession:
      return (txn.record.paths2Delete ?? []).map((path) => `${EventType.nodeDeleted} ${path}`);
    case OpCode.multi:
      return txn.txns.some(({ type }) => type === OpCode.error) ? [] : txn.txns.flatMap(changesOf);
    default:
      return [];
  }
}
