/**
 * How much the load could ask of a server that does nothing: a server that answers every request with the same bytes.
 * What a real server is measured at has to be well below, or it is the load that was measured.
 */
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { runScenario } from '../../src/bench/index.js';
import { OpCode } from '../../src/types/index.js';
import { FrameSplitter, Writer, writeConnectResponse } from '../../src/codec/index.js';

const SELF = fileURLToPath(import.meta.url);
const REPLY_BYTES = 200;

/** Prints requests per second for the shapes of the table. */
export async function limit(): Promise<void> {
  const child = fork(SELF, ['serve']);
  try {
    const [port] = (await once(child, 'message')) as [number];
    const targets = [{ host: '127.0.0.1', port }];
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
  } finally {
    child.kill();
  }
}

function serve(socket: Socket): void {
  const frames = new FrameSplitter(1024 * 1024);
  let opened = false;
  let xid = 0;
  socket.on('error', () => undefined);
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
      if (frames.bytes.readInt32BE(frames.start + 4) === OpCode.closeSession) socket.end();
      count++;
    }
    if (count === 0) return;
    const replies = Buffer.alloc(count * REPLY_BYTES);
    for (let i = 0; i < count; i++) {
      replies.writeInt32BE(REPLY_BYTES - 4, i * REPLY_BYTES);
      replies.writeInt32BE(++xid, i * REPLY_BYTES + 4);
    }
    socket.write(replies);
  });
}

if (process.argv[2] === 'serve') {
  const server = createServer({ noDelay: true }, serve).listen(0, '127.0.0.1', () => {
    process.send?.((server.address() as AddressInfo).port);
  });
}
