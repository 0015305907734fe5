/** `npm run generate`: writes `src/net/generated/peer.ts`. With `--check` only says whether it is current. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { generate } from './generate.js';

const SCHEMA = 'src/net/peer.proto';
const TARGET = 'src/net/generated/peer.ts';

const text = generate(readFileSync(SCHEMA, 'utf8'));
if (process.argv.includes('--check')) {
  if (!existsSync(TARGET) || readFileSync(TARGET, 'utf8') !== text) {
    console.error(`${TARGET} is not what ${SCHEMA} says. Run \`npm run generate\` and commit the result.`);
    process.exitCode = 1;
  }
} else {
  mkdirSync(dirname(TARGET), { recursive: true });
  writeFileSync(TARGET, text);
  console.log(TARGET);
}
