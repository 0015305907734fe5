/** Why this file exists: the admin server's JSON is made by hand, and what it hides must stay hidden. */
import { expect } from 'chai';
import fc from 'fast-check';
import { withoutSecrets } from '../../../src/admin/bodies.js';
import { adminCommands } from '../../../src/admin/commands.js';
import { printJson, type Json } from '../../../src/admin/json.js';

describe('JSON of the admin server', () => {
  it('is JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        expect(JSON.parse(printJson(value as Json))).to.deep.equal(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('is laid out as Apache does', () => {
    const text = printJson({
      a: { b: [] },
      c: [{ id: 0x100000000000001n }, { id: -1n }],
      d: {},
      error: null,
    });
    const lines = [
      '{',
      '  "a" : {',
      '    "b" : [ ]',
      '  },',
      '  "c" : [ {',
      '    "id" : 72057594037927937',
      '  }, {',
      '    "id" : -1',
      '  } ],',
      '  "d" : { },',
      '  "error" : null',
      '}',
    ];
    expect(text).to.equal(lines.join('\n'));
  });
});

describe('the configuration file as the admin server shows it', () => {
  it('keeps every line but the secrets', () => {
    const text = [
      '# a comment',
      'dataDir=/data',
      'zabkeeper.sasl.user.alice = hunter2',
      'DigestAuthenticationProvider.superDigest=super:\\',
      '   abcdef\\',
      '   ghi=',
      'zookeeper.DigestAuthenticationProvider.superDigest : super:hidden',
      'tickTime=2000',
      '',
    ].join('\n');
    const shown = withoutSecrets(text, 'zoo.cfg');
    expect(shown.split('\n')).to.deep.equal([
      '# a comment',
      'dataDir=/data',
      'zabkeeper.sasl.user.alice=<secret>',
      'DigestAuthenticationProvider.superDigest=<secret>',
      '',
      '',
      'zookeeper.DigestAuthenticationProvider.superDigest=<secret>',
      'tickTime=2000',
      '',
    ]);
  });
});

describe('the table of commands', () => {
  it('has each name and alias once, in alphabetical order', () => {
    const names = adminCommands.map(({ name }) => name);
    expect(names).to.deep.equal(names.toSorted());
    const all = adminCommands.flatMap(({ name, aliases }) => [name, ...aliases]);
    expect(all).to.have.lengthOf(new Set(all).size);
  });

  it('asks for the token where something changes', () => {
    const changing = adminCommands.filter(({ changes }) => changes).map(({ name }) => name);
    expect(changing).to.deep.equal(['connection_stat_reset', 'set_trace_mask', 'stat_reset']);
  });
});
