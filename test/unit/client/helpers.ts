/** What the client's tests share. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import {
  connect,
  KeeperError,
  type ClientOptions,
  type ErrorName,
  type ZooKeeper,
} from '../../../src/client/index.js';
import type { MockServer } from './mockServer.js';

/** A client with short pauses, connected to the mock servers given. */
export function clientOf(
  servers: MockServer | MockServer[],
  options: Partial<ClientOptions> = {},
): Promise<ZooKeeper> {
  return connect(optionsFor(servers, options));
}

export function optionsFor(
  servers: MockServer | MockServer[],
  options: Partial<ClientOptions> = {},
): ClientOptions {
  const list = Array.isArray(servers) ? servers : [servers];
  return {
    servers: list.map(({ address }) => address),
    shuffle: false,
    connectTimeoutMs: 5000,
    retryDelayMsMin: 10,
    retryDelayMsMax: 50,
    closeTimeoutMs: 500,
    ...options,
  };
}

/** Waits until something holds. */
export async function until(condition: () => boolean, what = 'the condition', limitMs = 5000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`${what} did not come true in ${limitMs} ms`);
    await sleep(2);
  }
}

/** The error that a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('the promise was expected to reject');
}

/** Expects a rejection with this code, and gives the error. */
export async function rejectionWith(code: ErrorName, promise: Promise<unknown>): Promise<KeeperError> {
  const error = await rejection(promise);
  if (!(error instanceof KeeperError)) throw error;
  expect(error.code).to.equal(code);
  return error;
}
