/** Which servers a connection string names, and the order in which they are tried. */
import { expect } from 'chai';
import { KeeperError, parseConnectString } from '../../../src/client/index.js';
import { formatAddress, ServerList } from '../../../src/client/serverList.js';

const accepted: [claim: string, text: string, servers: string[], chroot: string][] = [
  ['one server', 'zk1:2182', ['zk1:2182'], ''],
  ['the port defaults to 2181', 'zk1', ['zk1:2181'], ''],
  ['several servers', 'zk1:1,zk2:2,zk3', ['zk1:1', 'zk2:2', 'zk3:2181'], ''],
  ['a chroot', 'zk1:1,zk2:2/app/a', ['zk1:1', 'zk2:2'], '/app/a'],
  ['the root as chroot', 'zk1/', ['zk1:2181'], '/'],
  ['spaces and empty parts are nothing', ' zk1 , ,zk2,', ['zk1:2181', 'zk2:2181'], ''],
  ['IPv6 in brackets', '[::1]:2183,[fe80::1]', ['[::1]:2183', '[fe80::1]:2181'], ''],
  ['IPv6 bare, without a port', '::1', ['[::1]:2181'], ''],
];

const refused: [claim: string, text: string][] = [
  ['nothing', ''],
  ['a chroot alone', '/app'],
  ['a port that is no number', 'zk1:x'],
  ['port 0', 'zk1:0'],
  ['a port above 65535', 'zk1:65536'],
  ['no host', ':2181'],
  ['an empty port', 'zk1:'],
];

describe('parseConnectString', () => {
  for (const [claim, text, servers, chroot] of accepted) {
    it(`reads: ${claim}`, () => {
      const parsed = parseConnectString(text);
      expect(parsed.servers.map(formatAddress)).to.deep.equal(servers);
      expect(parsed.chroot).to.equal(chroot);
    });
  }

  for (const [claim, text] of refused) {
    it(`refuses: ${claim}`, () => {
      expect(() => parseConnectString(text)).to.throw(KeeperError, 'BADARGUMENTS');
    });
  }
});

describe('ServerList', () => {
  const servers = [1, 2, 3, 4].map((port) => ({ host: 'h', port }));
  const take = (list: ServerList, count: number): number[] =>
    Array.from({ length: count }, () => list.next().port);

  it('walks round in the order given without a source of random numbers', () => {
    expect(take(new ServerList(servers, undefined), 6)).to.deep.equal([1, 2, 3, 4, 1, 2]);
  });

  it('shuffles once, by the numbers it is given', () => {
    const numbers = [0.1, 0.9, 0.3];
    const list = new ServerList(servers, () => numbers.shift() ?? 0);
    expect(take(list, 8)).to.deep.equal([2, 4, 3, 1, 2, 4, 3, 1]);
  });

  it('reaches every order', () => {
    let seed = 1;
    const random = (): number => (seed = (seed * 48271) % 0x7fffffff) / 0x7fffffff;
    const orders = new Set<string>();
    for (let i = 0; i < 500; i++) orders.add(take(new ServerList(servers, random), 4).join());
    expect(orders.size).to.equal(24);
  });

  it('can be told which one comes next', () => {
    const list = new ServerList(servers, undefined);
    const third = servers[2];
    if (third !== undefined) list.prefer(third);
    expect(take(list, 3)).to.deep.equal([3, 4, 1]);
  });
});
