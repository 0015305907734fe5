/** The version of the package, from its package.json. */
import { readFileSync } from 'node:fs';
import { packageRoot } from './args.js';

/** As in `0.1.0`; `unknown` if package.json does not say. */
export function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(`${packageRoot}package.json`, 'utf8'));
  return typeof manifest === 'object' &&
    manifest !== null &&
    'version' in manifest &&
    typeof manifest.version === 'string'
    ? manifest.version
    : 'unknown';
}
