/** The words of the domain that every room shares. */
export * from './ids.js';
export * from './errors.js';
export * from './protocol.js';
export * from './txn.js';
export * from './request.js';
