/**
 * What no server can exceed on this machine. How much the load could ask of one that answers every request with the same
 * bytes: what a real server is measured at has to be well below, or it is the load that was measured. And the writes per
 * second of one that does nothing but bring a page to the disk before it answers what has come in meanwhile, and the time
 * of one that does nothing but write an event to every connection.
 */
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runScenario } from '../../src/bench/index.js';
import { OpCode } from '../../src/types/index.js';
import { FrameSplitter, Writer, writeConnectResponse } from '../../src/codec/index.js';

const SELF = fileURLToPath(import.meta.url);
const REPLY_BYTES = 200;
/** Header, type, state and a short path. */
const EVENT_BYTES = 60;
const EVENT_XID = -1;

/** What SQLite's WAL takes for one page. */
const PAGE_BYTES = 4096 + 24;
/** Written ahead and then written over in a ring: an append would cost more. */
const FILE_PAGES = 4096;

/** Prints requests per second for the shapes of the table. */
export async function limit(): Promise<void> {
  await withServer('serve', async (targets) => {
    for (const [connections, depth] of [
      [1, 1],
      [16, 1],
      [16, 64],
    ] as const) {
      const { perSecond } = await runScenario('get', { targets, connections, depth, keep: true });
      console.log(`${connections} connections, depth ${depth}: ${Math.round(perSecond)}/s`);
    }
    const { perSecond } = await runScenario('connect', { targets });
    console.log(`sessions opened: ${Math.round(perSecond)}/s`);
    const { p50Ms } = await runScenario('watch', { targets });
    console.log(`1000 watchers, until the last one is notified: ${p50Ms.toFixed(1)} ms`);
  });
  await withServer('sync', async (targets) => {
    for (const connections of [1, 16]) {
      const { perSecond } = await runScenario('set', { targets, connections, depth: 1, keep: true });
      console.log(
        `${connections} connections, depth 1, one fsync for all in a turn: ${Math.round(perSecond)}/s`,
      );
    }
  });
}

type Targets = readonly { readonly host: string; readonly port: number }[];

async function withServer(mode: 'serve' | 'sync', body: (targets: Targets) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'zabkeeper-limit-'));
  const child = fork(SELF, [mode, directory]);
  try {
    const [port] = (await once(child, 'message')) as [number];
    await body([{ host: '127.0.0.1', port }]);
  } finally {
    child.kill();
    rmSync(directory, { recursive: true, force: true });
  }
}

const everybody = new Set<Socket>();

/** To everybody but who made the change: a write for each. */
function notifyOthers(changer: Socket): void {
  for (const socket of everybody) {
    if (socket === changer) continue;
    const event = Buffer.alloc(EVENT_BYTES);
    event.writeInt32BE(EVENT_BYTES - 4);
    event.writeInt32BE(EVENT_XID, 4);
    socket.write(event);
  }
}

/** @param answer sends the bytes, at once or later; those of one socket in order */
function serve(socket: Socket, answer: (socket: Socket, bytes: Buffer) => void): void {
  const frames = new FrameSplitter(1024 * 1024);
  let opened = false;
  let xid = 0;
  everybody.add(socket);
  socket.on('error', () => undefined);
  socket.on('close', () => everybody.delete(socket));
  socket.on('data', (chunk) => {
    frames.feed(chunk);
    let count = 0;
    if (!opened && frames.next()) {
      opened = true;
      const w = new Writer();
      const mark = w.startFrame();
      writeConnectResponse(w, {
        protocolVersion: 0,
        timeOut: 30_000,
        sessionId: 1n,
        passwd: Buffer.alloc(16),
        readOnly: false,
      });
      w.endFrame(mark);
      socket.write(w.take());
    }
    while (frames.next()) {
      const op = frames.bytes.readInt32BE(frames.start + 4);
      if (op === OpCode.closeSession) socket.end();
      if (op === OpCode.setData && mode === 'serve') notifyOthers(socket);
      count++;
    }
    if (count === 0) return;
    const replies = Buffer.alloc(count * REPLY_BYTES);
    for (let i = 0; i < count; i++) {
      replies.writeInt32BE(REPLY_BYTES - 4, i * REPLY_BYTES);
      replies.writeInt32BE(++xid, i * REPLY_BYTES + 4);
    }
    answer(socket, replies);
  });
}

/** Holds answers until the end of the turn, and brings one page to the disk for all of them. */
function syncing(directory: string): (socket: Socket, bytes: Buffer) => void {
  const page = Buffer.alloc(PAGE_BYTES);
  const file = openSync(join(directory, 'pages'), 'w');
  process.once('exit', () => closeSync(file));
  for (let i = 0; i < FILE_PAGES; i++) writeSync(file, page);
  fsyncSync(file);
  let next = 0;
  let waiting: (() => void)[] = [];
  return (socket, bytes) => {
    waiting.push(() => socket.write(bytes));
    if (waiting.length > 1) return;
    setImmediate(() => {
      writeSync(file, page, 0, PAGE_BYTES, (next++ % FILE_PAGES) * PAGE_BYTES);
      fsyncSync(file);
      const ready = waiting;
      waiting = [];
      for (const write of ready) write();
    });
  };
}

const [mode, directory] = process.argv.slice(2);
if (mode === 'serve' || (mode === 'sync' && directory !== undefined)) {
  const answer =
    mode === 'sync' ? syncing(directory ?? '') : (socket: Socket, bytes: Buffer) => void socket.write(bytes);
  const server = createServer({ noDelay: true }, (socket) => serve(socket, answer));
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
}
