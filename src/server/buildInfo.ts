/** Which build this is: `scripts/postbuild.ts` writes `dist/build-info.json`. */
import { readFileSync } from 'node:fs';

export interface BuildInfo {
  readonly version: string;
  /** ms since 1970 */
  readonly builtAt: number;
  /** 40 hex digits; undefined outside of a git checkout */
  readonly revision: string | undefined;
}

function readBuildInfo(): BuildInfo {
  const parsed: unknown = JSON.parse(readFileSync(new URL('../../build-info.json', import.meta.url), 'utf8'));
  if (typeof parsed !== 'object' || parsed === null)
    throw new Error('dist/build-info.json is malformed: build again.');
  const { version, builtAt, revision } = parsed as Record<string, unknown>;
  return {
    version: typeof version === 'string' ? version : '0.0.0',
    builtAt: typeof builtAt === 'number' ? builtAt : 0,
    revision: typeof revision === 'string' ? revision : undefined,
  };
}

export const buildInfo: BuildInfo = readBuildInfo();
