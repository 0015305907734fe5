/**
 * JSON as ZooKeeper's admin server prints it: two blanks per level, a blank before the colon, lists on one line, and
 * session ids as the whole numbers that they are. They exceed what a number of JavaScript holds, and so JSON.stringify.
 */

/** What can be printed. */
export type Json = string | number | bigint | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** @param indent of the line that the value stands on */
export function printJson(value: Json, indent = ''): string {
  if (typeof value === 'bigint') return String(value);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isList(value)) {
    return value.length === 0 ? '[ ]' : `[ ${value.map((item) => printJson(item, indent)).join(', ')} ]`;
  }
  const entries = Object.entries(value);
  if (entries.length === 0) return '{ }';
  const deeper = `${indent}  `;
  const lines = entries.map(([key, item]) => `${deeper}${JSON.stringify(key)} : ${printJson(item, deeper)}`);
  return `{\n${lines.join(',\n')}\n${indent}}`;
}

function isList(value: readonly Json[] | JsonObject): value is readonly Json[] {
  return Array.isArray(value);
}
