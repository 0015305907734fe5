/** The commands of the shell that need several servers. */
import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ShellConnection } from '../../src/cli/shell/connection.js';
import { TextPrinter, type Output } from '../../src/cli/shell/printer.js';
import { Shell } from '../../src/cli/shell/shell.js';
import { Ensemble, freePorts, IDS } from './ensemble.js';

describe('zabkeeper cli on an ensemble', function () {
  this.timeout(60_000);
  let ensemble: Ensemble;
  let servers = '';
  before(async () => {
    ensemble = new Ensemble(await freePorts(6), { reconfigEnabled: 'true', skipACL: 'yes' });
    await Promise.all(IDS.map((id) => ensemble.start(id)));
    await ensemble.settled('leader', 'follower');
    servers = IDS.map((id) => `127.0.0.1:${ensemble.port(id)}`).join(',');
  });
  after(async () => {
    await ensemble[Symbol.asyncDispose]();
  });

  /** A shell inside this process. */
  class Conversation implements AsyncDisposable {
    #said = '';
    readonly #shell: Shell;
    readonly #connection: ShellConnection;

    constructor() {
      const print = (text: string): void => void (this.#said += text);
      const output: Output = { out: print, err: print, colour: { out: false, err: false } };
      this.#connection = new ShellConnection(
        { servers, timeoutMs: 10_000, readOnly: false, wait: false },
        (event) => this.#shell.printEvent(event),
      );
      this.#shell = new Shell(this.#connection, new TextPrinter(output, { connection: false, usage: true }));
    }

    static async begin(): Promise<Conversation> {
      const conversation = new Conversation();
      await conversation.#connection.connect();
      return conversation;
    }

    /** Runs a command and gives what was printed since the last one. */
    async say(line: string): Promise<string> {
      this.#said = '';
      await this.#shell.executeLine(line);
      return this.#said;
    }

    async [Symbol.asyncDispose](): Promise<void> {
      await this.#shell.leave();
    }
  }

  async function answers(...lines: string[]): Promise<string[]> {
    await using conversation = await Conversation.begin();
    const all: string[] = [];
    for (const line of lines) all.push(await conversation.say(line));
    return all;
  }

  it('prints the configuration and changes it', async () => {
    const [added = '', removed = '', client, config = ''] = await answers(
      'reconfig -add server.9=127.0.0.1:2888:3888:observer;2181',
      'reconfig -s -remove 9',
      'config -c',
      'config',
    );
    expect(added).to.match(
      /^Committed new configuration:\n(server\.[123]=.*\n){3}server\.9=127\.0\.0\.1:2888:3888:observer;0\.0\.0\.0:2181\nversion=[0-9a-f]+\n$/,
    );
    expect(removed).to.match(
      /^Committed new configuration:\n(server\.[123]=.*\n){3}version=[0-9a-f]+\ncZxid = /,
    );
    const version = /version=(\w+)/.exec(config)?.[1];
    expect(client).to.equal(`${version} \n`);
  });

  it('takes the members from a file or a list, and the version it is based on', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'zabkeeper-cli-'));
    try {
      const file = join(dir, 'members.cfg');
      const members = Object.entries(ensemble.membership).map(([key, value]) => `${key}=${value}`);
      writeFileSync(file, `tickTime=2000\n${members.join('\n')}\n`);
      writeFileSync(join(dir, 'bad.cfg'), 'server.1=nonsense\n');
      const [late, fromFile, fromList, bad] = await answers(
        `reconfig -v 1 -file ${file}`,
        `reconfig -file ${file}`,
        `reconfig -members ${members.join(',')}`,
        `reconfig -file ${dir}/bad.cfg`,
      );
      expect(late).to.equal('version No is not valid : /zookeeper/config\n');
      expect(fromFile).to.match(/^Committed new configuration:\n/);
      expect(fromList).to.match(/^Committed new configuration:\n/);
      expect(bad).to.match(/^Error processing .*bad\.cfg: server\.1=nonsense \(.*bad\.cfg, line 1\) /);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it('goes on with another server when its own ends', async () => {
    const [created] = await answers('create /moved x');
    expect(created).to.equal('Created /moved\n');
    const { followers } = await ensemble.settled('leader', 'follower');
    const [gone = 0] = followers;
    await ensemble.stop(gone);
    expect(await answers('sync /', 'get /moved')).to.deep.equal(['Sync is OK\n', 'x\n']);
  });

  it('forgets watches without a server by removewatches -l, and says of anything else that there is none', async () => {
    await using conversation = await Conversation.begin();
    await conversation.say('addWatch /moved');
    await Promise.all(IDS.map((id) => ensemble.stop(id)));
    const [refused, removed] = [
      await conversation.say('get /moved'),
      await conversation.say('removewatches /moved -l'),
    ];
    expect(refused).to.match(
      /KeeperErrorCode = ConnectionLoss for \/moved: (none of the 3 servers takes us, the last was )?127\.0\.0\.1:\d+: /,
    );
    expect(removed).to.match(/type:PersistentWatchRemoved path:\/moved zxid: -1\n$/);
  });
});
