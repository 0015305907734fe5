/** `npm run generate`: writes `src/codec/generated/records.ts`. With `--check` only says whether it is current. */
import { readFileSync, writeFileSync } from 'node:fs';
import { generate } from './generate.js';
import { parse } from './parse.js';

const TARGET = 'src/codec/generated/records.ts';

const classes = ['data', 'proto', 'txn', 'storage'].flatMap((name) => {
  const file = `jute/${name}.jute`;
  return parse(readFileSync(file, 'utf8'), file);
});
const text = generate(classes);
if (process.argv.includes('--check')) {
  if (readFileSync(TARGET, 'utf8') !== text) {
    console.error(`${TARGET} is not what jute/*.jute says. Run \`npm run generate\` and commit the result.`);
    process.exitCode = 1;
  }
} else {
  writeFileSync(TARGET, text);
  console.log(`${TARGET}: ${classes.length} records`);
}
