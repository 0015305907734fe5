/** What `tree.db` has not heard of yet: znodes that changed, and paths that are gone. */
import type { Writer } from '../codec/index.js';
import { aclToText } from './acl.js';
import type { ZnodeStore } from './store.js';
import { Mark, type Znode } from './znode.js';

export class Changes {
  /** Slots of marked znodes; one may be here that is not marked any more. */
  #slots: number[] = [];
  #marked = 0;
  readonly #deletedPaths = new Set<string>();

  /** Znodes and paths that the next `write` will hold, or a few more. */
  get count(): number {
    return this.#marked + this.#deletedPaths.size;
  }

  /** A znode is new or changes. */
  changed(node: Znode): void {
    if (!node.mark(Mark.unflushed)) return;
    this.#slots.push(node.slot);
    this.#marked++;
  }

  /** A znode is as `tree.db` has it. */
  flushed(node: Znode): void {
    if (node.unmark(Mark.unflushed)) this.#marked--;
  }

  /** A znode is about to go. */
  deleted(path: string, node: Znode): void {
    this.flushed(node);
    this.#deletedPaths.add(path);
  }

  /** Writes all of it, the fields `znodes` and `deletedPaths` of a TreeFlush, and begins anew. */
  write(w: Writer, nodes: ZnodeStore): void {
    w.int(this.#marked);
    for (const slot of this.#slots) {
      const node = nodes.at(slot);
      if (node.unmark(Mark.unflushed)) writeRow(w, nodes, node);
    }
    // What was deleted may be there again.
    const gone = [...this.#deletedPaths].filter((path) => !nodes.has(path));
    w.vector(gone, (writer, path) => writer.ustring(path));
    this.#slots = [];
    this.#marked = 0;
    this.#deletedPaths.clear();
  }
}

/** A znode as the record ZnodeRow. */
export function writeRow(w: Writer, nodes: ZnodeStore, node: Znode): void {
  // A frame and a string look alike: a length, then the bytes.
  const mark = w.startFrame();
  nodes.writePath(w, node);
  w.endFrame(mark);
  w.binary(node.kept);
  w.ustring(aclToText(node.acl));
  node.writePersisted(w);
}
