/** Which build this is: `scripts/postbuild.ts` writes `dist/build-info.json`. */
import { existsSync, readFileSync } from 'node:fs';

export interface BuildInfo {
  readonly version: string;
  /** ms since 1970 */
  readonly builtAt: number;
  /** 40 hex digits; undefined outside of a git checkout */
  readonly revision: string | undefined;
}

function readBuildInfo(): BuildInfo {
  const file = new URL('../../build-info.json', import.meta.url);
  const parsed: unknown = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
  if (typeof parsed !== 'object' || parsed === null) {
    throw new Error('The build is not complete (dist/build-info.json is missing): run `npm run build`.');
  }
  const { version, builtAt, revision } = parsed as Record<string, unknown>;
  return {
    version: typeof version === 'string' ? version : '0.0.0',
    builtAt: typeof builtAt === 'number' ? builtAt : 0,
    revision: typeof revision === 'string' ? revision : undefined,
  };
}

export const buildInfo: BuildInfo = readBuildInfo();
