/** What the process that makes the load and the one that started it say to each other. */
import type { LoadOptions, Measurement } from './scenario.js';

/** To the load: the only message. */
export interface LoadOrder {
  readonly scenario: string;
  readonly options: LoadOptions;
}

/** From the load. */
export type LoadReport =
  | { readonly kind: 'begin' }
  | { readonly kind: 'end' }
  | { readonly kind: 'progress'; readonly share: number; readonly operations: number }
  | { readonly kind: 'result'; readonly measurement: Measurement }
  | { readonly kind: 'failed'; readonly message: string };
