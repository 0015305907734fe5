/** Which parts of a tree are large, and which are deep. */

/** A znode with everything below it. */
export interface Subtree {
  readonly path: string;
  readonly znodes: number;
  /** Of paths and data. */
  readonly bytes: number;
}

/** The outcome of a walk. */
export interface Extent {
  readonly largest: readonly Subtree[];
  readonly deepest: readonly { readonly path: string; readonly depth: number }[];
  /** Of paths and data of all znodes. */
  readonly bytes: number;
}

interface Open {
  readonly path: string;
  znodes: number;
  bytes: number;
}

/**
 * @param rows jute ZnodeRows, each subtree in one piece, parents first
 * @param most how long each list may get
 */
export function measure(rows: Iterable<{ readonly bytes: Buffer }>, most: number): Extent {
  const largest: Subtree[] = [];
  const deepest: { path: string; depth: number }[] = [];
  const open: Open[] = [];
  let total = 0;
  const close = (): void => {
    const { path, znodes, bytes } = open.pop() ?? { path: '', znodes: 0, bytes: 0 };
    const parent = open.at(-1);
    if (parent === undefined) {
      total = bytes;
      return;
    }
    parent.znodes += znodes;
    parent.bytes += bytes;
    if (znodes > 1) keep(largest, { path, znodes, bytes }, (it) => it.bytes, most);
  };
  for (const { path, dataBytes } of eachRow(rows)) {
    while (open.length > 0 && !isBelow(path, open.at(-1)?.path ?? '')) close();
    open.push({ path, znodes: 1, bytes: Buffer.byteLength(path) + dataBytes });
    const depth = open.length - 1;
    if (depth > (deepest.length < most ? 0 : (deepest.at(-1)?.depth ?? 0))) {
      keep(deepest, { path, depth }, (it) => it.depth, most);
    }
  }
  while (open.length > 0) close();
  return { largest, deepest, bytes: total };
}

function isBelow(path: string, above: string): boolean {
  return above === '/' || path.startsWith(`${above}/`);
}

/** Puts an item at its place in a short list, the greatest first. */
function keep<T>(list: T[], item: T, size: (item: T) => number, most: number): void {
  const last = list.at(-1);
  if (list.length >= most && last !== undefined && size(item) <= size(last)) return;
  const at = list.findIndex((other) => size(other) < size(item));
  list.splice(at === -1 ? list.length : at, 0, item);
  if (list.length > most) list.pop();
}

const STAT_BYTES = 60;

/** These come from this process, and are not checked like a stranger's. */
function* eachRow(
  rows: Iterable<{ readonly bytes: Buffer }>,
): Generator<{ path: string; dataBytes: number }> {
  for (const { bytes } of rows) {
    for (let at = 0; at < bytes.byteLength;) {
      const data = at + 4 + bytes.readInt32BE(at);
      const dataBytes = Math.max(0, bytes.readInt32BE(data));
      const acl = data + 4 + dataBytes;
      yield { path: bytes.toString('utf8', at + 4, data), dataBytes };
      at = acl + 4 + Math.max(0, bytes.readInt32BE(acl)) + STAT_BYTES;
    }
  }
}
