/** The audit log: every change that a client asked for, who it was and what came of it, and no secrets. */
import { expect } from 'chai';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { connect, startServer } from '../../src/index.js';
import { Audit } from '../../src/server/audit.js';
import { OpCode, sessionIdOf } from '../../src/types/index.js';

interface Line {
  readonly operation: string;
  readonly [field: string]: string;
}

describe('the audit log', () => {
  let directory: string;
  before(() => (directory = mkdtempSync(join(tmpdir(), 'audit-'))));
  after(() => rmSync(directory, { recursive: true }));

  const linesOf = (file: string): Line[] =>
    readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Line);

  it('has a line for each change, with what ZooKeeper says about it', async () => {
    const file = join(directory, 'audit.log');
    {
      await using server = await startServer({
        properties: { 'audit.enable': 'true', 'zabkeeper.auditFile': file },
      });
      await using zk = await connect({
        servers: server.connectString,
        auth: [{ scheme: 'digest', auth: 'ann:a secret' }],
      });
      await zk.create('/a', 'data that is not recorded');
      await zk.create('/a/seq-', '', { ephemeral: true, sequential: true });
      await zk.setAcl('/a', [
        { perms: 31, id: { scheme: 'auth', id: '' } },
        { perms: 1, id: { scheme: 'digest', id: 'bob:hash' } },
      ]);
      await zk.setData('/a', 'more');
      await zk.getData('/a');
      expect(await zk.delete('/none').catch(String)).to.match(/NONODE/);
      await zk.multi([
        { type: 'create', path: '/m' },
        { type: 'setData', path: '/a', data: 'x' },
      ]);
      const failing = zk.multi([
        { type: 'create', path: '/n' },
        { type: 'delete', path: '/none' },
      ]);
      expect(await failing.catch(() => 'failed')).to.equal('failed');
    }
    const lines = linesOf(file);
    const changes = lines.map(
      ({ operation, znode = '', result }) => `${operation} ${znode} ${String(result)}`,
    );
    expect(changes).to.deep.equal([
      'serverStart  success',
      'create /a success',
      'create /a/seq-0000000000 success',
      'setAcl /a success',
      'setData /a success',
      'delete /none failure',
      'create /m success',
      'setData /a success',
      'multiOperation  failure',
      'serverStop  success',
    ]);
    const [, first, second, third] = lines;
    expect(first).to.include({
      user: '127.0.0.1,ann',
      ip: '127.0.0.1',
      znode_type: 'persistent',
      acl: 'world:anyone:cdrwa',
    });
    expect(first?.['session']).to.match(/^0x[0-9a-f]+$/);
    expect(first?.['time']).to.match(/^\d{4}-\d\d-\d\dT/);
    expect(second?.['znode_type']).to.equal('ephemeral_sequential');
    expect(third?.['acl']).to.equal('auth::cdrwa,digest:bob:x:r');
    const text = readFileSync(file, 'utf8');
    for (const secret of ['a secret', 'hash', 'data that']) expect(text).not.to.contain(secret);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
  });

  it('records a change whose answer never came as invoked', () => {
    const file = join(directory, 'invoked.log');
    const audit = new Audit(file, pino({ level: 'silent' }));
    const trail = audit.trail();
    const who = {
      sessionId: sessionIdOf(1n),
      address: '192.0.2.1',
      identities: [{ scheme: 'ip', id: '192.0.2.1' }],
    };
    const request = { type: OpCode.delete, record: { path: '/late', version: -1 } };
    trail.asked(1, request, who);
    trail.asked(2, { ...request, record: { path: '/later', version: -1 } }, who);
    trail.answered(1, 0, undefined);
    trail.abandoned();
    trail.abandoned();
    audit.noteServer('serverStop');
    expect(linesOf(file).map(({ znode = '', result }) => `${znode} ${String(result)}`)).to.deep.equal([
      '/late success',
      '/later invoked',
      ' success',
    ]);
  });

  it('stops the start when it cannot be written', async () => {
    const file = '/nonexistent/audit.log';
    const properties = { 'audit.enable': 'true', 'zabkeeper.auditFile': file };
    const error = await startServer({ properties }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(Error).with.property('exitCode', 2);
    expect(String(error)).to.contain(`The audit log ${file} (zabkeeper.auditFile) cannot be written`);
  });

  it('is not written unless it is enabled', async () => {
    const file = join(directory, 'none.log');
    await using server = await startServer({ properties: { 'zabkeeper.auditFile': file } });
    await using zk = await connect({ servers: server.connectString });
    await zk.create('/a', '');
    expect(statSync(file, { throwIfNoEntry: false })).to.equal(undefined);
  });
});
