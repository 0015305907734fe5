/** What each read answers, and with whose rights (protocol.md sections 2 and 6). */
import { expect } from 'chai';
import { OpCode, type Request } from '../../../src/types/index.js';
import { bodyOf, type Client } from '../helpers/client.js';
import { Host } from '../helpers/host.js';
import {
  acl,
  create,
  everyone,
  exists,
  getAcl,
  getChildren,
  getData,
  multiRead,
  setAcl,
} from '../helpers/requests.js';
import { SUPER, digestAcl, digestUser } from '../helpers/world.js';

const ann = digestUser('ann');

function stage(): Host {
  const host = Host.serving();
  host
    .connect({ identities: [SUPER] })
    .given(
      create('/a', { data: 'of a' }),
      create('/a/b', { data: null }),
      create('/a/c'),
      create('/closed', { acl: [digestAcl('ann', 'cdrwa')] }),
      create('/half', { acl: [digestAcl('ann', 'cdrwa'), ...everyone('r'), acl('sasl', 'u@R', 'w')] }),
      create('/adminOnly', { acl: everyone('a') }),
    );
  return host;
}

function errorOf(client: Client, request: Request): number {
  return client.call(request).err;
}

const ROWS: [what: string, request: Request, err: number][] = [
  ['getData of a missing znode', getData('/nowhere'), -101],
  ['getData without READ', getData('/closed'), -102],
  ['getData of an illegal path', getData('/a//b'), -101],
  ['getData of a path that ends with a slash', getData('/a/'), -101],
  ['exists of a missing znode', exists('/nowhere'), -101],
  ['exists without READ', exists('/closed'), -102],
  ['exists of a path with a NUL', exists('/a\0'), -8],
  ['exists of a path that ends with a slash', exists('/a/'), -101],
  ['getChildren of a missing znode', getChildren('/nowhere'), -101],
  ['getChildren without READ', getChildren('/closed'), -102],
  ['getACL of a missing znode', getAcl('/nowhere'), -101],
  ['getACL without READ and ADMIN', getAcl('/closed'), -102],
  ['getACL with ADMIN alone', getAcl('/adminOnly'), 0],
  ['getData with ADMIN alone', getData('/adminOnly'), -102],
  [
    'getAllChildrenNumber of a missing znode',
    { type: OpCode.getAllChildrenNumber, record: { path: '/x' } },
    -101,
  ],
  [
    'getAllChildrenNumber without READ',
    { type: OpCode.getAllChildrenNumber, record: { path: '/closed' } },
    -102,
  ],
  ['getData of the empty path, which is the root', getData(''), 0],
  ['getData of /zookeeper/config', getData('/zookeeper/config'), 0],
];

describe('read', () => {
  for (const [what, request, err] of ROWS) {
    it(`${what}: ${err}`, () => {
      expect(errorOf(stage().connect(), request)).to.equal(err);
    });
  }

  it('of a closed znode is for those whom its list lets in', () => {
    const client = stage().connect({ identities: [ann] });
    for (const request of [
      getData('/closed'),
      exists('/closed'),
      getChildren('/closed'),
      getAcl('/closed'),
    ]) {
      expect(errorOf(client, request)).to.equal(0);
    }
  });

  it('gives data and Stat of the same moment', () => {
    const host = stage();
    const client = host.connect();
    const { data, stat } = bodyOf(client.call(getData('/a')), 'data');
    expect(data?.toString()).to.equal('of a');
    expect(stat).to.include({ dataLength: 4, numChildren: 2, version: 0 });
    expect(stat).to.deep.equal(bodyOf(client.call(exists('/a')), 'stat').stat);
  });

  it('keeps null data null', () => {
    expect(bodyOf(stage().connect().call(getData('/a/b')), 'data').data).to.equal(null);
  });

  it('getChildren2 has a Stat, getChildren has none', () => {
    const client = stage().connect();
    const two = bodyOf(client.call(getChildren('/a')), 'names');
    expect([...two.names].sort()).to.deep.equal(['b', 'c']);
    expect(two.stat?.numChildren).to.equal(2);
    const one = bodyOf(
      client.call({ type: OpCode.getChildren, record: { path: '/a', watch: false } }),
      'names',
    );
    expect(one).to.deep.include({ names: two.names, stat: undefined });
  });

  it('getChildren of the empty path is that of the root', () => {
    const { names } = bodyOf(stage().connect().call(getChildren('')), 'names');
    expect([...names].sort()).to.deep.equal(['a', 'adminOnly', 'closed', 'half', 'zookeeper']);
  });

  it('getAllChildrenNumber counts descendants', () => {
    const client = stage().connect();
    const count = (path: string): number =>
      bodyOf(client.call({ type: OpCode.getAllChildrenNumber, record: { path } }), 'int').value;
    expect([count('/'), count('/a'), count('/a/b')]).to.deep.equal([9, 2, 0]);
  });
});

describe('getACL', () => {
  it('hides the hashes of digests from readers without ADMIN', () => {
    const { acl: list, stat } = bodyOf(stage().connect().call(getAcl('/half')), 'acl');
    expect(list).to.deep.equal([acl('digest', 'ann:x', 'cdrwa'), ...everyone('r'), acl('sasl', 'u@R', 'w')]);
    expect(stat.aversion).to.equal(0);
  });

  it('shows them to those with ADMIN', () => {
    const { acl: list } = bodyOf(
      stage()
        .connect({ identities: [ann] })
        .call(getAcl('/half')),
      'acl',
    );
    expect(list[0]).to.deep.equal(digestAcl('ann', 'cdrwa'));
  });
});

describe('getEphemerals', () => {
  const ephemeralsOf = (client: Client, prefixPath: string | null): readonly string[] => {
    const { names } = bodyOf(client.call({ type: OpCode.getEphemerals, record: { prefixPath } }), 'names');
    return [...names].sort();
  };

  it('lists those of the own session below the prefix, all for none', () => {
    const host = stage();
    const [own, other] = [host.connect(), host.connect()];
    own.given(create('/a/e', { mode: 'ephemeral' }), create('/e', { mode: 'ephemeral' }));
    other.given(create('/a/other', { mode: 'ephemeral' }));
    expect(ephemeralsOf(own, null)).to.deep.equal(['/a/e', '/e']);
    expect(ephemeralsOf(own, '')).to.deep.equal(['/a/e', '/e']);
    expect(ephemeralsOf(own, '/a')).to.deep.equal(['/a/e']);
    expect(ephemeralsOf(own, '/b')).to.deep.equal([]);
  });
});

describe('multiRead', () => {
  it('answers each operation for itself', () => {
    const reply = stage()
      .connect()
      .call(
        multiRead(
          { type: OpCode.getData, record: { path: '/a', watch: false } },
          { type: OpCode.getData, record: { path: '/nowhere', watch: false } },
          { type: OpCode.getChildren, record: { path: '/a', watch: false } },
          { type: OpCode.getChildren, record: { path: '/closed', watch: false } },
        ),
      );
    expect(reply.err).to.equal(0);
    const [data, missing, names, closed] = bodyOf(reply, 'multiRead').results;
    expect(data?.kind === 'data' && data.data?.toString()).to.equal('of a');
    expect(missing).to.deep.equal({ kind: 'error', code: 'NONODE' });
    expect(names?.kind === 'names' && [...names.names].sort()).to.deep.equal(['b', 'c']);
    expect(closed).to.deep.equal({ kind: 'error', code: 'NOAUTH' });
  });

  it('may be empty', () => {
    expect(bodyOf(stage().connect().call(multiRead()), 'multiRead').results).to.deep.equal([]);
  });
});

describe('identities', () => {
  it('are those of the connection', () => {
    const client = stage().connect({ identities: [ann] });
    const { identities } = bodyOf(client.call({ type: OpCode.whoAmI }), 'identities');
    expect(identities).to.deep.equal([{ scheme: 'ip', id: '127.0.0.1' }, ann]);
  });

  it('proven later do not help requests that came before', () => {
    const host = stage();
    const client = host.connect();
    client.send(create('/closed/before'));
    client.send(getData('/closed'));
    client.authenticate(ann);
    client.send(create('/closed/after'));
    client.send(getData('/closed'));
    host.persist();
    expect(client.take()).to.deep.equal(['reply 1 NOAUTH', 'reply 2 NOAUTH', 'reply 3 OK', 'reply 4 OK']);
  });

  it('proven right behind another request already count for the next', () => {
    const client = stage().connect();
    expect(errorOf(client, getData('/closed'))).to.equal(-102);
    client.authenticate(ann);
    expect(errorOf(client, getData('/closed'))).to.equal(0);
  });

  it('do not pass to another connection of the session', () => {
    const host = stage();
    const former = host.connect({ identities: [ann] });
    const again = host.connect({ session: former.session });
    expect(errorOf(again, getData('/closed'))).to.equal(-102);
  });

  it('are what "auth" in a list becomes', () => {
    const client = stage().connect({ identities: [ann] });
    client.given(create('/mine', { acl: [acl('auth', '', 'ra')] }));
    expect(bodyOf(client.call(getAcl('/mine')), 'acl').acl).to.deep.equal([digestAcl('ann', 'ra')]);
    client.given(setAcl('/mine', [acl('auth', 'ignored', 'r')]));
    expect(errorOf(client, setAcl('/mine', everyone('r')))).to.equal(-102);
  });

  it('super is above every list, also that of /zookeeper/config', () => {
    const client = stage().connect({ identities: [SUPER] });
    expect(errorOf(client, getData('/closed'))).to.equal(0);
    const write = {
      type: OpCode.setData,
      record: { path: '/zookeeper/config', data: null, version: -1 },
    } as const;
    expect(errorOf(client, write)).to.equal(0);
    expect(errorOf(stage().connect(), write)).to.equal(-102);
  });
});
