/** Who may not have a link (zab.md 8, rows of the election and quorum ports), and what the ports open on. */
import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import { expect } from 'chai';
import { judgeHello, type HelloContext } from '../../../src/net/peerHello.js';
import { Resolver } from '../../../src/net/peerAddresses.js';
import { ListenError, PeerLinks, type Hello } from '../../../src/net/index.js';
import { Ensemble, helloFrame, HOST, Node, sleep, until } from './linkSupport.js';

const HELLO: Hello = {
  channel: 'quorum',
  from: 2,
  to: 1,
  ensembleId: 'e',
  version: '1',
  capabilities: [],
};
const CONTEXT: HelloContext = {
  self: 1,
  channel: 'quorum',
  dialled: undefined,
  isMember: (id) => id <= 3,
  ensembleId: 'e',
};

describe('A hello', () => {
  const good: [what: string, hello: Partial<Hello>, context: Partial<HelloContext>][] = [
    ['of a member that means this server', {}, {}],
    ['of the server that was dialled', {}, { dialled: 2 }],
    ['of a server that has not joined an ensemble', { ensembleId: undefined }, {}],
    ['to a server that has not joined an ensemble', {}, { ensembleId: undefined }],
  ];
  for (const [what, hello, context] of good) {
    it(`is accepted ${what}`, () => {
      expect(judgeHello({ ...HELLO, ...hello }, { ...CONTEXT, ...context })).to.equal(undefined);
    });
  }

  const bad: [what: string, hello: Partial<Hello>, context: Partial<HelloContext>, says: RegExp][] = [
    ['of a server with the id of this one', { from: 1 }, {}, /same myid/],
    ['of a server that is no member', { from: 9 }, {}, /no server\.9 line/],
    ['of another server than the one dialled', { from: 3 }, { dialled: 2 }, /server 3 and not server 2/],
    ['that means another server', { to: 3 }, {}, /means to reach server 3/],
    ['that means the other port', { channel: 'election' }, {}, /election port/],
    ['of another ensemble', { ensembleId: 'f' }, {}, /another ensemble/],
  ];
  for (const [what, hello, context, says] of bad) {
    it(`is refused ${what}`, () => {
      expect(judgeHello({ ...HELLO, ...hello }, { ...CONTEXT, ...context })?.why).to.match(says);
    });
  }

  it('is an alarm only when two servers have the same id', () => {
    expect(judgeHello({ ...HELLO, from: 1 }, CONTEXT)?.alarm).to.equal(true);
    expect(judgeHello({ ...HELLO, from: 9 }, CONTEXT)?.alarm).to.equal(false);
  });
});

describe('The address of a server that calls', () => {
  const names: Readonly<Record<string, readonly string[]>> = {
    'a.example': ['192.0.2.1', '2001:db8::1'],
    'mapped.example': ['::ffff:192.0.2.7'],
    'any.example': ['0.0.0.0'],
  };
  const resolver = new Resolver(100, (host) =>
    names[host] === undefined ? Promise.reject(new Error('ENOTFOUND')) : Promise.resolve(names[host]),
  );
  const cases: [address: string, hosts: string[], matches: boolean, why: string][] = [
    ['192.0.2.1', ['a.example'], true, 'it is one of the addresses of the name'],
    ['2001:db8::1', ['a.example'], true, 'it is the other address of the name'],
    ['192.0.2.2', ['a.example'], false, 'it is no address of the name'],
    ['192.0.2.2', ['a.example', '192.0.2.2'], true, 'it is the second address of the server line'],
    ['::ffff:192.0.2.1', ['a.example'], true, 'an IPv4 address may come as an IPv6 one'],
    ['192.0.2.7', ['mapped.example'], true, 'a name may stand for an IPv4 address as IPv6'],
    ['127.0.0.1', ['::1'], true, 'all loopback addresses are this machine'],
    ['::1', ['127.0.1.1'], true, 'all loopback addresses are this machine, also IPv6'],
    ['127.0.0.1', ['192.0.2.1'], false, 'loopback is no address of another machine'],
    ['192.0.2.1', ['127.0.0.1'], false, 'another machine is not loopback'],
    ['192.0.2.9', ['0.0.0.0'], true, 'a wildcard says nothing'],
    ['192.0.2.9', ['::'], true, 'a wildcard says nothing, also IPv6'],
    ['192.0.2.9', ['any.example'], true, 'a name that stands for a wildcard says nothing'],
    ['192.0.2.9', ['unknown.example'], true, 'a name that is not known says nothing'],
    ['fe80::1%eth0', ['fe80::1'], true, 'a zone is no part of an address'],
  ];
  for (const [address, hosts, matches, why] of cases) {
    it(`${matches ? 'is' : 'is not'} taken from ${address} for ${hosts.join('|')}: ${why}`, async () => {
      const addresses = hosts.map((host) => ({ host, quorumPort: 1, electionPort: 2 }));
      expect(await resolver.isAddressOf(address, { id: 2, addresses })).to.equal(matches);
    });
  }

  it('is held against what the name service said last while it is silent', async () => {
    let silent = false;
    const flaky = new Resolver(20, () =>
      silent ? new Promise(() => undefined) : Promise.resolve(['192.0.2.1']),
    );
    expect(await flaky.addressesOf('a.example')).to.deep.equal(['192.0.2.1']);
    silent = true;
    expect(await flaky.addressesOf('a.example')).to.deep.equal(['192.0.2.1']);
    expect(await flaky.addressesOf('b.example')).to.deep.equal([]);
  });

  it('is held against what the name stands for now, not against what it stood for', async () => {
    let address = '192.0.2.1';
    const moving = new Resolver(100, () => Promise.resolve([address]));
    await moving.addressesOf('a.example');
    address = '192.0.2.2';
    expect(await moving.addressesOf('a.example')).to.deep.equal(['192.0.2.2']);
  });
});

describe('The peer ports', () => {
  for (const channel of ['election', 'quorum'] as const) {
    const hellos: [what: string, hello: Partial<Hello>, says: string][] = [
      ['of an unknown server', { from: 9 }, 'no server.9 line'],
      ['that means another server', { from: 2, to: 3 }, 'means to reach server 3'],
      ['of another ensemble', { from: 2, ensembleId: 'other' }, 'another ensemble'],
      [
        'that means the other port',
        { from: 2, channel: channel === 'quorum' ? 'election' : 'quorum' },
        'port',
      ],
    ];
    for (const [what, hello, says] of hellos) {
      it(`close a connection to the ${channel} port after a hello ${what}, without an answer`, async () => {
        await using ensemble = await Ensemble.of(3);
        const one = await ensemble.start(1, { ensembleId: () => 'mine' });
        const caller = await ensemble.call(1, channel, { to: 1, ...hello });
        await caller.ended();
        expect(caller.frames).to.deep.equal([]);
        expect(one.inputs).to.deep.equal([]);
        expect(one.lines.filter((line) => line.includes(says))).to.have.length(1);
        expect(one.links.status).to.include({ hellosRefused: 1, halfOpen: 0 });
      });
    }

    it(`raise an alarm when a server with the same myid calls the ${channel} port`, async () => {
      await using ensemble = await Ensemble.of(3);
      const one = await ensemble.start(1);
      const caller = await ensemble.call(1, channel, { from: 1, to: 1 });
      await caller.ended();
      expect(one.alarms).to.have.length(1);
      expect(one.alarms[0]).to.include('same myid');
    });

    const garbage: [what: string, bytes: Buffer][] = [
      ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
      ['a TLS hello', Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3])],
      ['a hello of more than 2 KiB', Buffer.from([0, 0, 8, 1])],
      ['a negative length', Buffer.from([0x80, 0, 0, 0])],
      ['an empty hello', Buffer.from([0, 0, 0, 0])],
      ['a hello that is no protobuf', Buffer.from([0, 0, 0, 3, 0xff, 0xff, 0xff])],
      [
        "a vote of Apache ZooKeeper's protocol",
        Buffer.from('ffffffffffff0000000000000000000100000012', 'hex'),
      ],
    ];
    for (const [what, bytes] of garbage) {
      it(`close a connection to the ${channel} port after ${what}, and serve the next one`, async () => {
        await using ensemble = await Ensemble.of(3);
        const one = await ensemble.start(1);
        const caller = await ensemble.call(1, channel);
        caller.socket.write(bytes);
        await caller.ended();
        expect(one.inputs).to.deep.equal([]);
        const next = await ensemble.call(1, channel, { from: 2, to: 1 });
        expect(await next.heardHello()).to.include({ channel, from: 1, to: 2 });
      });
    }
  }

  it('refuse a server that calls from an address which is not its own', async () => {
    await using ensemble = await Ensemble.of(3);
    const [own, two] = ensemble.members;
    const elsewhere = two!.addresses.map((address) => ({ ...address, host: '192.0.2.1' }));
    ensemble.members = [own!, { id: 2, addresses: elsewhere }];
    const one = await ensemble.start(1);
    const caller = await ensemble.call(1, 'quorum', { from: 2, to: 1 });
    await caller.ended();
    expect(one.lines.filter((line) => line.includes('not at that address'))).to.have.length(1);
  });

  it('take a server that calls from any address when the check is off', async () => {
    await using ensemble = await Ensemble.of(3);
    const [own, two] = ensemble.members;
    const elsewhere = two!.addresses.map((address) => ({ ...address, host: '192.0.2.1' }));
    ensemble.members = [own!, { id: 2, addresses: elsewhere }];
    await ensemble.start(1, { addressCheck: false });
    const caller = await ensemble.call(1, 'quorum', { from: 2, to: 1 });
    await caller.heardHello();
  });

  it('close a connection that goes on talking before its hello is answered', async () => {
    await using ensemble = await Ensemble.of(2);
    const one = await ensemble.start(1);
    const caller = await ensemble.call(1, 'quorum');
    caller.socket.cork();
    caller.hello({ channel: 'quorum', from: 2, to: 1 });
    caller.send(Buffer.from('more'));
    caller.socket.uncork();
    await caller.ended();
    expect(one.inputs).to.deep.equal([]);
  });

  it('read a hello that comes byte by byte', async () => {
    await using ensemble = await Ensemble.of(2);
    await ensemble.start(1);
    const caller = await ensemble.call(1, 'quorum');
    for (const byte of helloFrame({ channel: 'quorum', from: 2, to: 1 })) {
      caller.socket.write(Buffer.from([byte]));
      await sleep(1);
    }
    await caller.heardHello();
  });

  it('close a connection that does not say hello within 2 s', async () => {
    await using ensemble = await Ensemble.of(2);
    const one = await ensemble.start(1);
    const called = performance.now();
    const silent = await ensemble.call(1, 'quorum');
    await until('the connection', () => one.links.status.halfOpen === 1);
    await silent.ended();
    expect(performance.now() - called).to.be.within(1900, 3500);
    expect(one.links.status.halfOpen).to.equal(0);
  });

  it('close what is more than 100 connections that have not said hello', async () => {
    await using ensemble = await Ensemble.of(2);
    const one = await ensemble.start(1);
    const silent = await Promise.all(Array.from({ length: 100 }, () => ensemble.call(1, 'election')));
    await until('100 connections', () => one.links.status.halfOpen === 100);
    const surplus = await ensemble.call(1, 'quorum');
    await surplus.ended();
    expect(silent.filter(({ closed }) => closed)).to.have.length(0);
    await silent[0]!.destroy();
    await until('room', () => one.links.status.halfOpen === 99);
    const next = await ensemble.call(1, 'quorum', { from: 2, to: 1 });
    await next.heardHello();
  });

  it('log one line per address and second, however many connections are refused', async () => {
    await using ensemble = await Ensemble.of(2);
    const one = await ensemble.start(1);
    for (let i = 0; i < 20; i++) await (await ensemble.call(1, 'quorum', { from: 9, to: 1 })).ended();
    expect(one.links.status.hellosRefused).to.equal(20);
    expect(one.lines.filter((line) => line.includes('Refused'))).to.have.length.within(1, 2);
  });

  it('make a dial fail when another server answers than the one dialled', async () => {
    await using ensemble = await Ensemble.of(3);
    const two = await ensemble.pose(2, 'quorum');
    const one = await ensemble.start(1);
    one.links.dial(2);
    const fake = await two.link(0);
    await fake.heardHello();
    fake.hello({ channel: 'quorum', from: 3, to: 1 });
    await fake.ended();
    await until('the answer', () => one.of('dialFailed').length === 1);
    expect(one.of('linkUp')).to.deep.equal([]);
  });

  it('make a dial fail when the server that answers belongs to another ensemble', async () => {
    await using ensemble = await Ensemble.of(2);
    const one = await ensemble.start(1, { ensembleId: () => 'mine' });
    await ensemble.start(2, { ensembleId: () => 'other' });
    one.links.dial(2);
    await until('the answer', () => one.of('dialFailed').length === 1);
    expect(one.of('linkUp')).to.deep.equal([]);
  });
});

describe('Listening for peers', () => {
  it('ends with a ListenError that names the server line when a port is taken', async () => {
    await using ensemble = await Ensemble.of(1);
    await ensemble.pose(1, 'quorum');
    const failure = await ensemble.start(1).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(ListenError);
    expect(String(failure)).to.match(/another program uses it.*the quorum port in server\.1/);
  });

  it('is tried again, so that a port which becomes free is taken', async () => {
    await using ensemble = await Ensemble.of(1);
    const other = await ensemble.pose(1, 'election');
    const starting = ensemble.start(1, { bindRetries: 3 });
    await sleep(100);
    await other.stop();
    await starting;
  });

  it('is not tried any more after stop', async () => {
    await using ensemble = await Ensemble.of(1);
    await ensemble.pose(1, 'election');
    const node = new Node(1, () => ensemble.members, { bindRetries: 0 });
    const starting = node.links.start();
    await sleep(50);
    await node.links.stop();
    await starting;
  });

  it('is on the addresses of the own server line only', async () => {
    await using ensemble = await Ensemble.of(1);
    await ensemble.start(1);
    const caller = connect(ensemble.port(1, 'quorum'), '127.0.0.2');
    const [error] = (await once(caller, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).to.equal('ECONNREFUSED');
  });

  it('is on every address when asked for, or when the server line has a wildcard', async () => {
    for (const wildcard of [false, true]) {
      await using ensemble = await Ensemble.of(1);
      if (wildcard) {
        ensemble.members = [{ id: 1, addresses: [{ ...ensemble.address(1), host: '0.0.0.0' }] }];
      }
      await ensemble.start(1, { listenOnAllIps: !wildcard });
      const caller = connect(ensemble.port(1, 'quorum'), '127.0.0.2');
      await once(caller, 'connect');
      caller.destroy();
    }
  });

  it('closes the first port again when the second one cannot be opened', async () => {
    await using ensemble = await Ensemble.of(1);
    await ensemble.pose(1, 'quorum');
    await ensemble.start(1).catch(() => undefined);
    const again = createServer().listen(ensemble.port(1, 'election'), HOST);
    await once(again, 'listening');
    again.close();
  });

  for (const self of [-1, 1.5, 2 ** 31]) {
    it(`refuses ${self} as the id of this server`, () => {
      const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
      const options = {
        self,
        members: () => [],
        ensembleId: () => undefined,
        version: '',
        listenOnAllIps: false,
        log,
      };
      expect(() => new PeerLinks(options, () => undefined)).to.throw(RangeError, 'myid');
    });
  }
});
