/**
 * Why this file exists: how others read four-letter words. Each function accepts what the named program accepts and
 * returns undefined where that program would give up.
 */

/** What `FLWSrvr` of the Go client (go-zookeeper/zk, since 1.0.3) finds in srvr. */
export interface GoServerStats {
  readonly version: string;
  readonly buildTime: string;
  readonly latency: readonly [min: number, avg: number, max: number];
  readonly received: number;
  readonly sent: number;
  readonly connections: number;
  readonly outstanding: number;
  readonly zxid: bigint;
  readonly mode: string;
  readonly nodeCount: number;
}

const GO_SRVR = new RegExp(
  [
    String.raw`^Zookeeper version: ([A-Za-z0-9.-]+), built on ((?:\d\d/\d\d/\d{4}|\d{4}-\d\d-\d\d) \d\d:\d\d [A-Za-z0-9:+-]+).*\n`,
    String.raw`Latency min/avg/max: (\d+)/([0-9.]+)/(\d+).*\n`,
    String.raw`Received: (\d+).*\nSent: (\d+).*\nConnections: (\d+).*\nOutstanding: (\d+).*\n`,
    String.raw`Zxid: (0x[A-Za-z0-9]+).*\nMode: (\w+).*\nNode count: (\d+)`,
  ].join(''),
);

/** Go's time layouts `01/02/2006 15:04 MST` and `2006-01-02 15:04 MST`; a zone is three or four capitals. */
const GO_TIME =
  /^(?:(?:0[1-9]|1[0-2])\/[0-3]\d\/\d{4}|\d{4}-(?:0[1-9]|1[0-2])-[0-3]\d) [0-2]\d:[0-5]\d [A-Z]{3,4}$/;

/** The Go client's `FLWSrvr`. */
export function goSrvr(answer: string): GoServerStats | undefined {
  const match = GO_SRVR.exec(answer);
  if (match === null) return undefined;
  const [, version = '', buildTime = '', min, avg, max, received, sent, connections, outstanding, ...rest] =
    match;
  const [zxid = '', mode = '', nodeCount] = rest;
  if (!GO_TIME.test(buildTime)) return undefined;
  return {
    version,
    buildTime,
    latency: [Number(min), Number(avg), Number(max)],
    received: Number(received),
    sent: Number(sent),
    connections: Number(connections),
    outstanding: Number(outstanding),
    zxid: BigInt(zxid),
    mode,
    nodeCount: Number(nodeCount),
  };
}

const GO_ADDRESS = String.raw`^ /((?:\d{1,3}\.){3}\d{1,3}:\d+)\[\d+\]`;
const GO_TRAFFIC = String.raw`\(queued=(\d+),recved=(\d+),sent=(\d+)`;
const GO_SESSION =
  String.raw`,sid=(0x[A-Za-z0-9]+),lop=(\w+),est=(\d+),to=(\d+),lcxid=(0x[A-Za-z0-9]+),lzxid=(0x[A-Za-z0-9]+)` +
  String.raw`,lresp=(\d+),llat=(\d+),minlat=(\d+),avglat=(\d+),maxlat=(\d+)`;
const GO_CONS = new RegExp(String.raw`${GO_ADDRESS}${GO_TRAFFIC}${GO_SESSION}\)`);
/** samuel/go-zookeeper also takes a connection without a session. */
const OLD_GO_CONS = new RegExp(String.raw`${GO_ADDRESS}${GO_TRAFFIC}(?:${GO_SESSION})?\)`);

/** The Go client's `FLWCons`: the fields of each connection with a session over IPv4, which is all it can read. */
export function goCons(answer: string): string[][] {
  return matches(answer, GO_CONS);
}

/** The same of its predecessor, for connections with or without a session. */
export function oldGoCons(answer: string): string[][] {
  return matches(answer, OLD_GO_CONS);
}

function matches(answer: string, expression: RegExp): string[][] {
  return answer.split('\n').flatMap((line) => {
    const match = expression.exec(line);
    return match === null ? [] : [match.slice(1)];
  });
}

/** kazoo's `client.server_version()`, from envi. It reads at most 8192 bytes. */
export function kazooServerVersion(answer: string): readonly number[] | undefined {
  const entries = answer.slice(0, 8192).split('\n').map(splitOnce);
  const version = new Map(entries).get('zookeeper.version') ?? '';
  const numbers = (/^[\d.]*/.exec(version)?.[0] ?? '').split('.');
  return numbers.length > 1 && numbers.every((number) => /^\d+$/.test(number))
    ? numbers.map(Number)
    : undefined;
}

function splitOnce(line: string): [key: string, value: string] {
  const at = line.indexOf('=');
  return at < 0 ? ['', ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
}

/** aiozk's version, from srvr. */
export function aiozkVersion(answer: string): readonly number[] | undefined {
  return /Zookeeper version: (\d+)\.(\d+)\.(\d+)-/.exec(answer)?.slice(1).map(Number);
}

/** The version in Datadog's check, from stat. */
export function datadogVersion(answer: string): string | undefined {
  return /Zookeeper version: ([^.]+)\.([^.]+)\.([^-]+)/i.exec(answer)?.slice(1).join('.');
}

/** Telegraf's plugin, from mntr: one bad line makes it give up. */
export function telegrafMntr(answer: string): ReadonlyMap<string, string> | undefined {
  const entries = answer
    .trimEnd()
    .split('\n')
    .map((line) => /^zk_(\w[\w.-]*)\s+([\w.-]+)/.exec(line));
  if (entries.some((entry) => entry === null)) return undefined;
  return new Map(entries.map((entry) => [entry?.[1] ?? '', entry?.[2] ?? '']));
}
