/**
 * Why this file exists: what the shell says when something is refused. The beginning of each sentence is that of Apache's
 * shell, because scripts look for it; what can be done about it follows where we know.
 */
import { KeeperError, type ErrorName } from '../../client/index.js';
import type { Json } from './command.js';

/** Exit code of a command that failed. */
export const EXIT_FAILED = 1;
/** Exit code for a command that does not exist. */
export const EXIT_UNKNOWN_COMMAND = 127;

/** More about a ShellError. */
export interface ShellErrorOptions {
  readonly path?: string | undefined;
  readonly exitCode?: number;
  readonly before?: string | undefined;
  readonly after?: string | undefined;
}

/** A command cannot be carried out; the message is for the user. */
export class ShellError extends Error {
  override readonly name = 'ShellError';
  /** What programs look at: a code of the protocol, or one of the shell's own. */
  readonly code: string;
  readonly path: string | undefined;
  readonly exitCode: number;
  /** What the text form prints before and after the message: the usage. */
  readonly before: string | undefined;
  readonly after: string | undefined;

  constructor(code: string, message: string, options: ShellErrorOptions = {}) {
    super(message);
    this.code = code;
    this.path = options.path;
    this.exitCode = options.exitCode ?? EXIT_FAILED;
    this.before = options.before;
    this.after = options.after;
  }
}

/** Apache's shell words these differently from its client. */
const SHELL_TEXT: Partial<Record<ErrorName, string>> = {
  NONODE: 'Node does not exist: ',
  NOCHILDRENFOREPHEMERALS: 'Ephemerals cannot have children: ',
  NODEEXISTS: 'Node already exists: ',
  NOTEMPTY: 'Node not empty: ',
  NOTREADONLY: 'Not a read-only call: ',
  INVALIDACL: 'Acl is not valid : ',
  NOAUTH: 'Insufficient permission : ',
  BADARGUMENTS: 'Arguments are not valid : ',
  BADVERSION: 'version No is not valid : ',
  QUOTAEXCEEDED: 'Quota has exceeded : ',
};

const SHELL_SENTENCE: Partial<Record<ErrorName, string>> = {
  RECONFIGINPROGRESS: 'Another reconfiguration is in progress -- concurrent reconfigs not supported (yet)',
  NEWCONFIGNOQUORUM:
    'No quorum of new config is connected and up-to-date with the leader of last commmitted config - try invoking ' +
    'reconfiguration after new servers are connected and synced',
};

/** `KeeperException.Code` as Apache's client words it in messages. */
const CLIENT_TEXT: Record<ErrorName, string> = {
  OK: 'ok',
  SYSTEMERROR: 'SystemError',
  RUNTIMEINCONSISTENCY: 'RuntimeInconsistency',
  DATAINCONSISTENCY: 'DataInconsistency',
  CONNECTIONLOSS: 'ConnectionLoss',
  MARSHALLINGERROR: 'MarshallingError',
  UNIMPLEMENTED: 'Unimplemented',
  OPERATIONTIMEOUT: 'OperationTimeout',
  BADARGUMENTS: 'BadArguments',
  NEWCONFIGNOQUORUM: 'NewConfigNoQuorum',
  RECONFIGINPROGRESS: 'ReconfigInProgress',
  APIERROR: 'APIError',
  NONODE: 'NoNode',
  NOAUTH: 'NoAuth',
  BADVERSION: 'BadVersion',
  NOCHILDRENFOREPHEMERALS: 'NoChildrenForEphemerals',
  NODEEXISTS: 'NodeExists',
  NOTEMPTY: 'Directory not empty',
  SESSIONEXPIRED: 'Session expired',
  INVALIDCALLBACK: 'Invalid callback',
  INVALIDACL: 'InvalidACL',
  AUTHFAILED: 'AuthFailed',
  SESSIONMOVED: 'Session moved',
  NOTREADONLY: 'Not a read-only call',
  EPHEMERALONLOCALSESSION: 'Ephemeral node on local session',
  NOWATCHER: 'No such watcher',
  REQUESTTIMEOUT: 'Request timeout',
  RECONFIGDISABLED: 'Reconfig is disabled',
  SESSIONCLOSEDREQUIRESASLAUTH: 'Session closed because client failed to authenticate',
  QUOTAEXCEEDED: 'Quota has exceeded',
  THROTTLEDOP: 'Op throttled due to high load',
};

/** What to do about it, where that is no secret. */
const NEXT_STEP: Partial<Record<ErrorName, string>> = {
  SESSIONEXPIRED: 'type connect for a new session',
  AUTHFAILED: 'the server does not know the scheme, or refused the identity; type connect for a new session',
  RECONFIGDISABLED: 'set reconfigEnabled=true in zoo.cfg of the servers',
  UNIMPLEMENTED:
    'the server cannot do that; TTLs need zookeeper.extendedTypesEnabled=true, and reconfig an ensemble',
  REQUESTTIMEOUT: 'it may have been carried out; look before you repeat it',
};

/** The exception text of Apache's client: `KeeperErrorCode = NoAuth for /a`. */
export function clientText(code: ErrorName, path: string | undefined): string {
  return `KeeperErrorCode = ${CLIENT_TEXT[code]}${path === undefined || path === '' ? '' : ` for ${path}`}`;
}

/**
 * The sentence for whatever a command threw.
 * @param path what the command was about, for errors that do not say
 */
export function errorText(error: unknown, path?: string): string {
  if (!(error instanceof KeeperError)) return error instanceof Error ? error.message : String(error);
  const { code } = error;
  const at = error.path ?? path;
  const sentence = SHELL_SENTENCE[code];
  if (sentence !== undefined) return sentence;
  const prefix = SHELL_TEXT[code];
  const text = prefix === undefined || at === undefined ? clientText(code, at) : prefix + at;
  const detail = code === 'CONNECTIONLOSS' ? connectionAdvice(error) : (detailOf(error) ?? NEXT_STEP[code]);
  return detail === undefined ? text : `${text}: ${detail}`;
}

/** What the client itself found wrong, behind code and path in its message. */
function detailOf({ code, path, message }: KeeperError): string | undefined {
  if (code === 'SESSIONEXPIRED') return undefined;
  const head = `${code}${path === undefined ? '' : ` for ${path}`}: `;
  return message.startsWith(head) ? message.slice(head.length) : undefined;
}

/** What may be the matter when there is no connection, by the code of the system. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [
    /ECONNREFUSED/,
    'no server listens there; compare host and port with clientPort in zoo.cfg, and see whether it runs: zabkeeper status',
  ],
  [/ENOTFOUND|EAI_AGAIN/, 'the name of the host is not known; check its spelling'],
  [
    /no answer in|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/,
    'nothing answers there; check the address and firewalls',
  ],
  [
    /closed the connection|ECONNRESET/,
    'a server without a leader does that, and one that has too many connections (maxClientCnxns); ' +
      'whether a command took effect that was under way is unknown',
  ],
];

/** Names the server and what to check. */
function connectionAdvice(error: KeeperError): string | undefined {
  const cause = error.cause instanceof Error ? error.cause.message : detailOf(error);
  if (cause === undefined) return undefined;
  const advice = ADVICE.find(([pattern]) => pattern.test(cause))?.[1];
  return advice === undefined ? cause : `${cause}; ${advice}`;
}

/** An error in the JSON form. */
export function errorJson(error: unknown, path?: string): Json {
  const known = error instanceof KeeperError || error instanceof ShellError;
  return {
    code: known ? error.code : 'FAILED',
    path: known ? (error.path ?? path) : path,
    message: errorText(error, path),
  };
}
