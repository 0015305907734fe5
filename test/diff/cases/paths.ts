/** Which paths are legal, judged by every request that judges: one row per path. */
import { acl, check, create, del, exists, getData, multi, sequential, setACL, setData } from '../requests.js';
import { group, row, type Case } from '../steps.js';

const OPEN = acl('world:anyone:cdrwa');

const PATHS: readonly (readonly [string, string])[] = [
  ['a single letter', '~/a'],
  ['a slash at the end', '~/a/'],
  ['two slashes', '~//a'],
  ['a slash in the middle twice', '~/p//a'],
  ['a dot', '~/.'],
  ['two dots', '~/..'],
  ['three dots', '~/...'],
  ['a dot in front', '~/.a'],
  ['a dot behind', '~/a.'],
  ['two dots in front', '~/..a'],
  ['two dots behind', '~/a..'],
  ['a dot as a component', '~/p/./a'],
  ['two dots as a component', '~/p/../a'],
  ['no slash at all', 'a'],
  ['no slash in front', 'a/b'],
  ['nothing', ''],
  ['two slashes alone', '//'],
  ['a backslash', '~/a\\b'],
  ['a space', '~/ '],
  ['a colon', '~/a:b'],
  ['a tilde behind', '~/a~'],
  ['a percent sign', '~/%2f'],
  ['a quote', '~/"'],
  ['NUL', '~/a\u0000'],
  ['U+0001', '~/a\u0001'],
  ['a tab', '~/a\t'],
  ['a line feed', '~/a\n'],
  ['U+001F', '~/a\u001f'],
  ['DEL', '~/a\u007f'],
  ['U+0080', '~/a\u0080'],
  ['U+009F', '~/a\u009f'],
  ['U+00A0', '~/a\u00a0'],
  ['U+00AD', '~/a\u00ad'],
  ['U+200B', '~/a\u200b'],
  ['U+D7FF', '~/a\ud7ff'],
  ['a lone surrogate', '~/a\ud800'],
  ['an emoji', '~/a\u{1f600}'],
  ['U+E000', '~/a\ue000'],
  ['U+F8FF', '~/a\uf8ff'],
  ['U+F900', '~/a\uf900'],
  ['U+FEFF', '~/a\ufeff'],
  ['U+FFEF', '~/a\uffef'],
  ['U+FFF0', '~/a\ufff0'],
  ['U+FFFD', '~/a\ufffd'],
  ['U+FFFF', '~/a\uffff'],
];

function judged([name, path]: readonly [string, string]): Case {
  return row(
    name,
    create('~/p'),
    create(path),
    exists(path),
    getData(path),
    setData(path),
    setACL(path, OPEN),
    multi(check(path)),
    multi(create(`${path}2`)),
    del(path),
    sequential(path.startsWith('~') ? path : `~/${path}`),
  );
}

export const pathTable = group('paths', 'main', ...PATHS.map(judged));
