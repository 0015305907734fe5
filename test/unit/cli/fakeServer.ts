/**
 * Stands in for a server: serves `srvr` on the client port of its zoo.cfg with the mode that the file `mode` beside it
 * says, and ends when that file says so. Arguments: zoo.cfg, flags.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';

const [configFile = '', ...flags] = process.argv.slice(2);
const text = readFileSync(configFile, 'utf8');
const port = Number(/^clientPort=(\d+)$/m.exec(text)?.[1]);

function mode(): string {
  try {
    return readFileSync(join(dirname(configFile), 'mode'), 'utf8').trim();
  } catch {
    return 'follower';
  }
}

createServer((socket) => {
  socket.on('error', () => undefined);
  socket.once('data', () =>
    socket.end(mode() === 'looking' ? 'not serving\n' : `Fake\nMode: ${mode()}\nNode count: 5\n`),
  );
}).listen(port, '127.0.0.1', () => console.log(`fake server with ${flags.join(' ')}`));

setInterval(() => {
  if (mode() === 'die') process.exit(7);
}, 20);
process.on('SIGTERM', () => {
  console.log('fake server stops');
  process.exit(0);
});
process.on('disconnect', () => process.exit(0));
