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
    rmSync(directory, { recursive: true, force: true });
    const error = await server.failed;
    expect(error.message).to.match(/log\.db was removed or replaced while the server ran/);
    expect(error.exitCode).to.equal(74);
    expect(server.status.serving).to.equal(false);
    await server.close().catch(() => undefined);
  });
});
