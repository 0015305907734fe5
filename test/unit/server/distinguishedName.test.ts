/**
 * The name of a client with a certificate must be, letter for letter, what Java makes of it: access lists that Java
 * clients wrote hold that. The expected texts are those of `X500Principal.getName()` (OpenJDK 17).
 */
import { expect } from 'chai';
import { X509Certificate } from 'node:crypto';
import { subjectName } from '../../../src/server/distinguishedName.js';
import { Authority } from '../../helpers/certificates.js';

const NAMES: [subject: string, java: string][] = [
  ['/CN=alice', 'CN=alice'],
  ['/C=DE/ST=Berlin/L=Berlin/O=Example/OU=Ops/CN=alice', 'CN=alice,OU=Ops,O=Example,L=Berlin,ST=Berlin,C=DE'],
  ['/DC=org/DC=example/UID=a1/CN=alice', 'CN=alice,UID=a1,DC=example,DC=org'],
  ['/O=Example, Inc. \\+ Co/CN=#a', 'CN=\\#a,O=Example\\, Inc. \\+ Co'],
  ['/O=x/CN=a "b" <c>; d\\\\e', 'CN=a \\"b\\" \\<c\\>\\; d\\\\e,O=x'],
  ['/O=Größe/CN=日本', 'CN=日本,O=Größe'],
  ['/O=x/CN= a ', 'CN=\\ a\\ ,O=x'],
  ['/OU=a+CN=b', 'CN=b+OU=a'],
  ['/O=x/emailAddress=a@b.c', '1.2.840.113549.1.9.1=#16056140622e63,O=x'],
  ['/O=x/serialNumber=12', '2.5.4.5=#13023132,O=x'],
];

describe('the subject of a certificate', () => {
  const authority = new Authority();
  after(() => authority[Symbol.dispose]());

  for (const [index, [subject, java]] of NAMES.entries()) {
    it(`${subject} is ${java}`, () => {
      const { cert } = authority.issue(`name-${index}`, { subject });
      expect(subjectName(new X509Certificate(cert).raw)).to.equal(java);
    });
  }

  it('of what is no certificate is an error', () => {
    for (const bytes of ['', '30', '3003020101', '3080', '308400000001'])
      expect(() => subjectName(Buffer.from(bytes, 'hex'))).to.throw('not in DER');
  });
});
