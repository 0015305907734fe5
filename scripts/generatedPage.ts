/** A page of docs/ that is made from code: written, or with `--check` on the command line only compared. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * @param name of the file in docs/
 * @param wanted its text
 * @param source what it is made from, for the message when it does not match
 */
export function writeOrCheck(name: string, wanted: string, source: string): void {
  const page = fileURLToPath(new URL(`../../docs/${name}`, import.meta.url));
  if (!process.argv.includes('--check')) {
    writeFileSync(page, wanted);
  } else if (readOrEmpty(page) !== wanted) {
    console.error(`docs/${name} does not match ${source}; run npm run generate.`);
    process.exitCode = 1;
  }
}

function readOrEmpty(page: string): string {
  try {
    return readFileSync(page, 'utf8');
  } catch {
    return '';
  }
}
