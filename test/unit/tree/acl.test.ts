/** Access lists (protocol.md section 6): which may be stored, whom they let in, and what readers see of them. */
import { expect } from 'chai';
import type { ACL } from '../../../src/codec/index.js';
import { aclFromText, aclToText, fixupAcl, permits, redactAcl } from '../../../src/tree/acl.js';
import type { AclRules, Identity } from '../../../src/tree/index.js';
import { ErrorCode, KeeperError, OPEN_ACL, Perms } from '../../../src/types/index.js';
import { acl, create, del, everyone, setAcl, setData } from '../helpers/requests.js';
import { SUPER, World, defaultSettings, digestAcl } from '../helpers/world.js';

const rules = defaultSettings.acl;

function who(scheme: string, id: string): Identity {
  return { scheme, id };
}

const ann = who('digest', 'ann:hash');
const bob = who('digest', 'bob:hash');
const home = who('ip', '127.0.0.1');

/** The list as it is stored, or the error. */
function fixed(list: readonly ACL[] | null, ids: readonly Identity[] = [home, ann]): readonly ACL[] | string {
  try {
    return fixupAcl(list, ids, rules, '/a');
  } catch (error) {
    if (error instanceof KeeperError) return error.code;
    throw error;
  }
}

const STORED: [what: string, list: readonly ACL[], stored: readonly ACL[]][] = [
  ['the open list', everyone('cdrwa'), OPEN_ACL],
  ['a digest id', [acl('digest', 'u:h', 'r')], [acl('digest', 'u:h', 'r')]],
  ['a digest id without a user', [acl('digest', ':h', 'r')], [acl('digest', ':h', 'r')]],
  ['an exact duplicate once', [...everyone('r'), ...everyone('r')], everyone('r')],
  [
    'the same id with other perms twice',
    [...everyone('r'), ...everyone('w')],
    [...everyone('r'), ...everyone('w')],
  ],
  ['an address', [acl('ip', '10.0.0.1', 'r')], [acl('ip', '10.0.0.1', 'r')]],
  ['a range', [acl('ip', '10.0.0.0/8', 'r')], [acl('ip', '10.0.0.0/8', 'r')]],
  ['a range of all', [acl('ip', '0.0.0.0/0', 'r')], [acl('ip', '0.0.0.0/0', 'r')]],
  ['an IPv6 address', [acl('ip', '2001:db8::1', 'r')], [acl('ip', '2001:db8::1', 'r')]],
  ['an IPv6 range', [acl('ip', '2001:db8::/128', 'r')], [acl('ip', '2001:db8::/128', 'r')]],
  ['a sasl name', [acl('sasl', 'u', 'r')], [acl('sasl', 'u', 'r')]],
  ['a sasl name with host and realm', [acl('sasl', 'u/h@R', 'r')], [acl('sasl', 'u/h@R', 'r')]],
  [
    'a distinguished name that begins with an attribute without a short name',
    [acl('x509', '1.2.840.113549.1.9.1=#1603614062,CN=a', 'r')],
    [acl('x509', '1.2.840.113549.1.9.1=#1603614062,CN=a', 'r')],
  ],
  ['a distinguished name', [acl('x509', 'CN=a,O=b', 'r')], [acl('x509', 'CN=a,O=b', 'r')]],
  ['auth as the digest identity', [acl('auth', '', 'cd')], [acl('digest', 'ann:hash', 'cd')]],
  ['auth without an id too', [acl('auth', null, 'cd')], [acl('digest', 'ann:hash', 'cd')]],
  ['perms of 0', [{ perms: 0, id: { scheme: 'digest', id: 'u:h' } }], [acl('digest', 'u:h', '')]],
  [
    'perms of 255',
    [{ perms: 255, id: { scheme: 'digest', id: 'u:h' } }],
    [{ perms: 255, id: { scheme: 'digest', id: 'u:h' } }],
  ],
];

const REFUSED: [what: string, list: readonly ACL[] | null][] = [
  ['no list', null],
  ['an empty list', []],
  ['a null scheme', [acl(null, 'x', 'r')]],
  ['world with another id', [acl('world', 'foo', 'r')]],
  ['an unknown scheme', [acl('foo', 'x', 'r')]],
  ['the scheme super', [acl('super', '', 'r')]],
  ['a digest id without a colon', [acl('digest', 'u', 'r')]],
  ['a digest id with two colons', [acl('digest', 'a:b:c', 'r')]],
  ['a digest id without a hash', [acl('digest', 'u:', 'r')]],
  ['a host name as address', [acl('ip', 'localhost', 'r')]],
  ['an address of three parts', [acl('ip', '10.0.1', 'r')]],
  ['an address part above 255', [acl('ip', '10.0.0.256', 'r')]],
  ['an IPv4 range of 33 bits', [acl('ip', '10.0.0.0/33', 'r')]],
  ['an IPv6 range of 129 bits', [acl('ip', '::1/129', 'r')]],
  ['a range of negative bits', [acl('ip', '10.0.0.0/-1', 'r')]],
  ['a range without bits', [acl('ip', '10.0.0.0/', 'r')]],
  ['a range of two slashes', [acl('ip', '10.0.0.0/8/8', 'r')]],
  // A million letters are half a second of work for who looks at them.
  ['an address longer than any', [acl('ip', `::1%${'a'.repeat(100)}`, 'r')]],
  ['a sasl name with two realms', [acl('sasl', 'u@a@b', 'r')]],
  ['one bad entry behind a good one', [...everyone('r'), acl('foo', 'x', 'r')]],
];

describe('ACL to be stored', () => {
  for (const [what, list, stored] of STORED) {
    it(`keeps ${what}`, () => {
      expect(fixed(list)).to.deep.equal(stored);
    });
  }

  for (const [what, list] of REFUSED) {
    it(`is refused as INVALIDACL with ${what}`, () => {
      expect(fixed(list)).to.equal('INVALIDACL');
    });
  }

  it('is malformed with a known scheme and no id', () => {
    for (const scheme of ['world', 'digest', 'ip', 'sasl']) {
      expect(fixed([acl(scheme, null, 'r')]), scheme).to.equal('MARSHALLINGERROR');
    }
    for (const scheme of [null, 'foo', 'super']) {
      expect(fixed([acl(scheme, null, 'r')]), String(scheme)).to.equal('INVALIDACL');
    }
  });

  it('is refused with a scheme whose ids nobody can judge', () => {
    const custom: AclRules = { skip: false, schemes: new Set(['custom']) };
    expect(() => fixupAcl([acl('custom', 'x', 'r')], [], custom, '/a'))
      .to.throw(KeeperError)
      .with.property('code', 'INVALIDACL');
  });

  it('turns auth into one entry per authenticated identity, and none for the address', () => {
    expect(fixed([acl('auth', '', 'r')], [home, ann, bob])).to.deep.equal([
      acl('digest', 'ann:hash', 'r'),
      acl('digest', 'bob:hash', 'r'),
    ]);
  });

  it('is refused with auth from somebody who only has an address', () => {
    expect(fixed([acl('auth', '', 'r')], [home])).to.equal('INVALIDACL');
  });

  it('is refused with a scheme that has no provider here', () => {
    const without: AclRules = { skip: false, schemes: new Set(['digest', 'ip']) };
    expect(() => fixupAcl([acl('sasl', 'u', 'r')], [], without, '/a'))
      .to.throw(KeeperError)
      .with.property('code', 'INVALIDACL');
  });

  it('has 1000 entries at most, also when auth stands for many', () => {
    const list = (count: number): ACL[] =>
      Array.from({ length: count }, (_, i) => acl('digest', `u${i}:h`, 'r'));
    expect(fixed(list(1000))).to.have.length(1000);
    expect(fixed(list(1001))).to.equal('INVALIDACL');
    const many = list(600).map(({ id }) => who('digest', id.id ?? ''));
    expect(fixed([acl('auth', '', 'r')], many)).to.have.length(600);
    expect(fixed([acl('auth', '', 'r'), acl('auth', '', 'w')], many)).to.equal('INVALIDACL');
    const thousand = [...many, ...many.map(({ id }) => who('digest', `other${id}`))].slice(0, 1000);
    expect(fixed([acl('auth', '', 'r')], thousand)).to.have.length(1000);
  });

  it('is the same object whenever it is open, so that a million open znodes share one', () => {
    expect(fixed(everyone('cdrwa'))).to.equal(OPEN_ACL);
  });
});

const LETS_IN: [what: string, list: readonly ACL[], perms: number, ids: Identity[], allowed: boolean][] = [
  ['an empty list lets everyone in', [], Perms.admin, [], true],
  ['world:anyone lets everyone in', everyone('r'), Perms.read, [], true],
  ['world:anyone only gives what it says', everyone('r'), Perms.write, [ann], false],
  ['any one of the perms asked for is enough', everyone('a'), Perms.read | Perms.admin, [], true],
  ['world lets nobody in under another name', [acl('world', 'foo', 'r')], Perms.read, [ann], false],
  ['anyone is everyone in world only', [acl('digest', 'anyone', 'r')], Perms.read, [ann], false],
  ['an id lets its owner in', [acl('digest', 'ann:hash', 'w')], Perms.write, [home, ann], true],
  ['an id keeps others out', [acl('digest', 'ann:hash', 'w')], Perms.write, [home, bob], false],
  ['an id of another scheme does not match', [acl('sasl', 'ann:hash', 'w')], Perms.write, [ann], false],
  ['perms add up over entries', [...everyone('r'), acl('digest', 'ann:hash', 'w')], Perms.write, [ann], true],
  [
    'perms of another entry do not count',
    [...everyone('w'), acl('digest', 'ann:hash', 'r')],
    Perms.read,
    [bob],
    false,
  ],
  ['super passes every list', [acl('digest', 'ann:hash', '')], Perms.admin, [SUPER], true],
  ['sasl compares names', [acl('sasl', 'u@R', 'r')], Perms.read, [who('sasl', 'u@R')], true],
  ['sasl compares whole names', [acl('sasl', 'u@R', 'r')], Perms.read, [who('sasl', 'u')], false],
  [
    'the sasl user super matches every sasl entry',
    [acl('sasl', 'u', 'r')],
    Perms.read,
    [who('sasl', 'super')],
    true,
  ],
  [
    'the sasl user super matches sasl entries only',
    [acl('digest', 'u:h', 'r')],
    Perms.read,
    [who('sasl', 'super')],
    false,
  ],
  ['x509 compares names', [acl('x509', 'CN=a', 'r')], Perms.read, [who('x509', 'CN=a')], true],
  ['perms of 0 let nobody in', [acl('digest', 'ann:hash', '')], Perms.read, [ann], false],
];

const ADDRESSES: [entry: string, address: string, allowed: boolean][] = [
  ['10.1.2.3', '10.1.2.3', true],
  ['10.1.2.3', '10.1.2.4', false],
  ['10.1.2.3/32', '10.1.2.3', true],
  ['10.1.2.0/24', '10.1.2.255', true],
  ['10.1.2.0/24', '10.1.3.0', false],
  ['10.1.2.128/25', '10.1.2.127', false],
  ['10.1.2.128/25', '10.1.2.128', true],
  ['10.255.0.0/9', '10.128.0.1', true],
  ['10.255.0.0/9', '10.127.255.255', false],
  ['0.0.0.0/0', '192.168.0.1', true],
  ['0.0.0.0/0', '::1', false],
  ['::/0', '2001:db8::1', true],
  ['::/0', '10.0.0.1', false],
  ['2001:db8::/32', '2001:db8:ffff::1', true],
  ['2001:db8::/32', '2001:db9::', false],
  ['2001:db8::/33', '2001:db8:8000::', false],
  ['::1', '0:0:0:0:0:0:0:1', true],
  ['::1', '::2', false],
  ['fe80::1/128', 'fe80::1', true],
  ['10.0.0.1', 'not an address', false],
];

describe('ACL that is checked', () => {
  for (const [what, list, perms, ids, allowed] of LETS_IN) {
    it(what, () => {
      expect(permits(list, perms, ids, rules)).to.equal(allowed);
    });
  }

  for (const [entry, address, allowed] of ADDRESSES) {
    it(`ip:${entry} ${allowed ? 'lets' : 'does not let'} ${address} in`, () => {
      expect(permits([acl('ip', entry, 'r')], Perms.read, [who('ip', address)], rules)).to.equal(allowed);
    });
  }

  it('lets everyone do anything with skipACL', () => {
    const skip: AclRules = { ...rules, skip: true };
    expect(permits([acl('digest', 'ann:hash', 'r')], Perms.admin, [], skip)).to.equal(true);
  });

  it('lets any sasl user in as letAnySaslUserDoX says', () => {
    const anySaslUser: AclRules = { ...rules, anySaslUser: 'x' };
    const list = [acl('sasl', 'x', 'r')];
    expect(permits(list, Perms.read, [who('sasl', 'ann')], anySaslUser)).to.equal(true);
    expect(permits(list, Perms.read, [who('sasl', 'ann')], rules)).to.equal(false);
    expect(permits([acl('sasl', 'y', 'r')], Perms.read, [who('sasl', 'ann')], anySaslUser)).to.equal(false);
  });
});

describe('ACL that is shown', () => {
  it('hides the hashes of digest ids and nothing else', () => {
    const list = [acl('digest', 'u:secret', 'r'), acl('sasl', 'u@R', 'w'), ...everyone('c')];
    expect(redactAcl(list)).to.deep.equal([
      acl('digest', 'u:x', 'r'),
      acl('sasl', 'u@R', 'w'),
      ...everyone('c'),
    ]);
  });

  it('hides everything behind the first colon, line ends included', () => {
    expect(redactAcl([acl('digest', 'u:a:b\nc', 'r')])).to.deep.equal([acl('digest', 'u:x', 'r')]);
  });

  it('leaves an id without a hash as it is', () => {
    const list = [acl('digest', 'u', 'r'), acl('digest', null, 'r')];
    expect(redactAcl(list)).to.deep.equal(list);
  });
});

describe('ACL as text', () => {
  const lists: readonly (readonly ACL[])[] = [
    OPEN_ACL,
    [],
    everyone('r'),
    [acl('digest', 'u:h"\\', 'cdrwa'), acl('ip', '::1/64', 'r'), acl(null, null, '')],
  ];

  it('is read back as it was', () => {
    for (const list of lists) expect(aclFromText(aclToText(list))).to.deep.equal(list);
  });

  it('is null for the open list, also for another one that says the same', () => {
    expect(aclToText(OPEN_ACL)).to.equal(null);
    expect(aclToText(everyone('cdrwa'))).to.equal(null);
    expect(aclFromText(null)).to.equal(OPEN_ACL);
  });

  it('that is damaged is refused', () => {
    for (const text of ['{}', '7', '[1]', '[null]', '[{"scheme":"world","id":"anyone"}]']) {
      expect(() => aclFromText(text), text).to.throw('An ACL in tree.db');
    }
    expect(() => aclFromText('')).to.throw(Error);
  });

  it('has the codes that clients know', () => {
    expect(ErrorCode.INVALIDACL).to.equal(-114);
    expect(ErrorCode.NOAUTH).to.equal(-102);
  });
});

describe('ACL of a znode', () => {
  const own = [digestAcl('ann', 'cdrwa')];

  it('is the one it was made with, until setACL gives it another', () => {
    const world = new World().given(create('/a', { acl: own }));
    expect(world.tree.get('/a')?.acl).to.deep.equal(own);
    const { results } = world.write(setAcl('/a', everyone('ra')), { identities: [SUPER] });
    expect(world.tree.get('/a')?.acl).to.deep.equal(everyone('ra'));
    expect(results[0]).to.deep.include({ path: '/a', stat: world.stat('/a') });
  });

  it('goes with each change, and so does that of its parent: watchers are held against them', () => {
    const world = new World().given(create('/p', { acl: everyone('cdr') }));
    const made = world.write(create('/p/a', { acl: own }));
    const changed = world.write(setData('/p/a'), { identities: [SUPER] });
    const gone = world.write(del('/p/a'), { identities: [SUPER] });
    for (const { changes } of [made, gone]) {
      expect(changes.map(({ acl: list, parentAcl }) => [list, parentAcl])).to.deep.equal([
        [own, everyone('cdr')],
      ]);
    }
    expect(changed.changes[0]?.acl).to.deep.equal(own);
  });

  it('that a txn does not give is open', () => {
    const world = new World();
    const header = { clientId: 1n, cxid: 0, zxid: 1n, time: 0n, type: 1 };
    const record = { path: '/a', data: null, acl: null, ephemeral: false, parentCVersion: 1 };
    world.apply(header, { type: 1, record });
    expect(world.tree.get('/a')?.acl).to.equal(OPEN_ACL);
    world.given(setAcl('/a', own));
    world.apply({ ...header, zxid: 9n, type: 7 }, { type: 7, record: { path: '/a', acl: null, version: 2 } });
    expect(world.tree.get('/a')?.acl).to.equal(OPEN_ACL);
  });
});
