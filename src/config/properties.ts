/**
 * Why this file exists: zoo.cfg is a Java properties file, and operators' files use what that format allows:
 * continued lines, three separators, escapes. This is a pure reader of it; nothing here knows an option.
 *
 * The one difference from Java: the file is text already (read as UTF-8), where `java.util.Properties` reads ISO 8859-1.
 */
import { ConfigError } from './errors.js';

/** One `key=value` of a properties file, unescaped and trimmed. */
export interface Property {
  readonly key: string;
  readonly value: string;
  /** Number of the line it starts on, from 1. */
  readonly line: number;
  /** Number of the line it ends on: with a backslash at the end an entry goes on in the next line. */
  readonly lastLine: number;
}

/**
 * Reads a properties file. Repeated keys are all returned, in order; in Java the last one counts.
 * @param fileName named in the error about a broken escape
 */
export function parseProperties(text: string, fileName = 'the configuration'): Property[] {
  const properties: Property[] = [];
  for (const { content, line, lastLine } of logicalLines(text)) {
    const [rawKey, rawValue] = splitPair(content);
    const where = `${fileName}, line ${line}`;
    properties.push({
      key: unescape(rawKey, where).trim(),
      value: unescape(rawValue, where).trim(),
      line,
      lastLine,
    });
  }
  return properties;
}

interface LogicalLine {
  readonly content: string;
  readonly line: number;
  readonly lastLine: number;
}

/** Joins continued lines and drops blank ones and comments. A comment is never continued. */
function logicalLines(text: string): LogicalLine[] {
  const lines: LogicalLine[] = [];
  let content = '';
  let start = 0;
  let end = 0;
  for (const [index, natural] of text.split(/\r\n|\r|\n/).entries()) {
    const piece = natural.replace(/^[ \t\f]+/, '');
    // A line is a comment only where an entry could start; in a continuation, # and ! are part of the value.
    if (content === '') {
      if (piece === '' || piece.startsWith('#') || piece.startsWith('!')) continue;
      start = index + 1;
    }
    const continues = /(?:^|[^\\])(?:\\\\)*\\$/.test(piece);
    content += continues ? piece.slice(0, -1) : piece;
    end = index + 1;
    if (!continues && content !== '') {
      lines.push({ content, line: start, lastLine: end });
      content = '';
    }
  }
  if (content !== '') lines.push({ content, line: start, lastLine: end });
  return lines;
}

/** Splits at the first `=`, `:` or white space that no backslash protects. */
function splitPair(content: string): [key: string, value: string] {
  let end = 0;
  while (end < content.length && !/[=: \t\f]/.test(content.charAt(end))) {
    end += content.charAt(end) === '\\' ? 2 : 1;
  }
  const value = content.slice(end).replace(/^[ \t\f]*[=:]?[ \t\f]*/, '');
  return [content.slice(0, end), value];
}

const CONTROL = new Map([
  ['t', '\t'],
  ['n', '\n'],
  ['r', '\r'],
  ['f', '\f'],
]);

/** Resolves `\t`, `\n`, `\r`, `\f` and `\uXXXX`; before any other character the backslash just goes. */
function unescape(raw: string, where: string): string {
  return raw.replace(/\\(u[0-9a-fA-F]{4}|[^]|$)/g, (_, escape: string) => {
    if (escape.length === 5) return String.fromCharCode(parseInt(escape.slice(1), 16));
    if (escape === 'u') {
      throw new ConfigError(
        'SYNTAX',
        `The escape \\u must be followed by four hexadecimal digits (${where}); write \\\\ for a backslash.`,
      );
    }
    return CONTROL.get(escape) ?? escape;
  });
}
