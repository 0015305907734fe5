/**
 * Why this file exists: the small forms that every four-letter word shares. Monitoring reads them with regular
 * expressions made for Java's output, so numbers, dates and addresses have to look as Java prints them.
 */
import { isIPv6 } from 'node:net';

/** Lines with a newline behind each. */
export function lines(...texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}

/** A number where Java has an integer: parsers accept digits only, whatever clock we measure with. */
export function whole(value: number): string {
  return Number.isFinite(value) ? String(Math.round(value)) : '0';
}

/**
 * A number where Java has a double rounded to four digits: always with a point (`0.0`). Unlike Java never in
 * scientific notation (`1.0E-4`), which the Go client's `[0-9.]+` cannot read.
 */
export function decimal(value: number): string {
  const rounded = Number.isFinite(value) ? Math.round(value * 1e4) / 1e4 : 0;
  return Number.isInteger(rounded) ? rounded.toFixed(1) : String(rounded);
}

/** Java's `Date.toString()` in UTC: `Fri Nov 20 20:02:29 UTC 2026`. @param ms since 1970 */
export function javaDate(ms: number): string {
  const [weekday, day, month, year, time] = new Date(ms).toUTCString().split(/,? /);
  return `${String(weekday)} ${String(month)} ${String(day)} ${String(time)} UTC ${String(year)}`;
}

/** Java's `InetSocketAddress.toString()` without a host name: `/127.0.0.1:2181`, `/[0:0:0:0:0:0:0:1]:2181`. */
export function socketAddress(address: string, port: number): string {
  return `/${isIPv6(address) ? `[${unabridged(address)}]` : address}:${port}`;
}

/** All eight groups: Java knows no `::`. */
function unabridged(address: string): string {
  // A URL's host has a part in dots turned into groups, and no zeros in front.
  const [before = '', after] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  if (after === undefined) return before;
  const left = before.split(':').filter(Boolean);
  const right = after.split(':').filter(Boolean);
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...zeros, ...right].join(':');
}
