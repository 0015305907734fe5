/** All parsers that are fuzzed in this process. */
import type { Target } from '../target.js';
import { connectionTargets } from './connections.js';
import { peerTargets } from './peers.js';
import { recordTargets } from './records.js';
import { storedTargets } from './stored.js';
import { textTargets } from './texts.js';

export const targets: readonly Target[] = [
  ...recordTargets,
  ...connectionTargets,
  ...peerTargets,
  ...storedTargets(),
  ...textTargets,
];
