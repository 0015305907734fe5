/** Arithmetic of quorums. */

/**
 * The greatest index that at least `quorumSize` servers have.
 * @param acked per voter the index up to which its log is on disk
 */
export function quorumIndex(acked: readonly number[], quorumSize: number): number {
  const descending = [...acked].sort((a, b) => b - a);
  return descending[quorumSize - 1] ?? 0;
}
