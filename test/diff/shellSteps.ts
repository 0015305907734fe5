/**
 * What is typed into both shells. A step is what is compared at once; one that both answer alike is a line or several. A
 * step with a difference says what each of them prints, and names the row of docs/differences.md.
 */

/** Output of one shell for a step. Missing streams have no line. */
export interface Printed {
  readonly out?: readonly string[];
  readonly err?: readonly string[];
}

export interface Step {
  /** Lines to type. */
  readonly lines: readonly string[];
  readonly difference?: { readonly id: string; readonly apache: Printed; readonly ours: Printed };
}

function same(...lines: string[]): Step[] {
  return lines.map((line) => ({ lines: [line] }));
}

function together(...lines: string[]): Step {
  return { lines };
}

function differs(id: string, line: string | readonly string[], apache: Printed, ours: Printed): Step {
  return { lines: typeof line === 'string' ? [line] : line, difference: { id, apache, ours } };
}

const NOT_CONNECTED = 'Not connected; type connect for a new session';

/** In an order that makes sense: each step finds what those before it have left. */
export const STEPS: readonly Step[] = [
  // create
  ...same(
    'create /a hello',
    'create /a',
    'create /none/x',
    'create -c -s /x',
    'create -t 0 /x',
    'create -t 5 -e /x',
    'create -t 5 -c /x',
    'create -t x /x',
    'create',
    'create -s /a/s-',
    'create -s /a/s- data world:anyone:cdrwa',
    'create -s /a/',
    'create -e /a/e',
    'create /a/e/x',
    'create -e -s /a/es-',
    'create -c /a/container',
    'create -t 5000000 /a/ttl x',
    'create -t 5000000 -s /a/ttls- x',
    'create /acl d world:anyone:zr',
    'create /noscheme d nosuch:x:r',
    'create "/sp ace" \'some data\'',
    'get "/sp ace"',
    'create /quoted \'{"a": 1}\'',
    'get /quoted',
    'create /empty ""',
    'get /empty',
    'create /null',
    'get /null',
  ),
  differs(
    'path-in-message',
    'create b',
    { err: ['Path must start with / character'] },
    { err: ['Path must start with / character: b'] },
  ),
  differs(
    'path-in-message',
    'create /b/',
    { err: ['Path must not end with / character'] },
    { err: ['Path must not end with / character: /b/'] },
  ),
  ...same('create /b//c', 'create /b/../c', 'create /b/.', 'create -z /x'),
  differs(
    'acl-without-entry',
    'create /noacl d world:anyone',
    {
      err: [
        'world:anyone does not have the form scheme:id:perm',
        'KeeperErrorCode = InvalidACL',
        'Acl is not valid : null',
      ],
    },
    { err: ['world:anyone does not have the form scheme:id:perm', 'Acl is not valid : /noacl'] },
  ),

  // get, set, stat, ls
  ...same('get /a', 'get -s /a', 'get /a watch', 'get /none', 'get -w /a', 'set /a v2', 'set /none x'),
  differs('newer-usage', 'get', { err: ['get [-s] [-w] path'] }, { err: ['get [-s] [-w] [-b] [-x] path'] }),
  differs(
    'newer-usage',
    'set /a',
    { err: ['set [-s] [-v version] path data'] },
    { err: ['set path data [-s] [-v version] [-b]'] },
  ),
  ...same('set -v 7 /a x', 'set -s -v 1 /a x3', 'get -sw /a', 'set /a "two words"', 'get /a'),
  differs('minus', 'set /null -5', { err: ['Unrecognized option: -5'] }, {}),
  differs('minus', 'get /null', { out: ['null'] }, { out: ['-5'] }),
  ...same('stat /a', 'stat', 'stat /none', 'stat -w /none', 'create /none', 'delete /none', 'stat /a watch'),
  ...same(
    'ls /',
    'ls',
    'ls /none',
    'ls -s /a',
    'ls -R /a',
    'create /lsw',
    'create /lsw/1',
    'ls -R -w /lsw',
    'create /lsw/1/2',
    'set /lsw x',
    'deleteall /lsw',
    'create /a/w',
    'create /a/w/x',
    'ls -w /a',
  ),
  ...same('ls /a true', 'create /a/v', 'delete /a/v', 'ls -R /none'),
  differs(
    'usage-of-ls',
    'ls -? /empty',
    { out: ['usage: ls [options] path', '[]'] },
    { out: ['ls [-s] [-w] [-R] path', '[]'] },
  ),

  // delete, deleteall
  ...same(
    'delete /a',
    'delete /none',
    'delete',
    'delete -v 9 /a/w/x',
    'delete /a/w/x 3',
    'delete /a/w/x',
    'delete -v 0 /a/w',
  ),
  ...same('deleteall', 'deleteall /none', 'create /d', 'create /d/1', 'create /d/1/2', 'create /d/3'),
  ...same('deleteall /d -b 2', 'stat /d', 'create /d', 'deleteall /d'),
  differs(
    'number-in-message',
    'deleteall -b x /a',
    { err: ['-b argument must be an int value'] },
    { err: ['-b argument must be an int value, not x'] },
  ),

  // access lists
  ...same(
    'getAcl /a',
    'getAcl -s /a',
    'getAcl',
    'getAcl /none',
    'setAcl /a',
    'setAcl -v 5 /a world:anyone:cdrwa',
  ),
  ...same(
    'setAcl -s /a world:anyone:rwdca',
    'create /r',
    'create /r/1',
    'setAcl -R /r world:anyone:cdrw',
    'getAcl /r/1',
  ),
  ...same(
    'setAcl /r world:anyone:cdrwa',
    'setAcl /none world:anyone:r',
    'addauth',
    'addauth digest u:p',
    'whoami',
  ),
  ...same('setAcl /a auth::cdrwa', 'getAcl /a', 'create /auth x auth:u:p:cdrwa', 'getAcl /auth', 'get /auth'),
  differs(
    'recursive-acl',
    'setAcl -R /r/1 world:anyone:cdrwa',
    { out: ['KeeperErrorCode = NoAuth for /r/1'] },
    {
      err: ['Insufficient permission : /r/1', 'The ACL of 1 of 1 znodes at and below /r/1 was not set'],
    },
  ),

  // sync, counts, ephemerals
  ...same(
    'sync /a',
    'sync',
    'sync /none',
    'getAllChildrenNumber /a',
    'getAllChildrenNumber',
    'getAllChildrenNumber /none',
  ),
  ...same('getEphemerals /a/e', 'getEphemerals /none', 'getEphemerals'),

  // quotas
  ...same('listquota /a', 'listquota', 'setquota -n 5', 'setquota -n 0 /a', 'setquota -b -1 /a'),
  ...same(
    'setquota -n 50 /a',
    'setquota -b 1 /a',
    'listquota /a',
    'setquota -N 100 /a',
    'setquota -B 100000 /a',
    'listquota /a',
  ),
  ...same('setquota -n 2 /none', 'setquota -n 2 /zookeeper/quota/x', 'setquota -n 5 /a/e'),
  ...same(
    'create /q',
    'create /q/r',
    'setquota -n 5 /q/r',
    'setquota -n 5 /q',
    'delquota /q/r',
    'ls -R /zookeeper/quota',
  ),
  ...same(
    'delquota',
    'delquota -n /a',
    'listquota /a',
    'delquota /a',
    'listquota /a',
    'delquota /a',
    'delquota -B /none',
  ),
  differs(
    'quota-of-root',
    'setquota -n 5 /',
    { err: ['Path must not end with / character'] },
    { err: ['A quota on / is not possible; set it on what is below'] },
  ),
  differs(
    'words-of-java',
    'setquota',
    {
      err: [
        'Missing required option: [-n num soft quota, -b bytes soft quota, -N num hard quota, -B bytes hard quota]',
      ],
    },
    { err: ['setquota -n|-b|-N|-B val path'] },
  ),
  differs(
    'words-of-java',
    'setquota -n x /a',
    { err: ['NumberFormatException happens when parsing the option value'] },
    { err: ['-n takes a whole number, not x'] },
  ),
  differs(
    'words-of-java',
    'delquota -n -b /a',
    { err: ["The option 'b' was specified but an option from this group has already been selected: 'n'"] },
    { err: ['Only one at a time of -n, -b, -N and -B', 'delquota [-n|-b|-N|-B] path'] },
  ),

  // watches
  ...same(
    'addWatch',
    'addWatch -m nonsense /a',
    'addWatch -m persistent /q',
    'set /q x',
    'create /q/s',
    'set /q/s x',
  ),
  ...same(
    'removewatches /q',
    'set /q y',
    'addWatch -m PERSISTENT_RECURSIVE /q',
    'set /q/s z',
    'create /q/s/t',
    'delete /q/s/t',
    'removewatches /q -a',
  ),
  ...same(
    'stat -w /q',
    'removewatches /q -d',
    'ls -w /q',
    'removewatches /q -c',
    'removewatches /q',
    'removewatches /none -l',
  ),
  ...same('printwatches', 'printwatches off', 'printwatches', 'stat -w /q', 'set /q z', 'printwatches on'),
  differs(
    'newer-usage',
    'removewatches',
    { err: ['removewatches path [-c|-d|-a] [-l]'] },
    { err: ['removewatches path [-c|-d|-a|-p|-r] [-l]'] },
  ),

  // the ensemble
  ...same(
    'config',
    'config -c',
    'config -s',
    'config -w',
    'reconfig',
    'reconfig -members a -file b',
    'reconfig -add a -file b',
  ),
  ...same('reconfig -v z -add a'),
  differs(
    'advice',
    'reconfig -remove 1',
    { err: ['KeeperErrorCode = Reconfig is disabled'] },
    {
      err: [
        'KeeperErrorCode = Reconfig is disabled for /zookeeper/config: set reconfigEnabled=true in zoo.cfg of the servers',
      ],
    },
  ),
  differs(
    'words-of-java',
    'reconfig -file /nonexistent',
    { err: ['Error processing /nonexistent/nonexistent (No such file or directory)'] },
    { err: ["Error processing /nonexistent: ENOENT: no such file or directory, open '/nonexistent'"] },
  ),

  // the shell itself
  together('version x'),
  ...same('redo 0', 'redo', 'history'),
  differs(
    'advice',
    'redo 99999',
    { err: ['Command index out of range'] },
    { err: ['Command index out of range; type history for the numbers'] },
  ),
  differs(
    'help',
    'help',
    { err: ['<usage>', 'Command not found: Command not found help'] },
    { out: ['<usage>'] },
  ),
  ...same('nonsense', 'nonsense with arguments'),
  differs(
    'version',
    'version',
    { out: ['ZooKeeper CLI version: <version>'] },
    { out: ['ZooKeeper CLI version: <version>'] },
  ),
  differs(
    'not-connected',
    ['close', 'get /a', 'connect'],
    { out: ['Not connected'] },
    { err: [NOT_CONNECTED] },
  ),
  ...same('getEphemerals', 'ls /a', 'create -e /again', 'connect', 'ls /'),
  differs(
    'not-connected',
    ['close', 'history', 'connect'],
    { out: ['<history>', 'Not connected'] },
    { out: ['<history>'] },
  ),

  // What ends Apache's shell with a stack trace comes last: it is not typed into it at all.
];

/** Lines that end Apache's shell by an exception of Java, and what ours says. Typed into ours alone. */
export const APACHE_ENDS: readonly (readonly [line: string, err: string])[] = [
  ['redo x', 'x is not a number of a command; history prints them'],
  ['delete -v x /a', '-v argument must be an int value, not x'],
  ['set -v x /a y', '-v argument must be an int value, not x'],
  ['setAcl -v x /a world:anyone:r', '-v argument must be an int value, not x'],
  ['addWatch x', 'Path must start with / character: x'],
];
