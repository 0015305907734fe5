import { expect } from 'chai';
import { pino } from 'pino';
import { resolveConfig } from '../../../src/config/index.js';
import { Server } from '../../../src/server/index.js';
import { openMemoryStorage, StorageError } from '../../../src/storage/index.js';

describe('a server whose disk fails before it serves', () => {
  it('does not wait for it for ever, but says why it does not start', async () => {
    const storage = openMemoryStorage();
    const reason = new StorageError('io', 'log.db could not be written: it is on fire.');
    const start = storage.start.bind(storage);
    storage.start = (handler) => {
      start(handler);
      setImmediate(() => handler.failed(reason));
    };
    const { config } = resolveConfig({
      keys: { tickTime: '2000', clientPort: '2181', clientPortAddress: '127.0.0.1', dataDir: '/nonexistent' },
      cwd: '/',
      readText: () => undefined,
    });
    const server = new Server({ ...config, clientPort: 0 }, storage, pino({ level: 'silent' }), {
      find: () => undefined,
      isAllowed: () => false,
      answer: () => '',
    });
    const error = await server.start().then(
      () => undefined,
      (cause: unknown) => cause,
    );
    expect(error).to.equal(reason);
    await server.close();
  });
});
