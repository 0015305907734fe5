/**
 * Four-letter words through netcat, as monitoring scripts send them: it writes, closes its half of the connection
 * at once or keeps it open, adds a newline or does not. Their contents are tested elsewhere; here it is that a tool
 * gets its answer and the connection ends.
 */
import { expect } from 'chai';
import { LOOPBACK } from './network.js';
import { run } from './process.js';
import { sharedServer } from './suite.js';
import { packageVersion, requireFiles, tools } from './tools.js';

describe(`four-letter words (netcat-openbsd ${packageVersion('netcat-openbsd')})`, () => {
  before('find netcat', () => requireFiles(tools.netcat));
  const server = sharedServer();
  const ask = (input: string, ...options: readonly string[]): Promise<string> =>
    run(tools.netcat, [...options, '-w', '5', LOOPBACK, String(server().port)], { input, limitMs: 10_000 });

  const words: readonly [string, RegExp][] = [
    ['ruok', /^imok$/],
    ['isro', /^rw$/],
    ['srvr', /^Zookeeper version: .+\nLatency min\/avg\/max: .+\n[^]*\nMode: standalone\nNode count: \d+\n$/],
    ['stat', /^Zookeeper version: .+\nClients:\n \/127\.0\.0\.1:\d+\[\d+\]\(.+\)\n[^]*Mode: standalone\n/],
    ['mntr', /^zk_version\t.+\n[^]*^zk_server_state\tstandalone\n[^]*^zk_znode_count\t\d+\n/m],
    ['conf', /^clientPort=\d+\n[^]*^tickTime=500\n/m],
    ['envi', /^Environment:\nzookeeper\.version=/],
    ['wchs', /^\d+ connections watching \d+ paths\nTotal watches:\d+\n/],
    ['dirs', /^datadir_size: \d+\nlogdir_size: \d+\n/],
    ['cons', /^ \/127\.0\.0\.1:\d+\[\d+\]\(/],
    ['dump', /^SessionTracker dump:\n[^]*ephemeral nodes dump:\nSessions with Ephemerals \(0\):\n/],
  ];
  for (const [word, answer] of words) {
    it(`answers ${word}`, async () => {
      expect(await ask(word, '-N'), 'closing its half').to.match(answer);
      expect(await ask(word), 'keeping its half open').to.match(answer);
      // Apache's server closes with the newline unread. That resets the connection, and now and then the answer is lost.
      if (server().flavour !== 'apache') expect(await ask(`${word}\n`), 'with a newline').to.match(answer);
    });
  }
});
