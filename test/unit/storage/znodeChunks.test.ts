import { expect } from 'chai';
import { Reader, readZnodeRow, type ZnodeRow } from '../../../src/codec/index.js';
import type { Connection } from '../../../src/storage/database.js';
import { openForWriting } from '../../../src/storage/database.js';
import { createSchema, TREE_SCHEMA } from '../../../src/storage/schema.js';
import { prepareTree, TreeDigest, znodeCrc, znodeValues } from '../../../src/storage/treeRows.js';
import { RowDamage, ZnodeChunks } from '../../../src/storage/znodeChunks.js';
import { Directory } from './support.js';

const INT64_MAX = 2n ** 63n - 1n;

function row(path: string, changes: Partial<ZnodeRow> = {}, stat: Partial<ZnodeRow['stat']> = {}): ZnodeRow {
  return {
    path,
    data: Buffer.from(`data of ${path}`),
    acl: null,
    stat: {
      czxid: 0x1_0000_0001n,
      mzxid: 0x1_0000_0002n,
      ctime: 1_700_000_000_000n,
      mtime: 1_700_000_000_001n,
      version: 1,
      cversion: 0,
      aversion: 0,
      ephemeralOwner: 0n,
      pzxid: 0x1_0000_0003n,
      ...stat,
    },
    ...changes,
  };
}

describe('chunks of znodes', () => {
  let directory: Directory;
  let db: Connection;

  beforeEach(() => {
    directory = new Directory();
    db = openForWriting(`${directory.path}/tree.db`, 'OFF');
    createSchema(db, TREE_SCHEMA, () => undefined);
  });

  afterEach(() => {
    db.close();
    directory[Symbol.dispose]();
  });

  function insert(rows: readonly ZnodeRow[]): void {
    const { insertZnode } = prepareTree(db);
    for (const at of rows) insertZnode.run(at.path, ...znodeValues(at), znodeCrc(at));
  }

  function readAll(digest = new TreeDigest(0, 0)): { rows: ZnodeRow[]; chunks: number } {
    const chunks = new ZnodeChunks(db, digest);
    const rows: ZnodeRow[] = [];
    let count = 0;
    for (let chunk = chunks.next(); chunk !== undefined; chunk = chunks.next(), count++) {
      const reader = Reader.over(chunk.bytes);
      for (let i = 0; i < chunk.count; i++) rows.push(readZnodeRow(reader));
      expect(reader.remaining).to.equal(0);
    }
    return { rows, chunks: count };
  }

  const values: readonly (readonly [string, ZnodeRow])[] = [
    ['data of NUL bytes', row('/a', { data: Buffer.alloc(9) })],
    ['no data, and empty data', row('/a', { data: null })],
    ['empty data', row('/a', { data: Buffer.alloc(0) })],
    ['an ACL', row('/a', { acl: '[["ip","10.0.0.0/8",31]]' })],
    ['a path of several bytes per letter', row('/ä/汉/🙂')],
    ['zxids beyond 2^53', row('/a', {}, { czxid: 2n ** 53n + 1n, mzxid: INT64_MAX, pzxid: 2n ** 62n + 3n })],
    ['an owner with the highest bit', row('/a', {}, { ephemeralOwner: -(2n ** 63n) })],
    ['an owner of 19 digits', row('/a', {}, { ephemeralOwner: 0x7f00_1234_5678_9abdn })],
    ['negative versions', row('/a', {}, { version: -1, cversion: -(2 ** 31), aversion: 2 ** 31 - 1 })],
  ];
  for (const [claim, given] of values) {
    it(`keep ${claim}`, () => {
      insert([row('/'), given, row('/b')]);
      const digest = new TreeDigest(0, 0);
      expect(readAll(digest).rows).to.deep.equal([row('/'), given, row('/b')]);
      expect(digest.rows).to.equal(3);
    });
  }

  it('are many for many rows, in their order', () => {
    const rows = Array.from({ length: 5000 }, (_, i) => row(`/${i}`));
    insert(rows);
    db.exec('DELETE FROM znodes WHERE rowid % 7 = 0');
    const { rows: read, chunks } = readAll();
    expect(read.map(({ path }) => path)).to.deep.equal(
      rows.filter((_, i) => (i + 1) % 7 !== 0).map(({ path }) => path),
    );
    expect(chunks).to.be.greaterThan(2);
  });

  it('are about 1 MiB, unless one row is longer', () => {
    const sizes = [10, 10, 3 << 20, 600_000, 600_000, 10, 10];
    insert(sizes.map((size, i) => row(`/${i}`, { data: Buffer.alloc(size, i) })));
    const { rows, chunks } = readAll();
    expect(rows.map(({ data }) => data?.byteLength)).to.deep.equal(sizes);
    expect(chunks).to.be.within(4, 6);
  });

  const damages: readonly (readonly [string, string])[] = [
    ['another number', 'mzxid = mzxid + 1'],
    ['a number beyond 2^53 off by one', 'czxid = czxid + 1'],
    ['a real number', 'ctime = 1.5'],
    ['a number too large', 'pzxid = 9.3e18'],
    ['a text for a number', "version = 'one'"],
    ['NULL for an ACL of no letters', "acl = ''"],
    ['data that became text', 'data = CAST(data AS TEXT)'],
    ['a path that became a blob', 'path = CAST(path AS BLOB)'],
    ['data that moved into the ACL', 'data = null, acl = CAST(data AS TEXT)'],
    ['another path', "path = '/A'"],
    ['data without its last byte', 'data = substr(data, 1, length(data) - 1)'],
    ['another checksum', 'crc = crc + 1'],
  ];
  for (const [claim, change] of damages) {
    it(`show ${claim}`, () => {
      insert([row('/'), row('/a', {}, { czxid: 2n ** 60n + 1n }), row('/b')]);
      db.exec(`UPDATE znodes SET ${change} WHERE path = '/a'`);
      expect(() => readAll()).to.throw(RowDamage, /znode .* does not match its checksum/);
    });
  }
});
