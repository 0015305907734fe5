/**
 * Why this file exists: who a client is. Digest, SASL DIGEST-MD5 and the super user, end to end; what happens to those
 * who fail; and servers that answer nobody they do not know.
 */
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { connect, startServer, type RunningServer } from '../../src/index.js';
import { ErrorCode, OpCode, Perms, Xid } from '../../src/types/index.js';
import { startServer as startProcess } from '../interop/server.js';
import * as frames from './frames.js';
import { Wire } from './wire.js';

const { AUTHFAILED, NOAUTH, SESSIONCLOSEDREQUIRESASLAUTH } = ErrorCode;
const URI = 'zookeeper/zk-sasl-md5';

function md5(text: string | Buffer, ...more: readonly string[]): Buffer {
  const hash = createHash('md5').update(text);
  for (const part of more) hash.update(part);
  return hash.digest();
}

/** What RFC 2831 makes of a password, written down a second time. */
function prove(user: string, password: string, nonce: string, method: string): string {
  const secret = md5(md5(`${user}:zk-sasl-md5:${password}`), `:${nonce}:cnonce`).toString('hex');
  return md5(`${secret}:${nonce}:00000001:cnonce:auth:${md5(`${method}:${URI}`).toString('hex')}`).toString(
    'hex',
  );
}

interface Login {
  readonly err: number;
  readonly token: string | null;
  /** What the server must know to be the right one. */
  readonly expected: string;
}

async function login(wire: Wire, user: string, password: string): Promise<Login> {
  const challenge = await wire.call(frames.sasl(1, Buffer.alloc(0)));
  const nonce = /nonce="([^"]+)"/.exec(challenge.body.buffer().toString())?.[1] ?? '';
  const answer =
    `charset=utf-8,username="${user}",realm="zk-sasl-md5",nonce="${nonce}",nc=00000001,cnonce="cnonce",` +
    `digest-uri="${URI}",maxbuf=65536,response=${prove(user, password, nonce, 'AUTHENTICATE')},qop=auth`;
  const { err, body } = await wire.call(frames.sasl(2, Buffer.from(answer)));
  const token = body.bufferOrNull();
  return { err, token: token?.toString() ?? null, expected: `rspauth=${prove(user, password, nonce, '')}` };
}

async function identities(wire: Wire): Promise<string[]> {
  const { body } = await wire.call(frames.request(9, OpCode.whoAmI));
  return body.vector(8, (r) => `${r.ustring()}:${r.ustring()}`).sort();
}

const onlyFor = (scheme: string, id: string) => [{ perms: Perms.all, id: { scheme, id } }];

describe('SASL DIGEST-MD5', () => {
  const properties = {
    'zabkeeper.sasl.user.bob': 'secret',
    'zabkeeper.sasl.user.root': 'toor',
    superUser: 'root',
  };
  let server: RunningServer;
  before(async () => {
    server = await startServer({ properties });
  });
  after(() => server.close());

  it('makes a client who it says it is, and proves that the server knows the password too', async () => {
    await using wire = await Wire.connect(server.port);
    const { err, token, expected } = await login(wire, 'bob', 'secret');
    expect([err, token]).to.deep.equal([0, expected]);
    expect(await identities(wire)).to.deep.equal(['ip:127.0.0.1', 'sasl:bob']);
  });

  it('guards znodes', async () => {
    await using bob = await Wire.connect(server.port);
    await login(bob, 'bob', 'secret');
    expect((await bob.call(frames.create(3, '/bobs', { acl: onlyFor('sasl', 'bob') }))).err).to.equal(0);
    expect((await bob.call(frames.getData(4, '/bobs'))).err).to.equal(0);
    await using stranger = await Wire.connect(server.port);
    expect((await stranger.call(frames.getData(1, '/bobs'))).err).to.equal(NOAUTH);
    await using root = await Wire.connect(server.port);
    await login(root, 'root', 'toor');
    expect((await root.call(frames.getData(1, '/bobs'))).err, 'of the super user').to.equal(0);
  });

  for (const [claim, user, password] of [
    ['a wrong password', 'bob', 'wrong'],
    ['an unknown user', 'nobody', 'secret'],
    ['no user', '', ''],
  ] as const) {
    it(`${claim}: -115 with a null token, and the connection is closed`, async () => {
      await using wire = await Wire.connect(server.port);
      const { err, token } = await login(wire, user, password);
      expect([err, token]).to.deep.equal([AUTHFAILED, null]);
      expect((await wire.end()).byteLength).to.equal(0);
    });
  }

  it('allowSaslFailedClients=true keeps who failed, as nobody', async () => {
    await using lenient = await startServer({
      properties: { ...properties, allowSaslFailedClients: 'true' },
    });
    await using wire = await Wire.connect(lenient.port);
    const { err, token } = await login(wire, 'bob', 'wrong');
    expect([err, token]).to.deep.equal([0, null]);
    expect(await identities(wire)).to.deep.equal(['ip:127.0.0.1']);
  });

  it('a server without users answers null, and the client goes on', async () => {
    await using none = await startServer();
    await using wire = await Wire.connect(none.port);
    const { err, body, zxid } = await wire.call(frames.sasl(1, Buffer.alloc(0)));
    expect([err, zxid, body.bufferOrNull()]).to.deep.equal([0, 0n, null]);
    expect((await wire.call(frames.exists(2, '/'))).err).to.equal(0);
  });

  it('knows the users of a JAAS file', async () => {
    const jaas = `Server {
      org.apache.zookeeper.server.auth.DigestLoginModule required
      user_super="adminsecret"
      user_bob="bobsecret";
    };`;
    const provider = 'org.apache.zookeeper.server.auth.SASLAuthenticationProvider';
    await using process = await startProcess({
      flavour: 'zabkeeper',
      jaas,
      config: { 'authProvider.1': provider },
    });
    await using bob = await Wire.connect(process.port);
    expect((await login(bob, 'bob', 'bobsecret')).err).to.equal(0);
    expect((await bob.call(frames.create(3, '/bobs', { acl: onlyFor('sasl', 'bob') }))).err).to.equal(0);
    await using thief = await Wire.connect(process.port);
    expect((await login(thief, 'bob', 'adminsecret')).err).to.equal(AUTHFAILED);
    // A user of this name matches every sasl entry.
    await using zk = await connect({
      servers: process.connectString,
      sasl: { username: 'super', password: 'adminsecret' },
    });
    expect((await zk.getData('/bobs')).data).to.equal(null);
  });
});

describe('servers that answer nobody they do not know', () => {
  for (const [claim, properties] of [
    ['enforce.auth', { 'enforce.auth.enabled': 'true', 'enforce.auth.schemes': 'digest' }],
    [
      'sessionRequireClientSASLAuth',
      { sessionRequireClientSASLAuth: 'true', 'zabkeeper.sasl.user.bob': 'secret' },
    ],
  ] as const) {
    for (const [what, request] of [
      ['a read', frames.getData(5, '/')],
      ['a write', frames.create(5, '/a')],
      ['a ping', frames.request(5, OpCode.ping)],
      ['a closeSession', frames.closeSession(5)],
      ['nonsense', frames.request(5, 99)],
    ] as const) {
      it(`${claim}: ${what} before that is answered -124 with zxid 0, then the connection is closed`, async () => {
        await using server = await startServer({ properties });
        await using wire = await Wire.connect(server.port);
        wire.send(request, frames.getData(6, '/'));
        expect(await wire.reply()).to.include({ xid: 5, zxid: 0n, err: SESSIONCLOSEDREQUIRESASLAUTH });
        expect((await wire.end()).byteLength).to.equal(0);
      });
    }
  }

  it('enforce.auth lets in who has shown a digest, and not who has shown an address', async () => {
    const properties = { 'enforce.auth.enabled': 'true', 'enforce.auth.schemes': 'digest' };
    await using server = await startServer({ properties });
    await using wire = await Wire.connect(server.port);
    wire.send(frames.auth('digest', 'me:secret'), frames.create(1, '/a'), frames.ping());
    expect((await wire.replies(3)).map(({ err }) => err)).to.deep.equal([0, 0, 0]);
    await using other = await Wire.connect(server.port);
    expect((await other.call(frames.auth('ip', ''))).err).to.equal(0);
    expect((await other.call(frames.exists(2, '/a'))).err).to.equal(SESSIONCLOSEDREQUIRESASLAUTH);
  });

  it('sessionRequireClientSASLAuth lets in who has logged in, and tells who failed -124', async () => {
    const properties = { sessionRequireClientSASLAuth: 'true', 'zabkeeper.sasl.user.bob': 'secret' };
    await using server = await startServer({ properties: { ...properties, allowSaslFailedClients: 'true' } });
    await using bob = await Wire.connect(server.port);
    expect((await login(bob, 'bob', 'secret')).err).to.equal(0);
    expect((await bob.call(frames.exists(3, '/'))).err).to.equal(0);
    await using thief = await Wire.connect(server.port);
    expect(await login(thief, 'bob', 'wrong')).to.include({ err: SESSIONCLOSEDREQUIRESASLAUTH, token: null });
    await thief.end();
  });
});

describe('digests', () => {
  const superDigest = { 'DigestAuthenticationProvider.superDigest': 'super:xQJmxLMiHGwaqBvst5y6rkB6HQs=' };
  let server: RunningServer;
  before(async () => {
    server = await startServer({ properties: superDigest });
  });
  after(() => server.close());

  it('the super user may do everything, and only with the right password', async () => {
    await using owner = await Wire.connect(server.port);
    await owner.call(frames.auth('digest', 'owner:secret'));
    await owner.call(frames.create(1, '/owned', { acl: onlyFor('auth', '') }));
    await using root = await Wire.connect(server.port);
    expect((await root.call(frames.auth('digest', 'super:admin'))).err).to.equal(0);
    wireOk(await root.call(frames.setData(1, '/owned', 'mine')));
    wireOk(await root.call(frames.setData(2, '/zookeeper/config', 'mine')));
    await using guesser = await Wire.connect(server.port);
    expect((await guesser.call(frames.auth('digest', 'super:guess'))).err).to.equal(0);
    expect((await guesser.call(frames.setData(1, '/owned', 'mine'))).err).to.equal(NOAUTH);
    wireOk(await owner.call(frames.del(2, '/owned')));
  });

  it('identities belong to the connection, not to the session', async () => {
    await using owner = await Wire.connect(server.port);
    await owner.call(frames.auth('digest', 'owner:secret'));
    await owner.call(frames.create(1, '/secret', { acl: onlyFor('auth', '') }));
    await using again = await Wire.resume(server.port, owner);
    expect((await again.call(frames.getData(1, '/secret'))).err).to.equal(NOAUTH);
    expect((await again.call(frames.auth('digest', 'owner:secret'))).xid).to.equal(Xid.auth);
    wireOk(await again.call(frames.getData(2, '/secret')));
  });

  it('who may read but not administer sees no hashes', async () => {
    await using owner = await Wire.connect(server.port);
    await owner.call(frames.auth('digest', 'owner:secret'));
    const [mine] = onlyFor('auth', '');
    const worldReads = { perms: Perms.read, id: { scheme: 'world', id: 'anyone' } };
    await owner.call(frames.create(1, '/redacted', { acl: mine === undefined ? [] : [mine, worldReads] }));
    await using reader = await Wire.connect(server.port);
    const idsOf = async (wire: Wire): Promise<string[]> => {
      const { body } = await wire.call(frames.pathOnly(2, OpCode.getACL, '/redacted'));
      return body.vector(12, (r) => (r.int(), r.ustring(), r.ustring()));
    };
    expect(await idsOf(reader)).to.deep.equal(['owner:x', 'anyone']);
    expect((await idsOf(owner))[0]).to.match(/^owner:.{28}$/);
  });
});

function wireOk({ err }: { readonly err: number }): void {
  expect(err).to.equal(0);
}
