/**
 * Why this file exists: operators pass settings in SERVER_JVMFLAGS and JVMFLAGS, one string that a shell would split.
 */

/**
 * Splits a string into words as a shell does: at white space, except inside quotes or after a backslash. Nothing is
 * expanded. A quote that is never closed is taken as it stands, because the shell of existing scripts never saw it.
 */
export function shellWords(text: string): string[] {
  const words: string[] = [];
  const piece = /'([^']*)'|"((?:\\[^]|[^"\\])*)"|\\([^])|(\s+)|([^])/g;
  let word: string | undefined;
  for (const [, single, double, escaped, space, plain] of text.matchAll(piece)) {
    if (space !== undefined) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      // In double quotes a backslash protects only the characters that mean something there.
      word = (word ?? '') + (single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? plain ?? '');
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}
