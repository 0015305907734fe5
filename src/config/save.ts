/**
 * Why this file exists: after a reconfig the `server.N` lines of a file are those of the past. As ZooKeeper does, the new
 * ones go to a dynamic configuration file of their own, and zoo.cfg names it; so a server whose data is lost still knows
 * whom to ask.
 */
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { resolve } from 'node:path';
import { isMembershipKey, membershipLines, type Membership } from './membership.js';
import { parseProperties } from './properties.js';

const POINTER = 'dynamicConfigFile';
/** What the line of a server says as well, and may say only once. */
const CLIENT_KEYS: ReadonlySet<string> = new Set(['clientPort', 'clientPortAddress']);

/**
 * Writes `membership` to `<zoo.cfg>.dynamic.<version>` and makes zoo.cfg name that file instead of having `server.N`
 * lines. The first time zoo.cfg is kept as `<zoo.cfg>.bak`; each file is replaced as a whole or not at all.
 * @param configFile zoo.cfg
 * @param id this server: if its line tells where clients connect, zoo.cfg does not tell it any more
 * @returns the dynamic file
 * @throws the error of the file system
 */
export function saveMembership(configFile: string, id: number, membership: Membership): string {
  // A link would be replaced by a file.
  const file = realpathSync(configFile);
  const text = readFileSync(file, 'utf8');
  const properties = parseProperties(text, file);
  const pointer = properties.findLast(({ key }) => key === POINTER)?.value;
  const base = pointer === undefined ? `${file}.dynamic` : resolve(pointer).replace(/\.[0-9a-fA-F]+$/, '');
  const dynamicFile = `${base}.${membership.version}`;

  const ownsClientPort = membership.members.find((member) => member.id === id)?.client !== undefined;
  const isReplaced = (key: string): boolean =>
    key === POINTER || isMembershipKey(key) || (ownsClientPort && CLIENT_KEYS.has(key));
  const gone = new Set<number>();
  for (const { key, line, lastLine } of properties)
    if (isReplaced(key)) for (let number = line; number <= lastLine; number++) gone.add(number);
  const kept = text.split(/\r\n|\r|\n/).filter((_, index) => !gone.has(index + 1));
  while (kept.at(-1) === '') kept.pop();

  const backup = `${file}.bak`;
  if (!existsSync(backup)) copyFileSync(file, backup);
  const { mode } = statSync(file);
  replaceFile(dynamicFile, `${membershipLines(membership).join('\n')}\n`, mode);
  replaceFile(file, [...kept, `${POINTER}=${escaped(dynamicFile)}`, ''].join('\n'), mode);
  return dynamicFile;
}

/** A backslash begins an escape in a properties file. */
function escaped(path: string): string {
  return path.replaceAll('\\', '\\\\');
}

/** Whoever reads `file` finds what it was or `text`, also after a power failure. */
function replaceFile(file: string, text: string, mode: number): void {
  const temporary = `${file}.tmp`;
  try {
    const handle = openSync(temporary, 'w', mode);
    try {
      writeSync(handle, text);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
