/**
 * Why this file exists: the words for how the process logs are needed by the option table, by `ServerConfig` and by the
 * command line, which must not import each other for them.
 */

/** How important a message must be to be logged, most important first. */
export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** One of `logLevels`. */
export type LogLevel = (typeof logLevels)[number];

/** How messages are written; `auto` is pretty on a terminal and JSON elsewhere. */
export const logFormats = ['auto', 'pretty', 'json'] as const;

/** One of `logFormats`. */
export type LogFormat = (typeof logFormats)[number];
