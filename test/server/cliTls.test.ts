/** The shell and the benchmark over TLS, with options of their own and with those of Apache's client. */
import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startServer, type RunningServer } from '../../src/index.js';
import { Authority, type Certificate } from '../helpers/certificates.js';
import { freePorts } from './ensemble.js';

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

interface Outcome {
  readonly code: number;
  readonly output: string;
}

function zabkeeper(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, JVMFLAGS: '', CLIENT_JVMFLAGS: '', ...env }, timeout: 20_000 };
    execFile(process.execPath, [MAIN, ...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, output: stdout + stderr });
    });
  });
}

describe('zabkeeper cli and bench over TLS', function () {
  this.timeout(60_000);
  let authority: Authority;
  let alice: Certificate;
  let server: RunningServer;
  let address: string;
  before(async () => {
    authority = new Authority();
    alice = authority.issue('alice');
    const [port = 0] = await freePorts(1);
    server = await startServer({
      properties: {
        secureClientPort: String(port),
        secureClientPortAddress: '127.0.0.1',
        'ssl.keyStore.location': authority.issue('server').store,
        'ssl.trustStore.location': authority.file,
      },
    });
    address = `127.0.0.1:${port}`;
  });
  after(async () => {
    await server.close();
    authority[Symbol.dispose]();
  });

  it('cli takes --tls-ca, --tls-cert and --tls-key', async () => {
    const args = ['--tls-ca', authority.file, '--tls-cert', alice.certFile, '--tls-key', alice.keyFile];
    const { code, output } = await zabkeeper(['cli', '-q', '-s', address, ...args, 'whoami']);
    expect(output).to.contain('x509: CN=alice,O=Example');
    expect(code).to.equal(0);
  });

  it("cli takes the properties of Apache's client", async () => {
    const flags = [
      '-Dzookeeper.client.secure=true',
      '-Dzookeeper.clientCnxnSocket=org.apache.zookeeper.ClientCnxnSocketNetty',
      `-Dzookeeper.ssl.keyStore.location=${alice.store}`,
      `-Dzookeeper.ssl.trustStore.location=${authority.file}`,
    ].join(' ');
    const args = ['cli', '-q', '-s', address, 'whoami'];
    expect((await zabkeeper(args, { CLIENT_JVMFLAGS: flags })).output).to.contain('x509: CN=alice,O=Example');
    const broken = flags.replace(alice.store, '/nonexistent.pem');
    const { code, output } = await zabkeeper(args, { CLIENT_JVMFLAGS: broken });
    expect([code, output]).to.deep.equal([
      2,
      'The file /nonexistent.pem, named by zookeeper.ssl.keyStore.location, cannot be read: it does not exist. ' +
        'Correct the path, or let the user that runs this process read it.\n',
    ]);
  });

  it('cli trusts nobody whom it was not told to trust', async () => {
    const { code, output } = await zabkeeper(['cli', '-q', '-s', address, '--tls', 'whoami']);
    expect(code).to.equal(1);
    expect(output).to.match(/certificate/);
  });

  it('bench measures over TLS', async () => {
    const args = ['--tls-ca', authority.file, '--tls-cert', alice.store];
    const load = ['--seconds', '0.2', '--warmup', '0', '--connections', '2', '--json'];
    const { code, output } = await zabkeeper(['bench', 'get', '--server', address, ...args, ...load]);
    expect(code, output).to.equal(0);
    expect(output).to.match(/"errors": 0/);
    const missing = await zabkeeper(['bench', 'get', '--server', address, '--tls-ca', '/nonexistent']);
    expect(missing.code).to.equal(2);
    expect(missing.output).to.contain('--tls-ca cannot be read');
  });
});
