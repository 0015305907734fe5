/**
 * Four-letter words answer in text for people, full of numbers that differ from run to run. This keeps the words,
 * the order and the punctuation, and the numbers that must be the same everywhere.
 */
import type { Normaliser } from './normaliser.js';

export interface WordReading {
  /** Each byte in a segment of its own. */
  readonly split?: boolean;
  /** Close our side for writing behind the word, as `nc` does. */
  readonly halfClose?: boolean;
  /** Keep only these keys of a `key=value` or `key TAB value` listing, sorted. */
  readonly keys?: readonly string[];
  /** Show their values as they are. */
  readonly values?: boolean;
}

type Rule = (line: string, names: Normaliser) => string | undefined;

const NUMBER = /-?\d+(\.\d+)?/g;
const SESSION = /0x[0-9a-f]+/g;
const VERSION = /^Zookeeper version: \d+\.\d+\.\d+\S*, built on \S.*$/;

/** Lines of which each value is replaced by `#`, lines that are kept, and lines that other sessions leave out. */
const RULES: Readonly<Record<string, Rule>> = {
  srvr: server,
  stat: (line, names) => (line.startsWith(' /') ? connection(line, names) : server(line, names)),
  cons: connection,
  conf: setting,
  dump: dumped,
  envi: (line) => line.replace(/=.*/, '=...'),
  hash: (line) => line.replace(/^[0-9a-f]+: -?\d+$/, '<zxid>: <digest>'),
  dirs: numberless,
  mntr: (line) => line.replace(/\t.*/, '\t...'),
  wchc: watches,
  wchp: watches,
  wchs: asItIs,
};

/** The answer in lines; the last one says when there is no newline at the end. */
export function wordLines(name: string, text: string, names: Normaliser, reading: WordReading): string[] {
  if (text === '') return ['(nothing)'];
  const rule: Rule = reading.values === true ? asItIs : (RULES[name] ?? asItIs);
  const whole = text.endsWith('\n');
  const lines = (whole ? text.slice(0, -1) : text).split('\n');
  const said: string[] = [];
  for (const line of lines) {
    const shown = rule(line, names);
    // Repetitions are what other connections look like: how many there are is not ours to say.
    if (shown !== undefined && shown !== said.at(-1)) said.push(shown);
  }
  if (!whole) said.push('(no newline at the end)');
  return reading.keys === undefined ? inOrder(name, said) : only(said, reading.keys);
}

function asItIs(line: string): string {
  return line;
}

function only(lines: readonly string[], keys: readonly string[]): string[] {
  return lines.filter((line) => keys.includes(line.split(/[=\t]/)[0] ?? '')).sort();
}

/** Indented lines come in the order of a hash table, and so do the sessions of all but `dump`. */
function inOrder(name: string, lines: readonly string[]): string[] {
  if (name !== 'dump' && name !== 'cons' && name !== 'wchc' && name !== 'wchp') return [...lines];
  const blocks: { readonly head: string; readonly rest: string[] }[] = [];
  for (const line of lines) {
    const last = blocks.at(-1);
    // Which sessions share a moment of expiry is chance: all go below the first.
    if (last !== undefined && line === last.head) continue;
    if (last !== undefined && line.startsWith('\t')) last.rest.push(line);
    else blocks.push({ head: line, rest: [] });
  }
  if (name !== 'dump') blocks.sort((a, b) => (a.head < b.head ? -1 : 1));
  return blocks.flatMap(({ head, rest }) => [head, ...rest.sort()]);
}

function numberless(line: string): string {
  return line.replace(NUMBER, '#');
}

function server(line: string, names: Normaliser): string {
  if (VERSION.test(line)) return 'Zookeeper version: <version>, built on <date>';
  const zxid = /^Zxid: 0x([0-9a-f]+)$/.exec(line)?.[1];
  if (zxid !== undefined) return `Zxid: 0x<${names.zxid(BigInt(`0x${zxid}`))}>`;
  return line.startsWith('Mode:') ? line : numberless(line);
}

/** ` /127.0.0.1:51770[1](queued=0,recved=5,sent=6)`, in `cons` with more fields; other sessions are left out. */
function connection(line: string, names: Normaliser): string | undefined {
  const open = line.indexOf('(');
  if (open < 0) return line;
  const fields = line.slice(open + 1, line.lastIndexOf(')')).split(',');
  const sid = fields.find((field) => field.startsWith('sid='))?.slice('sid='.length);
  if (sid !== undefined && !names.knowsSession(BigInt.asIntN(64, BigInt(sid)))) return undefined;
  const shown = fields.map((field) => connectionField(field, names));
  return `${line.slice(0, open).replace(/:\d+\[\d+\]/, ':#[#]')}(${shown.join(',')})`;
}

function connectionField(field: string, names: Normaliser): string {
  const [key = '', value = ''] = field.split('=');
  if (key === 'sid') return `sid=${names.session(BigInt.asIntN(64, BigInt(value)))}`;
  if (key === 'lzxid')
    return `lzxid=${/^0x[0-9a-f]+$/.test(value) ? names.zxid(BigInt.asIntN(64, BigInt(value))) : value}`;
  return key === 'lop' || key === 'lcxid' || key === 'to' ? field : `${key}=#`;
}

const VARYING_SETTINGS = ['clientPort', 'dataDir', 'dataDirSize', 'dataLogDir', 'dataLogSize'];

function setting(line: string): string {
  const key = line.split('=')[0] ?? '';
  if (key === 'dataDir' || key === 'dataLogDir') return line.replace(/=.*\/version-2$/, '=<...>/version-2');
  return VARYING_SETTINGS.includes(key) ? `${key}=#` : line;
}

const EXPIRY = /^\d+ expire at \w{3} \w{3} \d{1,2} \d\d:\d\d:\d\d \S+ \d{4}:$/;

function dumped(line: string, names: Normaliser): string | undefined {
  if (EXPIRY.test(line)) return '# expire at <date>:';
  if (/^\t?(ip: .*)?(sessionId: )?0x[0-9a-f]+:?$/.test(line)) return sessionLine(line, names);
  return line.startsWith('\t/') ? `\t${names.text(line.slice(1))}` : line.replace(/\(\d+\)/g, '(#)');
}

function watches(line: string, names: Normaliser): string | undefined {
  return /^\t?0x/.test(line) ? sessionLine(line, names) : line.replace(/\/case-\d+/, '~');
}

function sessionLine(line: string, names: Normaliser): string | undefined {
  const id = BigInt.asIntN(64, BigInt(SESSION.exec(line)?.[0] ?? '0x0'));
  SESSION.lastIndex = 0;
  if (id !== 0n && !names.knowsSession(id)) return undefined;
  return line.replace(SESSION, `<${names.session(id)}>`).replace(/127\.0\.0\.1:\d+/, '127.0.0.1:#');
}
