/** What the tests of configuration share: a zoo.cfg from text, with flags and files that are not on any disk. */
import type { ConfigSources, ResolvedConfig } from '../../../src/config/index.js';
import { resolveConfig, shellWords } from '../../../src/config/index.js';

/** Enough for a standalone server. */
export const BASE = 'dataDir=/data\nclientPort=2181\n';

/** What a configuration reads beside its zoo.cfg. */
export interface Extra {
  readonly flags?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly keys?: Readonly<Record<string, string>>;
}

/** Resolves the text of a zoo.cfg. */
export function resolve(text: string, { flags = {}, files = {}, keys = {} }: Extra = {}): ResolvedConfig {
  const sources: ConfigSources = {
    file: { name: 'zoo.cfg', text },
    keys,
    flags: Object.entries(flags).map(([origin, given]) => ({ origin, words: shellWords(given) })),
    cwd: '/cwd',
    readText: (path) => files[path],
  };
  return resolveConfig(sources);
}
