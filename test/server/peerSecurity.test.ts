/**
 * Whole ensembles with protected links: they elect, replicate and heal as others do, and a server that does not belong to
 * them takes no part, whatever its configuration says.
 */
import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, startServer } from '../../src/index.js';
import { Authority } from '../helpers/certificates.js';
import { Ensemble, freePorts, IDS } from './ensemble.js';

/** A write through one follower is read through the other, and again after the leader has gone. */
async function works(ensemble: Ensemble): Promise<void> {
  const { leader, followers } = await ensemble.settled('leader', 'follower');
  const servers = followers.map((id) => `127.0.0.1:${ensemble.port(id)}`).join(',');
  await using client = await connect({ servers });
  await client.create('/a', 'b');
  await ensemble.stop(leader);
  await ensemble.settled('leader', 'follower');
  await client.setData('/a', 'c');
  await client.sync('/');
  expect((await client.getData('/a')).data?.toString()).to.equal('c');
  await ensemble.start(leader);
  await ensemble.settled('leader', 'follower');
}

describe('an ensemble with protected links', function () {
  this.timeout(90_000);
  let authority: Authority;
  let directory: string;
  before(() => {
    authority = new Authority();
    directory = mkdtempSync(join(tmpdir(), 'peer-security-'));
    writeFileSync(join(directory, 'secret'), 'a secret of enough characters\n');
    writeFileSync(join(directory, 'other'), 'another one of as many letters\n');
  });
  after(() => {
    authority[Symbol.dispose]();
    rmSync(directory, { recursive: true });
  });

  const stores = (name: string, ca: Authority): Record<string, string> => ({
    'ssl.quorum.keyStore.location': ca.issue(name).store,
    'ssl.quorum.trustStore.location': ca.file,
  });

  it('over TLS elects, replicates and heals', async () => {
    await using ensemble = new Ensemble(await freePorts(6), {
      sslQuorum: 'true',
      ...stores('member', authority),
    });
    await Promise.all(IDS.map((id) => ensemble.start(id)));
    await works(ensemble);
  });

  it('over TLS does without a server that another authority vouches for', async () => {
    using stranger = new Authority('Stranger');
    const ports = await freePorts(6);
    await using ensemble = new Ensemble(ports, { sslQuorum: 'true', ...stores('member', authority) });
    await using foreign = new Ensemble(ports, { sslQuorum: 'true', ...stores('foreign', stranger) });
    await Promise.all([ensemble.start(1), ensemble.start(2), foreign.start(3)]);
    await ensemble.settled('leader', 'follower');
    expect(await foreign.mode(3)).to.equal(undefined);
  });

  it('changes over to TLS by restarts, without losing a write', async () => {
    const ports = await freePorts(6);
    const own = stores('member', authority);
    const steps: Record<string, string>[] = [
      {},
      { ...own, sslQuorum: 'false', portUnification: 'true' },
      { ...own, sslQuorum: 'true', portUnification: 'true' },
      { ...own, sslQuorum: 'true' },
    ];
    const data = mkdtempSync(join(tmpdir(), 'peer-change-'));
    try {
      const [first = {}, ...later] = steps;
      const ensembles = [new Ensemble(ports, first, data)];
      let [current] = ensembles as [Ensemble];
      try {
        await Promise.all(IDS.map((id) => current.start(id)));
        let writes = 0;
        for (const properties of later) {
          const next = new Ensemble(ports, properties, data);
          ensembles.push(next);
          for (const id of IDS) {
            await current.stop(id);
            await next.start(id);
            const own = next;
            await own.until(async () => ['leader', 'follower'].includes((await own.mode(id)) ?? ''));
            await using client = await connect({ servers: `127.0.0.1:${next.port(id)}` });
            await client.create(`/step-${writes++}`);
          }
          current = next;
        }
        await current.settled('leader', 'follower');
        await using client = await connect({ servers: `127.0.0.1:${current.port(1)}` });
        await client.sync('/');
        const { children } = await client.getChildren('/');
        expect(children.filter((name) => name.startsWith('step-'))).to.have.length(writes);
      } finally {
        for (const each of ensembles) await each[Symbol.asyncDispose]();
      }
    } finally {
      rmSync(data, { recursive: true, force: true });
    }
  });

  it('with a secret elects, replicates and heals, and does without a server that has another one', async () => {
    const ports = await freePorts(6);
    const secret = { 'zabkeeper.quorumSecretFile': join(directory, 'secret') };
    await using ensemble = new Ensemble(ports, secret);
    await Promise.all(IDS.map((id) => ensemble.start(id)));
    await works(ensemble);
    await ensemble.stop(3);
    await using foreign = new Ensemble(ports, { 'zabkeeper.quorumSecretFile': join(directory, 'other') });
    await foreign.start(3);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(await foreign.mode(3)).to.equal(undefined);
    expect((await ensemble.settled('leader', 'follower')).followers).to.have.length(1);
  });

  it('does not start with a key store that cannot be used', async () => {
    const properties = { ...stores('x', authority), sslQuorum: 'true', initLimit: '5', syncLimit: '5' };
    const lines = new Ensemble(await freePorts(6)).membership;
    const broken = { ...properties, ...lines, 'ssl.quorum.keyStore.location': join(directory, 'none.pem') };
    const error = await startServer({ serverId: 1, properties: broken }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(Error).with.property('exitCode', 2);
  });
});
