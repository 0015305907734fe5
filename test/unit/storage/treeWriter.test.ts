import { expect } from 'chai';
import { Writer, writeTreeFlush, type ZnodeRow } from '../../../src/codec/index.js';
import { openForReading, openForWriting } from '../../../src/storage/database.js';
import { Meta } from '../../../src/storage/meta.js';
import { createSchema, TREE_SCHEMA } from '../../../src/storage/schema.js';
import {
  emptyTreeValues,
  readDigest,
  selectZnodes,
  TreeDigest,
  znodeOf,
} from '../../../src/storage/treeRows.js';
import { TreeWriter } from '../../../src/storage/treeWriter.js';
import { Directory } from './support.js';

/** A znode of which all that matters follows from the zxid that made it. */
function znode(path: string, czxid: bigint, mzxid = czxid): ZnodeRow {
  const stat = { czxid, mzxid, ctime: 1n, mtime: mzxid, version: 0, cversion: 0, aversion: 0 };
  return {
    path,
    data: Buffer.from(mzxid.toString()),
    acl: null,
    stat: { ...stat, ephemeralOwner: 0n, pzxid: czxid },
  };
}

const PATHS = Array.from({ length: 20 }, (_, i) => `/${String(i).padStart(2, '0')}`);

describe('the writer of the tree', () => {
  let directory: Directory;
  let file: string;
  let writer: TreeWriter;

  beforeEach(() => {
    directory = new Directory();
    file = `${directory.path}/tree-1.db`;
    const db = openForWriting(file, 'OFF');
    createSchema(db, TREE_SCHEMA, () => Meta.create(db, file, emptyTreeValues()));
    db.close();
    writer = new TreeWriter(file);
  });

  afterEach(() => {
    writer.close();
    directory[Symbol.dispose]();
  });

  function merge(zxid: bigint, znodes: readonly ZnodeRow[], deletedPaths: readonly string[] = []): void {
    const bytes = new Writer(64);
    writeTreeFlush(bytes, {
      index: zxid,
      zxid,
      chain: 0n,
      znodes: [...znodes],
      deletedPaths: [...deletedPaths],
      sessions: [],
      endedSessions: [],
    });
    writer.merge(bytes.take());
  }

  /** All rows in their order; each matches its checksum, and all the digest. */
  function rows(): ZnodeRow[] {
    const db = openForReading(file);
    try {
      const digest = new TreeDigest(0, 0);
      const found = [...selectZnodes(db)].map((columns) => znodeOf(columns, digest));
      expect(digest.equals(readDigest(Meta.read(db, file))), 'the digest of all rows').to.be.true;
      return found.map((row) => row ?? expect.fail('A row does not match its checksum.'));
    } finally {
      db.close();
    }
  }

  it('writes new znodes in the order of their paths', () => {
    merge(
      100n,
      [...PATHS].reverse().map((path, i) => znode(path, BigInt(i + 1))),
    );
    writer.write();
    expect(rows().map(({ path }) => path)).to.deep.equal(PATHS);
  });

  it('writes znodes anew whose path another one had', () => {
    const taken = PATHS.filter((_, i) => i % 5 === 0);
    merge(
      100n,
      taken.map((path) => znode(path, 100n)),
    );
    writer.write();
    // Deleted and made again since: the flush has only what is there now.
    const again = PATHS.map((path) => znode(path, 200n));
    merge(200n, again);
    writer.write();
    expect(rows().sort((a, b) => (a.path < b.path ? -1 : 1))).to.deep.equal(again);
  });

  it('puts parents before their children, also when an older znode comes with new ones', () => {
    merge(100n, [znode('/', 0n), ...PATHS.map((path) => znode(path, 50n)), znode('/19/old', 0n)]);
    writer.write();
    expect(rows().map(({ path }) => path)).to.deep.equal(['/', ...PATHS, '/19/old']);
  });

  it('merges what comes for the same znode before it is written', () => {
    merge(
      100n,
      PATHS.map((path) => znode(path, 100n)),
    );
    merge(200n, [znode('/03', 100n, 200n)], ['/04']);
    merge(300n, [znode('/04', 300n)], ['/05']);
    writer.write();
    merge(400n, [znode('/06', 100n, 400n)], ['/07', '/nowhere']);
    writer.write();
    const left = new Map(rows().map((row) => [row.path, row.stat.mzxid]));
    expect(left.size).to.equal(PATHS.length - 2);
    expect(['/03', '/04', '/06', '/08'].map((path) => left.get(path))).to.deep.equal([
      200n,
      300n,
      400n,
      100n,
    ]);
  });
});
