/** ZooKeeper's error codes (`KeeperException.Code`), and the error that carries one to a client. */

/** Name to wire code. Clients with older tables fail on unknown codes, so none is ever added to this. */
export const ErrorCode = {
  OK: 0,
  SYSTEMERROR: -1,
  RUNTIMEINCONSISTENCY: -2,
  DATAINCONSISTENCY: -3,
  CONNECTIONLOSS: -4,
  MARSHALLINGERROR: -5,
  UNIMPLEMENTED: -6,
  OPERATIONTIMEOUT: -7,
  BADARGUMENTS: -8,
  NEWCONFIGNOQUORUM: -13,
  RECONFIGINPROGRESS: -14,
  APIERROR: -100,
  NONODE: -101,
  NOAUTH: -102,
  BADVERSION: -103,
  NOCHILDRENFOREPHEMERALS: -108,
  NODEEXISTS: -110,
  NOTEMPTY: -111,
  SESSIONEXPIRED: -112,
  INVALIDCALLBACK: -113,
  INVALIDACL: -114,
  AUTHFAILED: -115,
  SESSIONMOVED: -118,
  NOTREADONLY: -119,
  EPHEMERALONLOCALSESSION: -120,
  NOWATCHER: -121,
  REQUESTTIMEOUT: -122,
  RECONFIGDISABLED: -123,
  SESSIONCLOSEDREQUIRESASLAUTH: -124,
  QUOTAEXCEEDED: -125,
  THROTTLEDOP: -127,
} as const;

export type ErrorName = keyof typeof ErrorCode;

const NAMES = new Map<number, ErrorName>(
  (Object.keys(ErrorCode) as ErrorName[]).map((name) => [ErrorCode[name], name]),
);

/** The name of a wire code, undefined for one that ZooKeeper does not have. */
export function errorName(code: number): ErrorName | undefined {
  return NAMES.get(code);
}

/** A request cannot be done. `code` is what programs look at; the message is for people. */
export class KeeperError extends Error {
  override readonly name = 'KeeperError';
  readonly code: ErrorName;
  readonly path: string | undefined;

  /** @param path the znode concerned, if any */
  constructor(code: ErrorName, path?: string, detail?: string) {
    super(`${code}${path === undefined ? '' : ` for ${path}`}${detail === undefined ? '' : `: ${detail}`}`);
    this.code = code;
    this.path = path;
  }

  /** The code as it stands in a ReplyHeader. */
  get wireCode(): number {
    return ErrorCode[this.code];
  }
}
