/** DIGEST-MD5 against the worked example of RFC 2831, section 4, and against a server that lies. */
import { expect } from 'chai';
import { digestResponse, login, parseDirectives } from '../../../src/client/sasl.js';
import { rejectionWith } from './helpers.js';

const CHALLENGE =
  'realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh",qop="auth",algorithm=md5-sess,charset=utf-8';
const CNONCE = 'OA6MHXh6VqTrRk';
const OPTIONS = { username: 'chris', password: 'secret', digestUri: 'imap/elwood.innosoft.com' };

describe('SASL DIGEST-MD5', () => {
  it('computes the response and the proof of RFC 2831', () => {
    const { token, rspauth } = digestResponse(OPTIONS, CHALLENGE, CNONCE);
    const directives = parseDirectives(token);
    expect(directives.get('response')).to.equal('d388dad90d4bbd760a152321f2143af7');
    expect(rspauth).to.equal('ea40f60335c427b5527b84dbabcdfffd');
    expect(directives.get('username')).to.equal('chris');
    expect(directives.get('nc')).to.equal('00000001');
    expect(directives.get('qop')).to.equal('auth');
  });

  it('reads and writes quotes within quotes', () => {
    expect(parseDirectives('a="x\\"y\\\\z", b=c,d=""')).to.deep.equal(
      new Map([
        ['a', 'x"y\\z'],
        ['b', 'c'],
        ['d', ''],
      ]),
    );
    const { token } = digestResponse({ ...OPTIONS, username: 'a"b' }, CHALLENGE, CNONCE);
    expect(parseDirectives(token).get('username')).to.equal('a"b');
  });

  it('logs in when the server proves that it knows the password', async () => {
    const sent: string[] = [];
    const replies = [CHALLENGE, 'rspauth=ea40f60335c427b5527b84dbabcdfffd'];
    const exchange = (token: Buffer): Promise<Buffer> => {
      sent.push(token.toString());
      return Promise.resolve(Buffer.from(replies.shift() ?? ''));
    };
    expect(await login(OPTIONS, exchange, CNONCE)).to.equal(true);
    expect(sent[0]).to.equal('');
  });

  it('does not accept a server that proves nothing', async () => {
    const replies = [CHALLENGE, 'rspauth=00000000000000000000000000000000'];
    await rejectionWith(
      'AUTHFAILED',
      login(OPTIONS, () => Promise.resolve(Buffer.from(replies.shift() ?? ''))),
    );
  });

  it('fails on a server without SASL, unless the login is optional', async () => {
    await rejectionWith(
      'AUTHFAILED',
      login(OPTIONS, () => Promise.resolve(null)),
    );
    expect(await login({ ...OPTIONS, optional: true }, () => Promise.resolve(null))).to.equal(false);
  });
});
