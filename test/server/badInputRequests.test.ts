/**
 * Why this file exists: whole frames whose content is wrong. Requests that cannot be decoded or done are answered and
 * the connection goes on; op codes without a meaning end it; failed attempts to be somebody end it too.
 */
import { expect } from 'chai';
import { startServer, type RunningServer } from '../../src/index.js';
import { readMultiHeader, type ACL, type Writer } from '../../src/codec/index.js';
import { ErrorCode, OPEN_ACL, OpCode, Perms, Xid } from '../../src/types/index.js';
import { Bystander, MemoryWatch } from './bystander.js';
import * as frames from './frames.js';
import { Wire } from './wire.js';

const { BADARGUMENTS, INVALIDACL, MARSHALLINGERROR, NODEEXISTS, NONODE, UNIMPLEMENTED, AUTHFAILED } =
  ErrorCode;

const worldReads: ACL = { perms: Perms.read, id: { scheme: 'world', id: 'anyone' } };

function entry(scheme: string | null, id: string | null): ACL {
  return { perms: Perms.all, id: { scheme, id } };
}

describe('requests that are wrong', () => {
  let server: RunningServer;
  let bystander: Bystander;
  let wire: Wire;
  before(async () => {
    server = await startServer();
    bystander = await Bystander.start(server.port);
  });
  after(async () => {
    await bystander[Symbol.asyncDispose]();
    await server.close();
  });
  beforeEach(async () => {
    wire = await Wire.connect(server.port);
  });
  afterEach(async () => {
    await wire[Symbol.asyncDispose]();
    await bystander.undisturbed();
  });

  async function expectStillServed(): Promise<void> {
    expect(await wire.call(frames.exists(1000, '/'))).to.include({ xid: 1000, err: 0 });
  }

  describe('bodies that cannot be decoded', () => {
    const empty = (type: number): Buffer => frames.request(1, type);
    const withPath = (writePath: (w: Writer) => void, type: number = OpCode.getData): Buffer =>
      frames.request(1, type, (w) => {
        writePath(w);
        w.boolean(false);
      });
    const length = (value: number, text = '/a') =>
      withPath((w) => {
        w.int(value);
        w.raw(Buffer.from(text));
      });
    const lists = (count: number): Buffer =>
      frames.request(Xid.setWatches, OpCode.setWatches, (w) => {
        w.long(0n);
        w.int(count);
        w.int(0);
        w.int(0);
      });
    const header = (w: Writer, type: number): void => {
      w.int(type);
      w.boolean(false);
      w.int(-1);
    };

    const rows: [claim: string, request: Buffer][] = [
      ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 17, 18, 19, 21, 101, 103, 104, 105, 106].map(
        (type): [string, Buffer] => [`no body at all, op ${type}`, empty(type)],
      ),
      ['a string of length 2^31-1', length(0x7fffffff)],
      ['a string of length -2', length(-2)],
      ['a string of length -2^31', length(-0x80000000)],
      ['a string that ends behind the frame', length(4)],
      ['a null path for getData', withPath((w) => w.int(-1))],
      ['2^31-1 access entries', frames.createWithAclCount(1, '/a', 0x7fffffff, OPEN_ACL)],
      ['more access entries than there are', frames.createWithAclCount(1, '/a', 2, OPEN_ACL)],
      ['2^31-1 watches', lists(0x7fffffff)],
      ['null for a list of watches', lists(-1)],
      [
        'an unknown kind of watcher',
        frames.request(1, OpCode.removeWatches, (w) => {
          w.ustring('/');
          w.int(6);
        }),
      ],
      ['an unknown mode of addWatch', frames.addWatch(1, '/', 2)],
      ['a multi without an end', frames.request(1, OpCode.multi, (w) => header(w, OpCode.check))],
      ['a multi of nothing', frames.request(1, OpCode.multi)],
      [
        'a multi inside a multi',
        frames.multi(1, [{ type: OpCode.multi, write: (w) => header(w, OpCode.check) }]),
      ],
      ['a setACL inside a multi', frames.multi(1, [{ type: OpCode.setACL, write: (w) => w.ustring('/') }])],
      ['a read inside a multi', frames.multi(1, [frames.op.getData('/')])],
      ['create flags of 7 inside a multi', frames.multi(1, [frames.op.create('/a', { flags: 7 })])],
      ['a write inside a multiRead', frames.multiRead(1, [frames.op.delete('/a')])],
      [
        'a multiRead inside a multiRead',
        frames.multiRead(1, [{ type: OpCode.multiRead, write: () => undefined }]),
      ],
    ];
    for (const [claim, request] of rows) {
      it(`${claim}: -5, and the connection goes on`, async () => {
        expect(await wire.call(request)).to.include({ err: MARSHALLINGERROR });
        await expectStillServed();
      });
    }

    it('5000 operations nested into each other neither crash nor recurse', async () => {
      const nested = frames.request(1, OpCode.multi, (w) => {
        for (let depth = 0; depth < 5000; depth++) header(w, OpCode.multi);
      });
      expect((await wire.call(nested)).err).to.equal(MARSHALLINGERROR);
      await expectStillServed();
    });
  });

  describe('op codes', () => {
    const unknown = [0, 10, 13, 20, 23, 24, 50, 99, 108, 1000, 0x7fffffff, -1, -2, -10, -12, -0x80000000];
    for (const type of unknown) {
      it(`${type} is answered -6 with zxid -1, nothing behind it, and the connection is closed`, async () => {
        wire.send(
          frames.request(9, type, (w) => w.ustring('/')),
          frames.getData(10, '/'),
        );
        expect(await wire.reply()).to.include({ xid: 9, zxid: -1n, err: UNIMPLEMENTED });
        expect((await wire.end()).byteLength).to.equal(0);
      });
    }

    it('20 (deleteContainer), which only the server may ask of itself, deletes nothing', async () => {
      await wire.call(frames.create(1, '/container'));
      wire.send(frames.request(2, 20, (w) => w.buffer(Buffer.from('/container'))));
      await wire.end();
      await using other = await Wire.connect(server.port);
      expect((await other.call(frames.exists(1, '/container'))).err).to.equal(0);
    });

    it('-10 (createSession) makes no session', async () => {
      const { sessionsCount } = server.status;
      wire.send(frames.request(2, -10, (w) => w.int(1000)));
      await wire.end();
      expect(server.status.sessionsCount).to.equal(sessionsCount);
    });

    it('reconfig by anybody is refused', async () => {
      const reconfig = frames.request(1, OpCode.reconfig, (w) => {
        for (let i = 0; i < 3; i++) w.ustring('server.1=127.0.0.1:1:2;3');
        w.long(-1n);
      });
      expect((await wire.call(reconfig)).err).to.equal(ErrorCode.RECONFIGDISABLED);
    });
  });

  describe('paths', () => {
    const rows: [shown: string, path: Buffer | string, err: number][] = [
      ['nothing', '', BADARGUMENTS],
      ['no slash', 'a', BADARGUMENTS],
      ['no slash in front', 'a/b', NONODE],
      ['the root', '/', NODEEXISTS],
      ['a slash behind', '/a/', NONODE],
      ['two slashes in front', '//a', BADARGUMENTS],
      ['two slashes', '/a//b', NONODE],
      ['a dot', '/.', BADARGUMENTS],
      ['two dots', '/..', BADARGUMENTS],
      ['a dot within', '/./a', NONODE],
      ['NUL', '/a\0b', BADARGUMENTS],
      ['NUL alone', '\0', BADARGUMENTS],
      ['a control character', '/a\u001f', BADARGUMENTS],
      ['DEL', '/a\u007f', BADARGUMENTS],
      ['an emoji', '/\u{1f600}', BADARGUMENTS],
      ['a private character', '/\ue000', BADARGUMENTS],
      ['a special', '/\uffff', BADARGUMENTS],
      ['bytes that are no UTF-8', Buffer.from('2fff', 'hex'), BADARGUMENTS],
      ['UTF-8 that ends too early', Buffer.from('2fe282', 'hex'), BADARGUMENTS],
      ['an overlong slash', Buffer.from('c0af61', 'hex'), BADARGUMENTS],
      ['a surrogate in three bytes', Buffer.from('2feda080', 'hex'), BADARGUMENTS],
      ['half a million slashes', '/'.repeat(500_000), NONODE],
      ['a quarter of a million components', '/a'.repeat(250_000), NONODE],
      ['half a million characters', `/${'x'.repeat(500_000)}`, 0],
    ];
    for (const [shown, path, err] of rows) {
      it(`${shown}: create is answered ${err}, reads and delete do not mind`, async () => {
        const bytes = typeof path === 'string' ? Buffer.from(path) : path;
        const asked = (type: number, writeRest: (w: Writer) => void): Buffer =>
          frames.request(type, type, (w) => {
            w.buffer(bytes);
            writeRest(w);
          });
        wire.send(
          asked(OpCode.create, (w) => {
            w.buffer(null);
            w.int(1);
            w.int(Perms.all);
            w.ustring('world');
            w.ustring('anyone');
            w.int(0);
          }),
          ...[OpCode.getData, OpCode.exists, OpCode.getChildren].map((type) =>
            asked(type, (w) => w.boolean(false)),
          ),
          asked(OpCode.delete, (w) => w.int(-1)),
        );
        const [created, ...others] = await wire.replies(5);
        expect(created?.err).to.equal(err);
        for (const { err: other } of others) expect(other).to.be.oneOf([0, NONODE, BADARGUMENTS]);
        await expectStillServed();
      });
    }
  });

  describe('access lists', () => {
    const rows: [claim: string, acl: readonly ACL[] | null][] = [
      ['null', null],
      ['empty', []],
      ['of ten thousand entries', Array.from({ length: 10_000 }, (_, i) => entry('digest', `user${i}:hash`))],
      [
        'of ten thousand addresses',
        Array.from({ length: 10_000 }, (_, i) => entry('ip', `10.0.${i >> 8}.${i & 255}`)),
      ],
      ['with an unknown scheme', [entry('nonsense', 'a')]],
      ['without a scheme', [entry(null, 'a')]],
      ['with the scheme super', [entry('super', '')]],
      ['with a world that is not anyone', [entry('world', 'someone')]],
      ['with a digest without a colon', [entry('digest', 'user')]],
      ['with a digest of three parts', [entry('digest', 'a:b:c')]],
      ['with an address that is none', [entry('ip', '300.1.2.3')]],
      ['with too many bits', [entry('ip', '10.0.0.0/33')]],
      ['with auth and nobody authenticated', [entry('auth', '')]],
      ['with a good entry and a bad one', [worldReads, entry('nonsense', 'a')]],
      ['with an id of 500 kB', [entry('ip', '1'.repeat(500_000))]],
    ];
    for (const [claim, acl] of rows) {
      it(`a list ${claim} is refused with -114`, async () => {
        expect((await wire.call(frames.create(1, '/acl', { acl }))).err).to.equal(INVALIDACL);
        expect((await wire.call(frames.setAcl(2, '/', acl))).err).to.equal(INVALIDACL);
        expect((await wire.call(frames.exists(3, '/acl'))).err).to.equal(NONODE);
      });
    }

    it('auth entries do not multiply beyond the limit either', async () => {
      for (let i = 0; i < 20; i++)
        expect((await wire.call(frames.auth('digest', `user${i}:x`))).err).to.equal(0);
      const acl = Array.from({ length: 100 }, (_, i) => ({ perms: i, id: { scheme: 'auth', id: '' } }));
      expect((await wire.call(frames.create(1, '/many', { acl }))).err).to.equal(INVALIDACL);
      expect((await wire.call(frames.create(2, '/fewer', { acl: acl.slice(0, 10) }))).err).to.equal(0);
    });
  });

  describe('somebody else', () => {
    const refused: [claim: string, request: Buffer][] = [
      ['an unknown scheme', frames.auth('nonsense', 'a')],
      ['no scheme', frames.auth(null, 'a')],
      ['the scheme world', frames.auth('world', 'anyone')],
      ['the scheme super', frames.auth('super', '')],
      ['digest without data', frames.auth('digest', null)],
      ['a digest of 100 kB', frames.auth('digest', Buffer.alloc(100_000, 0x61))],
    ];
    for (const [claim, request] of refused) {
      it(`${claim}: -115 with zxid 0, and the connection is closed`, async () => {
        wire.send(request, frames.getData(2, '/'));
        expect(await wire.reply()).to.include({ xid: Xid.auth, zxid: 0n, err: AUTHFAILED });
        expect((await wire.end()).byteLength).to.equal(0);
      });
    }

    it('an auth packet that cannot be decoded closes the connection', async () => {
      wire.send(frames.request(Xid.auth, OpCode.auth, (w) => w.int(0)));
      expect((await wire.end()).byteLength).to.equal(0);
    });

    it('a connection may be a hundred people and no more', async () => {
      const attempts = Array.from({ length: 200 }, (_, i) => frames.auth('digest', `user${i}:secret`));
      wire.send(...attempts);
      let accepted = 0;
      while ((await wire.reply()).err === 0) accepted++;
      expect(accepted).to.equal(99);
      await wire.end();
    });

    it('the same identity again and again is one', async () => {
      wire.send(...Array.from({ length: 300 }, () => frames.auth('digest', 'me:secret')));
      for (let i = 0; i < 300; i++) expect((await wire.reply()).err).to.equal(0);
      const whoAmI = await wire.call(frames.request(1, OpCode.whoAmI));
      expect(whoAmI.body.int()).to.equal(2);
    });
  });

  it('a multi of as many operations as fit a frame is done, and so is one that fails at its end', async () => {
    const memory = new MemoryWatch();
    const checks = Array.from({ length: 55_000 }, () => frames.op.check('/'));
    for (const [last, code] of [
      [frames.op.check('/'), 0],
      [frames.op.check('/missing'), NONODE],
    ] as const) {
      const { err, body } = await wire.call(frames.multi(1, [...checks, last]));
      expect(err).to.equal(0);
      let result = readMultiHeader(body);
      let codes = 0;
      let lastCode = 0;
      for (; !result.done; result = readMultiHeader(body), codes++)
        lastCode = result.type === -1 ? body.int() : 0;
      expect(codes).to.equal(55_001);
      expect(lastCode).to.equal(code);
    }
    memory.expectGrowth({ peakMib: 250, leftMib: 20 });
  });
});

describe('SASL tokens', () => {
  let server: RunningServer;
  before(async () => {
    server = await startServer({ properties: { 'zabkeeper.sasl.user.bob': 'secret' } });
  });
  after(() => server.close());

  it('a token of 100 kB: -115, and the connection is closed', async () => {
    await using wire = await Wire.connect(server.port);
    await wire.call(frames.sasl(1, Buffer.alloc(0)));
    expect((await wire.call(frames.sasl(2, Buffer.alloc(100_000, 0x61)))).err).to.equal(AUTHFAILED);
    await wire.end();
  });

  it('rounds without end are ended', async () => {
    await using wire = await Wire.connect(server.port);
    let rounds = 0;
    while ((await wire.call(frames.sasl(rounds, Buffer.alloc(0)))).err === 0) rounds++;
    expect(rounds).to.be.at.most(10);
    await wire.end();
  });

  for (const [claim, token] of [
    ['garbage', Buffer.alloc(4000, 0x3d)],
    ['commas', Buffer.alloc(4000, 0x2c)],
    ['quotes', Buffer.alloc(4000, 0x22)],
    ['a name without end', Buffer.from(`username="${'a'.repeat(3900)}`)],
    ['blanks without end', Buffer.from(`username=${' '.repeat(3900)}x`)],
    ['backslashes', Buffer.from(`username="${'\\'.repeat(3900)}`)],
  ] as const) {
    it(`${claim} in a token is refused in no time`, async () => {
      await using wire = await Wire.connect(server.port);
      await wire.call(frames.sasl(1, Buffer.alloc(0)));
      const startedAt = performance.now();
      expect((await wire.call(frames.sasl(2, token))).err).to.equal(AUTHFAILED);
      expect(performance.now() - startedAt, 'ms').to.be.lessThan(500);
      await wire.end();
    });
  }

  it('null for a token closes the connection', async () => {
    await using wire = await Wire.connect(server.port);
    wire.send(frames.sasl(1, null));
    expect((await wire.end()).byteLength).to.equal(0);
  });
});
