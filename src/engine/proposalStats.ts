/** Counts what this server proposed as leader, for operators. Sizes are bytes of a txn and its header. */
export class ProposalStats {
  /** Proposals since the start of the process. */
  count = 0;
  /** Those of them that were committed and applied while it led. */
  committed = 0;
  /** Each -1 before the first proposal of this leadership, or since the reset. */
  lastSize = -1;
  minSize = -1;
  maxSize = -1;

  note(bytes: number): void {
    this.count++;
    this.lastSize = bytes;
    if (bytes > this.maxSize) this.maxSize = bytes;
    if (bytes < this.minSize || this.minSize === -1) this.minSize = bytes;
  }

  /** The counts go on. */
  resetSizes(): void {
    this.lastSize = this.minSize = this.maxSize = -1;
  }
}
