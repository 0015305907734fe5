/**
 * Znodes within the bytes of a jute TreeFlush. Many are replaced by a later flush before they are written, so of each
 * only its place is kept, and what goes into columns is taken out at the end.
 */
import { crc32 } from 'node:zlib';

/** Of a StatPersisted. */
const STAT_BYTES = 60;

/** The bytes of a flush. They come from this process, and are not checked like a stranger's. */
export class FlushBytes {
  readonly bytes: Buffer;
  readonly #view: DataView;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** @returns the znode at `at` */
  znode(at: number): FlushedZnode {
    const view = this.#view;
    const data = at + 4 + view.getInt32(at);
    const acl = data + 4 + Math.max(0, view.getInt32(data));
    const stat = acl + 4 + Math.max(0, view.getInt32(acl));
    return { flush: this, at, data, stat };
  }

  path({ at, data }: FlushedZnode): string {
    return this.bytes.toString('utf8', at + 4, data);
  }

  czxid({ stat }: FlushedZnode): bigint {
    return this.#view.getBigInt64(stat);
  }

  /** Its checksum in `tree.db`. */
  crc(znode: FlushedZnode): number {
    return crc32(this.bytes.subarray(znode.at, endOf(znode)));
  }

  /** Appends the values of all columns between `path` and `crc`, see `treeRows.ts`. */
  pushValues(values: unknown[], { data, stat }: FlushedZnode): void {
    const view = this.#view;
    const dataLength = view.getInt32(data);
    const acl = data + 4 + Math.max(0, dataLength);
    values.push(
      dataLength === -1 ? null : this.bytes.subarray(data + 4, acl),
      view.getInt32(acl) === -1 ? null : this.bytes.toString('utf8', acl + 4, stat),
      view.getBigInt64(stat),
      view.getBigInt64(stat + 8),
      view.getBigInt64(stat + 16),
      view.getBigInt64(stat + 24),
      view.getInt32(stat + 32),
      view.getInt32(stat + 36),
      view.getInt32(stat + 40),
      view.getBigInt64(stat + 44),
      view.getBigInt64(stat + 52),
    );
  }
}

/** A jute ZnodeRow: where it begins, and where its data and its stat do. */
export interface FlushedZnode {
  readonly flush: FlushBytes;
  readonly at: number;
  readonly data: number;
  readonly stat: number;
}

/** @returns where the bytes behind it begin */
export function endOf({ stat }: FlushedZnode): number {
  return stat + STAT_BYTES;
}
