/** TLS: the same protocol behind a handshake that either trusts the server or does not. */
import net from 'node:net';
import tls from 'node:tls';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { connect } from '../../../src/client/index.js';
import { optionsFor, rejectionWith } from './helpers.js';
import { MockServer } from './mockServer.js';

// Made for this test, for localhost and 127.0.0.1, good for a hundred years.
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgBXi0ZQ+fKgXcInAt
zhXTs9SbLA/fqpMbjR+u9GzkrJShRANCAASUAqc3ORx3VHQ/I5QPBZlQjyZDGAM9
3apqfPYzLY/s+KtWGDiUHQEWlM+IUVYMLCjBispLgHB+t3hXlYeVKYYw
-----END PRIVATE KEY-----
`;
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUY6lHlfFIw4GWHL6u8EA6K4OwpnMwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMDIyMTMxOFoYDzIxMjYxMDI3
MjIxMzE4WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASUAqc3ORx3VHQ/I5QPBZlQjyZDGAM93apqfPYzLY/s+KtWGDiUHQEW
lM+IUVYMLCjBispLgHB+t3hXlYeVKYYwo28wbTAdBgNVHQ4EFgQUXe+5Skl+FNdL
FRSXWIzGRbD/lggwHwYDVR0jBBgwFoAUXe+5Skl+FNdLFRSXWIzGRbD/lggwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARhwR/AAABgglsb2NhbGhvc3QwCgYIKoZI
zj0EAwIDSAAwRQIgcpZDZANJDoP8fwgMQQiBRRjSMvwoku82ZbjdWMu35q0CIQCT
ybAHfGPEpfkMPGUB9WJSnMLdzy8UB+wSzcHSSEMDCg==
-----END CERTIFICATE-----
`;

/** Takes the TLS off in front of a mock server. */
async function tlsInFrontOf(server: MockServer): Promise<tls.Server> {
  const front = tls.createServer({ key: KEY, cert: CERTIFICATE }, (outer) => {
    const inner = net.connect(server.port, '127.0.0.1');
    outer.pipe(inner).pipe(outer);
    for (const [socket, other] of [
      [outer, inner],
      [inner, outer],
    ] as const) {
      socket.on('error', () => undefined);
      socket.on('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  return front;
}

function addressOf(server: tls.Server): string {
  const address: string | AddressInfo | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server does not listen');
  return `127.0.0.1:${address.port}`;
}

describe('TLS', () => {
  let mock: MockServer;
  let front: tls.Server;

  beforeEach(async () => {
    mock = await MockServer.start();
    front = await tlsInFrontOf(mock);
  });

  afterEach(async () => {
    await mock[Symbol.asyncDispose]();
    await new Promise<void>((resolve) => front.close(() => resolve()));
  });

  it('connects to a server that is trusted', async () => {
    await using zk = await connect(optionsFor(mock, { servers: addressOf(front), tls: { ca: CERTIFICATE } }));
    expect((await zk.getData('/a')).data?.toString()).to.equal('/a');
  });

  it('does not talk to one that is not, and says why', async () => {
    const options = optionsFor(mock, { servers: addressOf(front), tls: true, connectTimeoutMs: 200 });
    const error = await rejectionWith('CONNECTIONLOSS', connect(options));
    expect(error.message).to.contain('self-signed certificate');
    expect(mock.connections.filter(({ connectRequest }) => connectRequest !== undefined)).to.deep.equal([]);
  });
});
