/** Which paths are legal (protocol.md section 12), and their parts. */
import { expect } from 'chai';
import {
  canonical,
  childOf,
  isWithin,
  nameOf,
  parentOf,
  pathFault,
  validatePath,
} from '../../../src/tree/index.js';
import { KeeperError } from '../../../src/types/index.js';

const LEGAL: [what: string, path: string][] = [
  ['the root', '/'],
  ['one component', '/a'],
  ['a component of dots', '/...'],
  ['dots in front', '/..b'],
  ['one dot in front', '/.b'],
  ['dots behind', '/b..'],
  ['dots between', '/a..b/c.d'],
  ['a blank', '/a b'],
  ['a tilde, the last before the controls', '/\u007e'],
  ['U+00A0, the first after the controls', '/\u00a0'],
  ['U+D7FF, the last before the surrogates', '/\ud7ff'],
  ['U+F900, the first after private use', '/\uf900'],
  ['U+FFEF, the last before the specials', '/\uffef'],
];

const ILLEGAL: [what: string, path: string][] = [
  ['nothing', ''],
  ['no slash in front', 'a/b'],
  ['a slash at the end', '/a/'],
  ['two slashes alone', '//'],
  ['an empty component in front', '//b'],
  ['an empty component between', '/a//b'],
  ['the component "."', '/.'],
  ['the component "." between', '/a/./b'],
  ['the component "." at the end', '/a/.'],
  ['the component ".."', '/a/..'],
  ['the component ".." between', '/a/../b'],
  ['U+0000', '/a\u0000'],
  ['U+0001', '/\u0001'],
  ['U+001F', '/\u001f'],
  ['U+007F', '/\u007f'],
  ['U+009F', '/\u009f'],
  ['U+D800, the first surrogate', '/\ud800'],
  ['an emoji', '/😀'],
  ['U+E000, private use', '/\ue000'],
  ['U+F8FF, the end of private use', '/\uf8ff'],
  ['U+FFF0', '/\ufff0'],
  ['U+FFFD, what malformed UTF-8 becomes', '/\ufffd'],
  ['U+FFFF', '/\uffff'],
];

const PARENTS: [path: string, parent: string, name: string][] = [
  ['/', '/', ''],
  ['/a', '/', 'a'],
  ['/a/b', '/a', 'b'],
  ['/a/', '/a', ''],
  ['//b', '/', 'b'],
  ['/a//b', '/a/', 'b'],
];

const WITHIN: [path: string, ancestor: string, within: boolean][] = [
  ['/a', '/', true],
  ['/', '/', true],
  ['/a', '/a', true],
  ['/a/b/c', '/a', true],
  ['/ab', '/a', false],
  ['/a', '/a/b', false],
  ['/', '/a', false],
];

describe('path', () => {
  for (const [what, path] of LEGAL) {
    it(`may be ${what}`, () => {
      expect(pathFault(path)).to.equal(undefined);
    });
  }

  for (const [what, path] of ILLEGAL) {
    it(`with ${what} is refused as BADARGUMENTS`, () => {
      expect(() => validatePath(path))
        .to.throw(KeeperError)
        .with.property('code', 'BADARGUMENTS');
    });
  }

  it('that is null is refused as BADARGUMENTS', () => {
    expect(() => validatePath(null))
      .to.throw(KeeperError)
      .with.property('code', 'BADARGUMENTS');
  });

  for (const [path, parent, name] of PARENTS) {
    it(`${path} has the parent ${parent} and the name "${name}"`, () => {
      expect(parentOf(path)).to.equal(parent);
      expect(nameOf(path)).to.equal(name);
    });
  }

  it('of a child has one slash more, except below the root', () => {
    expect(childOf('/', 'a')).to.equal('/a');
    expect(childOf('/a', 'b')).to.equal('/a/b');
  });

  it('may be empty in reads, for the root', () => {
    expect(canonical('')).to.equal('/');
    expect(canonical('/a')).to.equal('/a');
  });

  for (const [path, ancestor, within] of WITHIN) {
    it(`${path} lies ${within ? '' : 'not '}within ${ancestor}`, () => {
      expect(isWithin(path, ancestor)).to.equal(within);
    });
  }
});
