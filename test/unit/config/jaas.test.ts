/**
 * Why this file exists: JAAS files hold passwords; they must be read exactly and never repeated in a message.
 */
import { expect } from 'chai';
import { ConfigError, digestUsers, parseJaas } from '../../../src/config/index.js';

const MODULE = 'org.apache.zookeeper.server.auth.DigestLoginModule required';

function users(text: string, section = 'Server'): Record<string, string> {
  return Object.fromEntries(digestUsers(parseJaas(text).get(section) ?? []));
}

const accepted: [claim: string, text: string, expected: Record<string, string>][] = [
  [
    'users are the options user_<name>',
    `Server { ${MODULE} user_super="a" user_bob="b"; };`,
    { super: 'a', bob: 'b' },
  ],
  [
    'lines and comments may stand anywhere',
    `// x\nServer {\n /* y\n */ ${MODULE}\n user_bob="b"; // z\n};\n`,
    { bob: 'b' },
  ],
  [
    'quoted values keep punctuation',
    `Server { ${MODULE} user_bob="a;b{c}=d//e#f"; };`,
    { bob: 'a;b{c}=d//e#f' },
  ],
  ['quoted values may escape quotes', `Server { ${MODULE} user_bob="a\\"b\\\\c"; };`, { bob: 'a"b\\c' }],
  ['a value need not be quoted', `Server { ${MODULE} user_bob=secret; };`, { bob: 'secret' }],
  ['the flag may have any case', `Server { x.DigestLoginModule REQUIRED user_bob="b"; };`, { bob: 'b' }],
  ['other options are no users', `Server { ${MODULE} debug=true user_bob="b"; };`, { bob: 'b' }],
  [
    'other modules have no users',
    `Server { com.sun.security.auth.module.Krb5LoginModule required user_a="b"; };`,
    {},
  ],
  [
    'other sections do not matter',
    `Client { ${MODULE} username="a"; }; Server { ${MODULE} user_bob="b"; };`,
    { bob: 'b' },
  ],
  [
    'several modules of a section add up',
    `Server { ${MODULE} user_a="1"; ${MODULE} user_b="2"; };`,
    { a: '1', b: '2' },
  ],
  ['an empty file has no sections', '', {}],
];

const refused: [claim: string, text: string, message: string][] = [
  ['a section needs a brace', `Server\n ${MODULE} user_bob="s3cret"; };`, 'line 2, { is expected'],
  [
    'a module ends with a semicolon',
    `Server { ${MODULE}\n user_bob="s3cret" };`,
    'line 2, an option or ; is expected',
  ],
  [
    'a section ends with a semicolon',
    `Server { ${MODULE} user_bob="s3cret"; }`,
    'line 1, the file ends where ;',
  ],
  [
    'the file must not end inside a section',
    `Server {\n${MODULE} user_bob="s3cret";`,
    'line 2, the file ends',
  ],
  [
    'a quote must be closed on its line',
    `Server { ${MODULE}\n user_bob="s3cret;\n };`,
    'line 2, a quoted value is not closed',
  ],
  ['an option needs a value', `Server { ${MODULE} user_bob; };`, '= is expected'],
  ['a value must follow =', `Server { ${MODULE} user_bob=; };`, 'the value of user_bob is expected'],
  [
    'the flag must be one of four',
    `Server { x.DigestLoginModule maybe user_bob="s3cret"; };`,
    'expected one of required',
  ],
  [
    'a section may appear once',
    `Server { ${MODULE}; }; Server { ${MODULE}; };`,
    'the section Server appears twice',
  ],
  [
    'a referred property must be set',
    `Server { ${MODULE} user_bob="\${pw}"; };`,
    'system property pw, which is not set',
  ],
];

describe('parseJaas', () => {
  for (const [claim, text, expected] of accepted) {
    it(claim, () => {
      expect(users(text)).to.deep.equal(expected);
    });
  }
  for (const [claim, text, message] of refused) {
    it(`${claim}, and no password is told`, () => {
      expect(() => parseJaas(text, 'jaas.conf'))
        .to.throw(ConfigError)
        .with.property('message')
        .that.includes('In jaas.conf, line ')
        .and.includes(message)
        .and.not.includes('s3cret');
    });
  }
  it('puts system properties in for ${name}', () => {
    const file = parseJaas(`Server { ${MODULE} user_bob="<\${pw}>"; };`, 'jaas.conf', (name) => name + '!');
    expect(digestUsers(file.get('Server') ?? []).get('bob')).to.equal('<pw!>');
  });
});
