/** Reads the table of docs/differences.md that names every difference on the wire. */
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { PROJECT_ROOT } from '../interop/tools.js';

export interface Declared {
  readonly id: string;
  /** `older`: a later release of Apache's does as we do. `chosen`: no release of Apache's does. */
  readonly kind: 'older' | 'chosen';
}

const PAGE = path.join(PROJECT_ROOT, 'docs', 'differences.md');
const ROW = /^\| `([a-z0-9-]+)` \| (older|chosen) \|/;

/** @throws Error when an id stands in the page twice */
export function declaredDifferences(): ReadonlyMap<string, Declared> {
  const found = new Map<string, Declared>();
  for (const line of readFileSync(PAGE, 'utf8').split('\n')) {
    const [, id, kind] = ROW.exec(line) ?? [];
    if (id === undefined || (kind !== 'older' && kind !== 'chosen')) continue;
    if (found.has(id)) throw new Error(`${PAGE} has two rows with the id ${id}`);
    found.set(id, { id, kind });
  }
  return found;
}
