/** After tsc: notes which build this is, and lets the command be run as a file. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';

const manifest: unknown = JSON.parse(readFileSync('package.json', 'utf8'));
const version =
  typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : '0.0.0';
writeFileSync(
  'dist/build-info.json',
  `${JSON.stringify({ version, builtAt: Date.now(), revision: revision() })}\n`,
);
if (existsSync('dist/src/cli/main.js')) chmodSync('dist/src/cli/main.js', 0o755);

/** null outside of a git checkout. */
function revision(): string | null {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return null;
  }
}
