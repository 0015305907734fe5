/** Told how far a step of a long work is: what it does, how much is done, and of how much, if that is known. */
export type Progress = (what: string, done: number, of?: number) => void;

/** Bytes of rows that travel together. */
export const PIECE_BYTES = 1 << 20;
