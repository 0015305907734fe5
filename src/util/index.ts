/** Small tools without a word of the domain. */
export { assert, AssertionError, unreachable } from './assert.js';
export { crc32 } from './crc32.js';
export { hex } from './hex.js';
export { Queue } from './queue.js';
