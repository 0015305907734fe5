/** What the options become, and which of them are refused. */
import { expect } from 'chai';
import { KeeperError, type ClientOptions } from '../../../src/client/index.js';
import { Chroot } from '../../../src/client/chroot.js';
import { readOptions } from '../../../src/client/options.js';

const refused: [claim: string, options: ClientOptions][] = [
  ['no server', { servers: [] }],
  ['a chroot within a list', { servers: ['a:1/app'] }],
  ['a port out of range', { servers: [{ host: 'a', port: 99_999 }] }],
  ['a relative chroot', { servers: 'a', chroot: 'app' }],
  ['a chroot that ends with a slash', { servers: 'a', chroot: '/app/' }],
  ['a negative duration', { servers: 'a', sessionTimeoutMs: -1 }],
  ['a duration that is no whole number', { servers: 'a', connectTimeoutMs: 0.5 }],
  ['a duration beyond 31 bits', { servers: 'a', sessionTimeoutMs: 2 ** 31 }],
];

describe('readOptions', () => {
  it('fills in the defaults', () => {
    const config = readOptions({ servers: 'a,b,c' });
    expect(config.sessionTimeoutMs).to.equal(30_000);
    expect(config.attemptTimeoutMs).to.equal(10_000);
    expect(config.chroot.prefix).to.equal('');
    expect(config.shuffle).to.equal(true);
    expect(config.tls).to.equal(undefined);
  });

  it('puts the chroot option behind that of the connection string', () => {
    expect(readOptions({ servers: 'a/app', chroot: '/b' }).chroot.prefix).to.equal('/app/b');
    expect(readOptions({ servers: 'a/', chroot: '/b' }).chroot.prefix).to.equal('/b');
    expect(readOptions({ servers: 'a/app', chroot: '/' }).chroot.prefix).to.equal('/app');
  });

  it('takes a list of both kinds of address', () => {
    const { servers } = readOptions({ servers: ['a:1,b', { host: '::1', port: 3 }] });
    expect(servers).to.deep.equal([
      { host: 'a', port: 1 },
      { host: 'b', port: 2181 },
      { host: '::1', port: 3 },
    ]);
  });

  for (const [claim, options] of refused) {
    it(`refuses: ${claim}`, () => {
      expect(() => readOptions(options)).to.throw(KeeperError, 'BADARGUMENTS');
    });
  }
});

describe('Chroot', () => {
  const rows: [chroot: string, client: string, server: string][] = [
    ['', '/a', '/a'],
    ['', '/', '/'],
    ['', 'no path at all', 'no path at all'],
    ['/', '/a', '/a'],
    ['/app', '/', '/app'],
    ['/app', '/a/b', '/app/a/b'],
    ['/app/x', '/app', '/app/x/app'],
  ];
  for (const [chroot, client, server] of rows) {
    it(`of '${chroot}' turns '${client}' into '${server}' and back`, () => {
      expect(new Chroot(chroot).toServer(client)).to.equal(server);
      expect(new Chroot(chroot).toClient(server)).to.equal(client);
    });
  }

  it('leaves paths outside of it as they are', () => {
    expect(new Chroot('/app').toClient('/apple')).to.equal('/apple');
    expect(new Chroot('/app').toClient('/zookeeper/config')).to.equal('/zookeeper/config');
  });

  it('refuses a relative path, which would name a sibling', () => {
    expect(() => new Chroot('/app').toServer('le')).to.throw(KeeperError, 'BADARGUMENTS');
  });
});
