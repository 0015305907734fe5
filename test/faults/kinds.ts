/** All faults. */
import { CLOCK_FAULTS } from './clocks.js';
import { CROWD_FAULTS } from './crowds.js';
import { DISK_FAULTS } from './disks.js';
import { LINK_FAULTS } from './links.js';
import { PROCESS_FAULTS } from './processes.js';
import type { FaultKind } from './scene.js';

export const KINDS: readonly FaultKind[] = [
  ...PROCESS_FAULTS,
  ...LINK_FAULTS,
  ...DISK_FAULTS,
  ...CROWD_FAULTS,
  ...CLOCK_FAULTS,
];
