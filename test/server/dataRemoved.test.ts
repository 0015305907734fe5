/** What happens to a server whose data somebody removes: an acknowledgement that reaches no file is worse than none. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { startServer } from '../../src/index.js';

describe('a server whose log is removed while it runs', () => {
  it('says so and cannot go on', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'zabkeeper-removed-'));
    const server = await startServer({ dataDir: directory });
    try {
      rmSync(directory, { recursive: true, force: true });
      const error = await server.failed;
      // Whoever notices first says it: the look at the disk, or a write that finds no directory.
      expect(error.message).to.contain(directory);
      expect(error.exitCode).to.equal(74);
      expect(server.status.serving).to.equal(false);
    } finally {
      await server.close().catch(() => undefined);
    }
  });
});
