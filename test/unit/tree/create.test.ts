/** Create modes and the numbers of sequential znodes (protocol.md sections 4 and 5). */
import { expect } from 'chai';
import { takeChanges } from '../helpers/treeDump.js';
import { sequenceSuffix } from '../../../src/tree/prepare/create.js';
import { kindOf } from '../../../src/tree/index.js';
import { OPEN_ACL, OpCode, TTL_MAX_MS, type MultiOp, type WriteRequest } from '../../../src/types/index.js';
import {
  create,
  create2,
  createContainer,
  createTtl,
  del,
  multi,
  setData,
  type Mode,
} from '../helpers/requests.js';
import { World } from '../helpers/world.js';

const MODES: [what: string, request: MultiOp, path: string, kind: string][] = [
  ['persistent', create('/n'), '/n', 'persistent'],
  ['ephemeral', create('/n', { mode: 'ephemeral' }), '/n', 'ephemeral'],
  ['persistentSequential', create('/n', { mode: 'persistentSequential' }), '/n0000000000', 'persistent'],
  ['ephemeralSequential', create('/n', { mode: 'ephemeralSequential' }), '/n0000000000', 'ephemeral'],
  ['container', createContainer('/n'), '/n', 'container'],
  ['a container whatever the flags', createContainer('/n', { mode: 'ephemeral' }), '/n', 'container'],
  ['a TTL znode', createTtl('/n', 7n), '/n', 'ttl'],
  [
    'a sequential TTL znode',
    createTtl('/n', 7n, { mode: 'persistentSequentialWithTTL' }),
    '/n0000000000',
    'ttl',
  ],
  ['create2 of an ephemeral', create2('/n', { mode: 'ephemeral' }), '/n', 'ephemeral'],
];

const TTLS: [ttlMs: bigint, error: string][] = [
  [1n, 'OK'],
  [TTL_MAX_MS, 'OK'],
  [0n, 'BADARGUMENTS'],
  [-1n, 'BADARGUMENTS'],
  [TTL_MAX_MS + 1n, 'BADARGUMENTS'],
];

const FLAGS: [what: string, request: MultiOp, error: string, disabled: string][] = [
  ['flags of 7', create('/n', { flags: 7 }), 'BADARGUMENTS', 'BADARGUMENTS'],
  ['flags of -1', create('/n', { flags: -1 }), 'BADARGUMENTS', 'BADARGUMENTS'],
  [
    'the flags of a TTL znode through create',
    create('/n', { mode: 'persistentWithTTL' }),
    'BADARGUMENTS',
    'UNIMPLEMENTED',
  ],
  ['createTTL', createTtl('/n', 5n), 'OK', 'UNIMPLEMENTED'],
  [
    'createTTL with the flags of no TTL znode',
    createTtl('/n', 5n, { mode: 'persistent' }),
    'BADARGUMENTS',
    'BADARGUMENTS',
  ],
  ['createContainer', createContainer('/n'), 'OK', 'OK'],
];

describe('create mode', () => {
  for (const [what, request, path, kind] of MODES) {
    it(`${what} makes ${path} of kind ${kind}`, () => {
      const world = new World();
      const { error, results } = world.write(request, { session: 3n });
      expect(error).to.equal('OK');
      expect(results[0]?.path).to.equal(path);
      expect(kindOf(world.tree.get(path)!.owner)).to.equal(kind);
    });
  }

  for (const [ttlMs, error] of TTLS) {
    it(`TTL of ${ttlMs} ms: ${error}`, () => {
      expect(new World().write(createTtl('/n', ttlMs)).error).to.equal(error);
    });
  }

  for (const [what, request, error, disabled] of FLAGS) {
    it(`${what}: ${error}, without extended types ${disabled}`, () => {
      expect(new World().write(request).error).to.equal(error);
      expect(new World({ extendedTypesEnabled: false }).write(request).error).to.equal(disabled);
    });
  }

  for (const serverId of [1n, 127n, 128n, 254n]) {
    it(`ephemeral belongs to its session, also to one of server ${serverId}`, () => {
      const session = BigInt.asIntN(64, (serverId << 56n) | 0x1234n);
      const world = new World();
      world.write(create('/e', { mode: 'ephemeral' }), { session });
      expect(world.stat('/e').ephemeralOwner).to.equal(session);
      expect([...world.tree.ephemerals]).to.deep.equal([[session, new Set(['/e'])]]);
    });
  }

  it('ephemeral takes no children, container and TTL do', () => {
    const world = new World().given(
      create('/e', { mode: 'ephemeral' }),
      createContainer('/c'),
      createTtl('/t', 5n),
    );
    expect(world.write(create('/e/x')).error).to.equal('NOCHILDRENFOREPHEMERALS');
    expect(world.write(create('/c/x')).error).to.equal('OK');
    expect(world.write(create('/t/x')).error).to.equal('OK');
  });

  it('leaves null data null and empty data empty', () => {
    const world = new World().given(create('/null', { data: null }), create('/empty', { data: '' }));
    expect(world.data('/null')).to.equal(null);
    expect(world.data('/empty')).to.equal('');
  });

  it('copies the data: the frame it came in may be used again', () => {
    const frame = Buffer.from('mine');
    const world = new World();
    const record = { path: '/n', data: frame, acl: OPEN_ACL, flags: 0 };
    world.given({ type: OpCode.create, record });
    frame.fill(0);
    expect(world.data('/n')).to.equal('mine');
  });
});

describe('sequence suffix', () => {
  const suffixes: [childCreates: number, text: string][] = [
    [0, '0000000000'],
    [42, '0000000042'],
    [2147483647, '2147483647'],
  ];
  for (const [childCreates, text] of suffixes) {
    it(`after ${childCreates} creates is ${text}`, () => {
      expect(sequenceSuffix(childCreates)).to.equal(text);
    });
  }

  /** The number that the next sequential znode below /p gets after these writes. */
  function nextAfter(...requests: WriteRequest[]): string {
    const world = new World().given(create('/p'));
    for (const request of requests) world.write(request);
    return pathOf(world, create('/p/', { mode: 'persistentSequential' })).slice('/p/'.length);
  }

  function pathOf(world: World, request: MultiOp): string {
    const { error, results } = world.write(request);
    expect(error).to.equal('OK');
    return results[0]!.path;
  }

  const sequential = create('/p/s', { mode: 'persistentSequential' });
  const rows: [what: string, requests: WriteRequest[], next: string][] = [
    ['nothing', [], '0000000000'],
    ['a sequential create', [sequential], '0000000001'],
    ['a create that is not sequential', [create('/p/a')], '0000000001'],
    ['a create of another stem', [create('/p/t', { mode: 'ephemeralSequential' })], '0000000001'],
    ['a create that was deleted', [create('/p/a'), del('/p/a')], '0000000001'],
    ['a create that failed', [create('/p/a'), create('/p/a')], '0000000001'],
    ['a create in a multi', [multi(sequential, sequential)], '0000000002'],
    ['a multi that failed', [multi(sequential, del('/nowhere'))], '0000000000'],
    ['a grandchild', [create('/p/a'), create('/p/a/b')], '0000000001'],
    ['setData', [setData('/p')], '0000000000'],
  ];
  for (const [what, requests, next] of rows) {
    it(`after ${what} is ${next}`, () => {
      expect(nextAfter(...requests)).to.equal(next);
    });
  }

  it('comes also behind a slash or a dot, which alone would be illegal', () => {
    const world = new World().given(create('/p'));
    expect(pathOf(world, create('/p/', { mode: 'persistentSequential' }))).to.equal('/p/0000000000');
    expect(pathOf(world, create('/p/.', { mode: 'persistentSequential' }))).to.equal('/p/.0000000001');
  });

  it('is that of the root for a sequential znode in the root', () => {
    const world = new World().given(create('/a'));
    expect(pathOf(world, create('/', { mode: 'persistentSequential' }))).to.equal('/0000000001');
  });

  it('counts two sequential creates of one multi', () => {
    const { results } = new World().given(create('/p')).write(multi(sequential, sequential));
    expect(results.map(({ path }) => path)).to.deep.equal(['/p/s0000000000', '/p/s0000000001']);
  });
});

describe('overflow of the count of children', () => {
  /** A world in whose /p so many children were created. */
  function after(childCreates: number): World {
    const world = new World().given(create('/p'));
    const row = takeChanges(world.tree).znodes.find(({ path }) => path === '/p')!;
    world.tree.restore({ ...row, stat: { ...row.stat, cversion: childCreates } });
    world.tree.restored();
    return world;
  }
  const sequential = (mode: Mode = 'persistentSequential'): MultiOp => create('/p/s', { mode });

  it('gives the number 2147483647 once', () => {
    const world = after(2147483646);
    expect(world.write(sequential()).results[0]?.path).to.equal('/p/s2147483646');
    expect(world.write(sequential()).results[0]?.path).to.equal('/p/s2147483647');
    expect(world.write(sequential()).error).to.equal('NODEEXISTS');
    expect(world.write(sequential('ephemeralSequential')).error).to.equal('NODEEXISTS');
  });

  it('freezes the count and pzxid of the parent, though children still come', () => {
    const world = after(2147483647);
    const before = world.tree.get('/p')!.pzxid;
    world.given(create('/p/x'), create('/p/y'));
    expect(world.tree.get('/p')).to.include({ childCreates: 2147483647, pzxid: before });
    expect(world.children('/p')).to.deep.equal(['x', 'y']);
  });

  it('holds for creates that are outstanding too', () => {
    const world = after(2147483646);
    for (let i = 0; i < 3; i++) world.prepare(sequential());
    const errors = [world.applyNext(), world.applyNext(), world.applyNext()].map((outcome) => outcome?.error);
    expect(errors).to.deep.equal(['OK', 'OK', 'NODEEXISTS']);
    expect(world.tree.get('/p')!.childCreates).to.equal(2147483647);
  });
});

describe('txn of a create', () => {
  const types: [request: MultiOp, type: number][] = [
    [create('/n'), OpCode.create],
    [create2('/n'), OpCode.create2],
    [createContainer('/n'), OpCode.createContainer],
    [createTtl('/n', 5n), OpCode.createTTL],
  ];
  for (const [request, type] of types) {
    it(`${request.type} has the type ${type}`, () => {
      expect(new World().write(request).txn.type).to.equal(type);
    });
  }
});
