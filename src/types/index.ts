/** The words of the domain that every room shares. */
export * from './ids.js';
export * from './errors.js';
export * from './protocol.js';
