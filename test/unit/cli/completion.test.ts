/**
 * Why this file exists: a completion script that is broken makes a shell's Tab key worse than none. bash runs it here; the
 * others are held against what they must contain.
 */
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { translateOptions } from '../../../src/cli/cliCommand.js';

const MAIN = fileURLToPath(new URL('../../../src/cli/main.js', import.meta.url));

function script(shell: string): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'completion', shell], {
    encoding: 'utf8',
  });
  expect(status, stderr).to.equal(0);
  return stdout;
}

describe('the completion', () => {
  let bash = '';
  before(() => {
    bash = script('bash');
  });

  function completed(...words: string[]): string[] {
    const { stdout, stderr } = spawnSync(
      'bash',
      [
        '--norc',
        '-c',
        `${bash}\nCOMP_WORDS=(zabkeeper "$@"); COMP_CWORD=$#; _zabkeeper; printf '%s\\n' "\${COMPREPLY[@]}"`,
        'bash',
        ...words,
      ],
      { encoding: 'utf8', cwd: fileURLToPath(new URL('../../../../conf/', import.meta.url)) },
    );
    expect(stderr).to.equal('');
    return stdout.trimEnd().split('\n');
  }

  const rows: [words: string[], completed: string[]][] = [
    [['s'], ['server', 'status']],
    [['ensemble', 's'], ['start']],
    [['ensemble', 'start', '--cl'], ['--client-port']],
    [['server', 'zo'], ['zoo.cfg']],
    [['server', '--ready-file', 'zo'], ['zoo.cfg']],
    [
      ['cli', 'getA'],
      ['getAcl', 'getAllChildrenNumber'],
    ],
    [['cli', '--server', 'h:1', 'getE'], ['getEphemerals']],
    [['cli', '--wait'], ['--wait-for-connection']],
    [['bench', 'get', 'mu'], ['multi']],
    [['completion', 'f'], ['fish']],
    [['help', 'cl'], ['cli']],
    [['nonsense', '--ver'], ['--version']],
  ];
  for (const [words, expected] of rows) {
    it(`of zabkeeper ${words.join(' ')} is ${expected.join(' ')}`, () => {
      expect(completed(...words)).to.deep.equal(expected);
    });
  }

  it('is a function that bash is told of', () =>
    expect(bash).to.match(/^complete .*-F _zabkeeper zabkeeper$/m));

  it('for zsh is the same behind bashcompinit', () => {
    expect(script('zsh')).to.equal(`autoload -U +X bashcompinit && bashcompinit\n${bash}`);
  });

  it('for fish has commands and options with what they do', () => {
    const fish = script('fish');
    expect(fish).to.include("-n '__fish_use_subcommand' -a 'server' -d 'run a server in the foreground'");
    expect(fish).to.match(/__fish_seen_subcommand_from cli' -l server -r -d /);
    // Quotes are closed: a line has an even number of them, but for those that are escaped.
    for (const line of fish.split('\n')) {
      expect(line.replaceAll("'\\''", '').split("'").length % 2, line).to.equal(1);
    }
  });

  it('knows no other shell', () => {
    const { status, stderr } = spawnSync(process.execPath, [MAIN, 'completion', 'tcsh'], {
      encoding: 'utf8',
    });
    expect(status).to.equal(2);
    expect(stderr).to.include('Allowed choices are bash, zsh, fish');
  });
});

describe("the options of Apache's zkCli.sh", () => {
  const rows: [args: string[], translated: string[]][] = [
    [
      ['-server', 'h:1', 'ls', '-server', '/'],
      ['--server', 'h:1', 'ls', '-server', '/'],
    ],
    [
      ['-timeout', '5', '-r', '-waitforconnection'],
      ['--timeout', '5', '-r', '--wait-for-connection'],
    ],
    [
      ['-client-configuration', 'f', 'delete', '-v', '1', '/a'],
      ['--client-configuration', 'f', 'delete', '-v', '1', '/a'],
    ],
    [
      ['--server', '-server', 'ls'],
      ['--server', '-server', 'ls'],
    ],
    [['-server'], ['--server']],
    [
      ['--json', 'ls', '/'],
      ['--json', 'ls', '/'],
    ],
    [[], []],
  ];
  for (const [args, translated] of rows) {
    it(args.join(' '), () => expect(translateOptions(args)).to.deep.equal(translated));
  }
});
