// Generated from jute/*.jute by scripts/jute. Do not edit: change the schema and run `npm run generate`.
import { readAclList, writeAclList } from '../aclList.js';
import type { Reader } from '../reader.js';
import type { Writer } from '../writer.js';

export interface Id {
  readonly scheme: string | null;
  readonly id: string | null;
}

export function readId(r: Reader): Id {
  const scheme = r.ustringOrNull();
  const id = r.ustringOrNull();
  return { scheme, id };
}

export function writeId(w: Writer, v: Id): void {
  w.ustring(v.scheme);
  w.ustring(v.id);
}

export interface ACL {
  readonly perms: number;
  readonly id: Id;
}

export function readACL(r: Reader): ACL {
  const perms = r.int();
  const id = readId(r);
  return { perms, id };
}

export function writeACL(w: Writer, v: ACL): void {
  w.int(v.perms);
  writeId(w, v.id);
}

/** What a client sees of a znode besides its data. Times are milliseconds since 1970 of the leader's clock. */
export interface Stat {
  readonly czxid: bigint;
  readonly mzxid: bigint;
  readonly ctime: bigint;
  readonly mtime: bigint;
  readonly version: number;
  readonly cversion: number;
  readonly aversion: number;
  readonly ephemeralOwner: bigint;
  readonly dataLength: number;
  readonly numChildren: number;
  readonly pzxid: bigint;
}

export function readStat(r: Reader): Stat {
  const czxid = r.long();
  const mzxid = r.long();
  const ctime = r.long();
  const mtime = r.long();
  const version = r.int();
  const cversion = r.int();
  const aversion = r.int();
  const ephemeralOwner = r.long();
  const dataLength = r.int();
  const numChildren = r.int();
  const pzxid = r.long();
  return { czxid, mzxid, ctime, mtime, version, cversion, aversion, ephemeralOwner, dataLength, numChildren, pzxid };
}

export function writeStat(w: Writer, v: Stat): void {
  w.long(v.czxid);
  w.long(v.mzxid);
  w.long(v.ctime);
  w.long(v.mtime);
  w.int(v.version);
  w.int(v.cversion);
  w.int(v.aversion);
  w.long(v.ephemeralOwner);
  w.int(v.dataLength);
  w.int(v.numChildren);
  w.long(v.pzxid);
}

/** The part of a Stat that snapshots hold. `cversion` counts the children ever created. */
export interface StatPersisted {
  readonly czxid: bigint;
  readonly mzxid: bigint;
  readonly ctime: bigint;
  readonly mtime: bigint;
  readonly version: number;
  readonly cversion: number;
  readonly aversion: number;
  readonly ephemeralOwner: bigint;
  readonly pzxid: bigint;
}

export function readStatPersisted(r: Reader): StatPersisted {
  const czxid = r.long();
  const mzxid = r.long();
  const ctime = r.long();
  const mtime = r.long();
  const version = r.int();
  const cversion = r.int();
  const aversion = r.int();
  const ephemeralOwner = r.long();
  const pzxid = r.long();
  return { czxid, mzxid, ctime, mtime, version, cversion, aversion, ephemeralOwner, pzxid };
}

export function writeStatPersisted(w: Writer, v: StatPersisted): void {
  w.long(v.czxid);
  w.long(v.mzxid);
  w.long(v.ctime);
  w.long(v.mtime);
  w.int(v.version);
  w.int(v.cversion);
  w.int(v.aversion);
  w.long(v.ephemeralOwner);
  w.long(v.pzxid);
}

export interface ConnectRequest {
  readonly protocolVersion: number;
  readonly lastZxidSeen: bigint;
  readonly timeOut: number;
  readonly sessionId: bigint;
  readonly passwd: Buffer | null;
  readonly readOnly?: boolean;
}

export function readConnectRequest(r: Reader): ConnectRequest {
  const protocolVersion = r.int();
  const lastZxidSeen = r.long();
  const timeOut = r.int();
  const sessionId = r.long();
  const passwd = r.bufferOrNull();
  if (r.remaining === 0) return { protocolVersion, lastZxidSeen, timeOut, sessionId, passwd };
  const readOnly = r.boolean();
  return { protocolVersion, lastZxidSeen, timeOut, sessionId, passwd, readOnly };
}

export function writeConnectRequest(w: Writer, v: ConnectRequest): void {
  w.int(v.protocolVersion);
  w.long(v.lastZxidSeen);
  w.int(v.timeOut);
  w.long(v.sessionId);
  w.buffer(v.passwd);
  if (v.readOnly !== undefined) w.boolean(v.readOnly);
}

export interface ConnectResponse {
  readonly protocolVersion: number;
  readonly timeOut: number;
  readonly sessionId: bigint;
  readonly passwd: Buffer | null;
  readonly readOnly?: boolean;
}

export function readConnectResponse(r: Reader): ConnectResponse {
  const protocolVersion = r.int();
  const timeOut = r.int();
  const sessionId = r.long();
  const passwd = r.bufferOrNull();
  if (r.remaining === 0) return { protocolVersion, timeOut, sessionId, passwd };
  const readOnly = r.boolean();
  return { protocolVersion, timeOut, sessionId, passwd, readOnly };
}

export function writeConnectResponse(w: Writer, v: ConnectResponse): void {
  w.int(v.protocolVersion);
  w.int(v.timeOut);
  w.long(v.sessionId);
  w.buffer(v.passwd);
  if (v.readOnly !== undefined) w.boolean(v.readOnly);
}

export interface RequestHeader {
  readonly xid: number;
  readonly type: number;
}

export function readRequestHeader(r: Reader): RequestHeader {
  const xid = r.int();
  const type = r.int();
  return { xid, type };
}

export function writeRequestHeader(w: Writer, v: RequestHeader): void {
  w.int(v.xid);
  w.int(v.type);
}

export interface ReplyHeader {
  readonly xid: number;
  readonly zxid: bigint;
  readonly err: number;
}

export function readReplyHeader(r: Reader): ReplyHeader {
  const xid = r.int();
  const zxid = r.long();
  const err = r.int();
  return { xid, zxid, err };
}

export function writeReplyHeader(w: Writer, v: ReplyHeader): void {
  w.int(v.xid);
  w.long(v.zxid);
  w.int(v.err);
}

export interface MultiHeader {
  readonly type: number;
  readonly done: boolean;
  readonly err: number;
}

export function readMultiHeader(r: Reader): MultiHeader {
  const type = r.int();
  const done = r.boolean();
  const err = r.int();
  return { type, done, err };
}

export function writeMultiHeader(w: Writer, v: MultiHeader): void {
  w.int(v.type);
  w.boolean(v.done);
  w.int(v.err);
}

export interface AuthPacket {
  readonly type: number;
  readonly scheme: string | null;
  readonly auth: Buffer | null;
}

export function readAuthPacket(r: Reader): AuthPacket {
  const type = r.int();
  const scheme = r.ustringOrNull();
  const auth = r.bufferOrNull();
  return { type, scheme, auth };
}

export function writeAuthPacket(w: Writer, v: AuthPacket): void {
  w.int(v.type);
  w.ustring(v.scheme);
  w.buffer(v.auth);
}

export interface WatcherEvent {
  readonly type: number;
  readonly state: number;
  readonly path: string;
}

export function readWatcherEvent(r: Reader): WatcherEvent {
  const type = r.int();
  const state = r.int();
  const path = r.ustring();
  return { type, state, path };
}

export function writeWatcherEvent(w: Writer, v: WatcherEvent): void {
  w.int(v.type);
  w.int(v.state);
  w.ustring(v.path);
}

export interface ErrorResponse {
  readonly err: number;
}

export function readErrorResponse(r: Reader): ErrorResponse {
  const err = r.int();
  return { err };
}

export function writeErrorResponse(w: Writer, v: ErrorResponse): void {
  w.int(v.err);
}

export interface CreateRequest {
  readonly path: string | null;
  readonly data: Buffer | null;
  readonly acl: readonly ACL[] | null;
  readonly flags: number;
}

export function readCreateRequest(r: Reader): CreateRequest {
  const path = r.ustringOrNull();
  const data = r.bufferOrNull();
  const acl = readAclList(r);
  const flags = r.int();
  return { path, data, acl, flags };
}

export function writeCreateRequest(w: Writer, v: CreateRequest): void {
  w.ustring(v.path);
  w.buffer(v.data);
  writeAclList(w, v.acl);
  w.int(v.flags);
}

export interface CreateTTLRequest {
  readonly path: string | null;
  readonly data: Buffer | null;
  readonly acl: readonly ACL[] | null;
  readonly flags: number;
  readonly ttl: bigint;
}

export function readCreateTTLRequest(r: Reader): CreateTTLRequest {
  const path = r.ustringOrNull();
  const data = r.bufferOrNull();
  const acl = readAclList(r);
  const flags = r.int();
  const ttl = r.long();
  return { path, data, acl, flags, ttl };
}

export function writeCreateTTLRequest(w: Writer, v: CreateTTLRequest): void {
  w.ustring(v.path);
  w.buffer(v.data);
  writeAclList(w, v.acl);
  w.int(v.flags);
  w.long(v.ttl);
}

export interface CreateResponse {
  readonly path: string;
}

export function readCreateResponse(r: Reader): CreateResponse {
  const path = r.ustring();
  return { path };
}

export function writeCreateResponse(w: Writer, v: CreateResponse): void {
  w.ustring(v.path);
}

export interface Create2Response {
  readonly path: string;
  readonly stat: Stat;
}

export function readCreate2Response(r: Reader): Create2Response {
  const path = r.ustring();
  const stat = readStat(r);
  return { path, stat };
}

export function writeCreate2Response(w: Writer, v: Create2Response): void {
  w.ustring(v.path);
  writeStat(w, v.stat);
}

export interface DeleteRequest {
  readonly path: string | null;
  readonly version: number;
}

export function readDeleteRequest(r: Reader): DeleteRequest {
  const path = r.ustringOrNull();
  const version = r.int();
  return { path, version };
}

export function writeDeleteRequest(w: Writer, v: DeleteRequest): void {
  w.ustring(v.path);
  w.int(v.version);
}

export interface ExistsRequest {
  readonly path: string;
  readonly watch: boolean;
}

export function readExistsRequest(r: Reader): ExistsRequest {
  const path = r.ustring();
  const watch = r.boolean();
  return { path, watch };
}

export function writeExistsRequest(w: Writer, v: ExistsRequest): void {
  w.ustring(v.path);
  w.boolean(v.watch);
}

export interface ExistsResponse {
  readonly stat: Stat;
}

export function readExistsResponse(r: Reader): ExistsResponse {
  const stat = readStat(r);
  return { stat };
}

export function writeExistsResponse(w: Writer, v: ExistsResponse): void {
  writeStat(w, v.stat);
}

export interface GetDataRequest {
  readonly path: string;
  readonly watch: boolean;
}

export function readGetDataRequest(r: Reader): GetDataRequest {
  const path = r.ustring();
  const watch = r.boolean();
  return { path, watch };
}

export function writeGetDataRequest(w: Writer, v: GetDataRequest): void {
  w.ustring(v.path);
  w.boolean(v.watch);
}

export interface GetDataResponse {
  readonly data: Buffer | null;
  readonly stat: Stat;
}

export function readGetDataResponse(r: Reader): GetDataResponse {
  const data = r.bufferOrNull();
  const stat = readStat(r);
  return { data, stat };
}

export function writeGetDataResponse(w: Writer, v: GetDataResponse): void {
  w.buffer(v.data);
  writeStat(w, v.stat);
}

export interface SetDataRequest {
  readonly path: string | null;
  readonly data: Buffer | null;
  readonly version: number;
}

export function readSetDataRequest(r: Reader): SetDataRequest {
  const path = r.ustringOrNull();
  const data = r.bufferOrNull();
  const version = r.int();
  return { path, data, version };
}

export function writeSetDataRequest(w: Writer, v: SetDataRequest): void {
  w.ustring(v.path);
  w.buffer(v.data);
  w.int(v.version);
}

export interface SetDataResponse {
  readonly stat: Stat;
}

export function readSetDataResponse(r: Reader): SetDataResponse {
  const stat = readStat(r);
  return { stat };
}

export function writeSetDataResponse(w: Writer, v: SetDataResponse): void {
  writeStat(w, v.stat);
}

export interface GetACLRequest {
  readonly path: string;
}

export function readGetACLRequest(r: Reader): GetACLRequest {
  const path = r.ustring();
  return { path };
}

export function writeGetACLRequest(w: Writer, v: GetACLRequest): void {
  w.ustring(v.path);
}

export interface GetACLResponse {
  readonly acl: readonly ACL[] | null;
  readonly stat: Stat;
}

export function readGetACLResponse(r: Reader): GetACLResponse {
  const acl = readAclList(r);
  const stat = readStat(r);
  return { acl, stat };
}

export function writeGetACLResponse(w: Writer, v: GetACLResponse): void {
  writeAclList(w, v.acl);
  writeStat(w, v.stat);
}

export interface SetACLRequest {
  readonly path: string | null;
  readonly acl: readonly ACL[] | null;
  readonly version: number;
}

export function readSetACLRequest(r: Reader): SetACLRequest {
  const path = r.ustringOrNull();
  const acl = readAclList(r);
  const version = r.int();
  return { path, acl, version };
}

export function writeSetACLRequest(w: Writer, v: SetACLRequest): void {
  w.ustring(v.path);
  writeAclList(w, v.acl);
  w.int(v.version);
}

export interface SetACLResponse {
  readonly stat: Stat;
}

export function readSetACLResponse(r: Reader): SetACLResponse {
  const stat = readStat(r);
  return { stat };
}

export function writeSetACLResponse(w: Writer, v: SetACLResponse): void {
  writeStat(w, v.stat);
}

export interface GetChildrenRequest {
  readonly path: string;
  readonly watch: boolean;
}

export function readGetChildrenRequest(r: Reader): GetChildrenRequest {
  const path = r.ustring();
  const watch = r.boolean();
  return { path, watch };
}

export function writeGetChildrenRequest(w: Writer, v: GetChildrenRequest): void {
  w.ustring(v.path);
  w.boolean(v.watch);
}

export interface GetChildrenResponse {
  readonly children: readonly string[];
}

export function readGetChildrenResponse(r: Reader): GetChildrenResponse {
  const children = r.vector(4, (r) => r.ustring());
  return { children };
}

export function writeGetChildrenResponse(w: Writer, v: GetChildrenResponse): void {
  w.vector(v.children, (w, e) => { w.ustring(e); });
}

export interface GetChildren2Request {
  readonly path: string;
  readonly watch: boolean;
}

export function readGetChildren2Request(r: Reader): GetChildren2Request {
  const path = r.ustring();
  const watch = r.boolean();
  return { path, watch };
}

export function writeGetChildren2Request(w: Writer, v: GetChildren2Request): void {
  w.ustring(v.path);
  w.boolean(v.watch);
}

export interface GetChildren2Response {
  readonly children: readonly string[];
  readonly stat: Stat;
}

export function readGetChildren2Response(r: Reader): GetChildren2Response {
  const children = r.vector(4, (r) => r.ustring());
  const stat = readStat(r);
  return { children, stat };
}

export function writeGetChildren2Response(w: Writer, v: GetChildren2Response): void {
  w.vector(v.children, (w, e) => { w.ustring(e); });
  writeStat(w, v.stat);
}

export interface SyncRequest {
  readonly path: string | null;
}

export function readSyncRequest(r: Reader): SyncRequest {
  const path = r.ustringOrNull();
  return { path };
}

export function writeSyncRequest(w: Writer, v: SyncRequest): void {
  w.ustring(v.path);
}

export interface SyncResponse {
  readonly path: string | null;
}

export function readSyncResponse(r: Reader): SyncResponse {
  const path = r.ustringOrNull();
  return { path };
}

export function writeSyncResponse(w: Writer, v: SyncResponse): void {
  w.ustring(v.path);
}

export interface CheckVersionRequest {
  readonly path: string | null;
  readonly version: number;
}

export function readCheckVersionRequest(r: Reader): CheckVersionRequest {
  const path = r.ustringOrNull();
  const version = r.int();
  return { path, version };
}

export function writeCheckVersionRequest(w: Writer, v: CheckVersionRequest): void {
  w.ustring(v.path);
  w.int(v.version);
}

export interface CheckWatchesRequest {
  readonly path: string | null;
  readonly type: number;
}

export function readCheckWatchesRequest(r: Reader): CheckWatchesRequest {
  const path = r.ustringOrNull();
  const type = r.int();
  return { path, type };
}

export function writeCheckWatchesRequest(w: Writer, v: CheckWatchesRequest): void {
  w.ustring(v.path);
  w.int(v.type);
}

export interface RemoveWatchesRequest {
  readonly path: string | null;
  readonly type: number;
}

export function readRemoveWatchesRequest(r: Reader): RemoveWatchesRequest {
  const path = r.ustringOrNull();
  const type = r.int();
  return { path, type };
}

export function writeRemoveWatchesRequest(w: Writer, v: RemoveWatchesRequest): void {
  w.ustring(v.path);
  w.int(v.type);
}

export interface AddWatchRequest {
  readonly path: string | null;
  readonly mode: number;
}

export function readAddWatchRequest(r: Reader): AddWatchRequest {
  const path = r.ustringOrNull();
  const mode = r.int();
  return { path, mode };
}

export function writeAddWatchRequest(w: Writer, v: AddWatchRequest): void {
  w.ustring(v.path);
  w.int(v.mode);
}

export interface SetWatches {
  readonly relativeZxid: bigint;
  readonly dataWatches: readonly string[];
  readonly existWatches: readonly string[];
  readonly childWatches: readonly string[];
}

export function readSetWatches(r: Reader): SetWatches {
  const relativeZxid = r.long();
  const dataWatches = r.vector(4, (r) => r.ustring());
  const existWatches = r.vector(4, (r) => r.ustring());
  const childWatches = r.vector(4, (r) => r.ustring());
  return { relativeZxid, dataWatches, existWatches, childWatches };
}

export function writeSetWatches(w: Writer, v: SetWatches): void {
  w.long(v.relativeZxid);
  w.vector(v.dataWatches, (w, e) => { w.ustring(e); });
  w.vector(v.existWatches, (w, e) => { w.ustring(e); });
  w.vector(v.childWatches, (w, e) => { w.ustring(e); });
}

export interface SetWatches2 {
  readonly relativeZxid: bigint;
  readonly dataWatches: readonly string[];
  readonly existWatches: readonly string[];
  readonly childWatches: readonly string[];
  readonly persistentWatches: readonly string[];
  readonly persistentRecursiveWatches: readonly string[];
}

export function readSetWatches2(r: Reader): SetWatches2 {
  const relativeZxid = r.long();
  const dataWatches = r.vector(4, (r) => r.ustring());
  const existWatches = r.vector(4, (r) => r.ustring());
  const childWatches = r.vector(4, (r) => r.ustring());
  const persistentWatches = r.vector(4, (r) => r.ustring());
  const persistentRecursiveWatches = r.vector(4, (r) => r.ustring());
  return { relativeZxid, dataWatches, existWatches, childWatches, persistentWatches, persistentRecursiveWatches };
}

export function writeSetWatches2(w: Writer, v: SetWatches2): void {
  w.long(v.relativeZxid);
  w.vector(v.dataWatches, (w, e) => { w.ustring(e); });
  w.vector(v.existWatches, (w, e) => { w.ustring(e); });
  w.vector(v.childWatches, (w, e) => { w.ustring(e); });
  w.vector(v.persistentWatches, (w, e) => { w.ustring(e); });
  w.vector(v.persistentRecursiveWatches, (w, e) => { w.ustring(e); });
}

export interface ReconfigRequest {
  readonly joiningServers: string | null;
  readonly leavingServers: string | null;
  readonly newMembers: string | null;
  readonly curConfigId: bigint;
}

export function readReconfigRequest(r: Reader): ReconfigRequest {
  const joiningServers = r.ustringOrNull();
  const leavingServers = r.ustringOrNull();
  const newMembers = r.ustringOrNull();
  const curConfigId = r.long();
  return { joiningServers, leavingServers, newMembers, curConfigId };
}

export function writeReconfigRequest(w: Writer, v: ReconfigRequest): void {
  w.ustring(v.joiningServers);
  w.ustring(v.leavingServers);
  w.ustring(v.newMembers);
  w.long(v.curConfigId);
}

export interface SaslPacket {
  readonly token: Buffer | null;
}

export function readSaslPacket(r: Reader): SaslPacket {
  const token = r.bufferOrNull();
  return { token };
}

export function writeSaslPacket(w: Writer, v: SaslPacket): void {
  w.buffer(v.token);
}

export interface GetEphemeralsRequest {
  readonly prefixPath: string | null;
}

export function readGetEphemeralsRequest(r: Reader): GetEphemeralsRequest {
  const prefixPath = r.ustringOrNull();
  return { prefixPath };
}

export function writeGetEphemeralsRequest(w: Writer, v: GetEphemeralsRequest): void {
  w.ustring(v.prefixPath);
}

export interface GetEphemeralsResponse {
  readonly ephemerals: readonly string[];
}

export function readGetEphemeralsResponse(r: Reader): GetEphemeralsResponse {
  const ephemerals = r.vector(4, (r) => r.ustring());
  return { ephemerals };
}

export function writeGetEphemeralsResponse(w: Writer, v: GetEphemeralsResponse): void {
  w.vector(v.ephemerals, (w, e) => { w.ustring(e); });
}

export interface GetAllChildrenNumberRequest {
  readonly path: string;
}

export function readGetAllChildrenNumberRequest(r: Reader): GetAllChildrenNumberRequest {
  const path = r.ustring();
  return { path };
}

export function writeGetAllChildrenNumberRequest(w: Writer, v: GetAllChildrenNumberRequest): void {
  w.ustring(v.path);
}

export interface GetAllChildrenNumberResponse {
  readonly totalNumber: number;
}

export function readGetAllChildrenNumberResponse(r: Reader): GetAllChildrenNumberResponse {
  const totalNumber = r.int();
  return { totalNumber };
}

export function writeGetAllChildrenNumberResponse(w: Writer, v: GetAllChildrenNumberResponse): void {
  w.int(v.totalNumber);
}

export interface ClientInfo {
  readonly authScheme: string;
  readonly user: string;
}

export function readClientInfo(r: Reader): ClientInfo {
  const authScheme = r.ustring();
  const user = r.ustring();
  return { authScheme, user };
}

export function writeClientInfo(w: Writer, v: ClientInfo): void {
  w.ustring(v.authScheme);
  w.ustring(v.user);
}

export interface WhoAmIResponse {
  readonly clientInfo: readonly ClientInfo[];
}

export function readWhoAmIResponse(r: Reader): WhoAmIResponse {
  const clientInfo = r.vector(8, readClientInfo);
  return { clientInfo };
}

export function writeWhoAmIResponse(w: Writer, v: WhoAmIResponse): void {
  w.vector(v.clientInfo, writeClientInfo);
}

export interface TxnHeader {
  readonly clientId: bigint;
  readonly cxid: number;
  readonly zxid: bigint;
  readonly time: bigint;
  readonly type: number;
}

export function readTxnHeader(r: Reader): TxnHeader {
  const clientId = r.long();
  const cxid = r.int();
  const zxid = r.long();
  const time = r.long();
  const type = r.int();
  return { clientId, cxid, zxid, time, type };
}

export function writeTxnHeader(w: Writer, v: TxnHeader): void {
  w.long(v.clientId);
  w.int(v.cxid);
  w.long(v.zxid);
  w.long(v.time);
  w.int(v.type);
}

export interface CreateTxn {
  readonly path: string;
  readonly data: Buffer | null;
  readonly acl: readonly ACL[] | null;
  readonly ephemeral: boolean;
  readonly parentCVersion: number;
}

export function readCreateTxn(r: Reader): CreateTxn {
  const path = r.ustring();
  const data = r.bufferOrNull();
  const acl = readAclList(r);
  const ephemeral = r.boolean();
  const parentCVersion = r.int();
  return { path, data, acl, ephemeral, parentCVersion };
}

export function writeCreateTxn(w: Writer, v: CreateTxn): void {
  w.ustring(v.path);
  w.buffer(v.data);
  writeAclList(w, v.acl);
  w.boolean(v.ephemeral);
  w.int(v.parentCVersion);
}

export interface CreateTTLTxn {
  readonly path: string;
  readonly data: Buffer | null;
  readonly acl: readonly ACL[] | null;
  readonly parentCVersion: number;
  readonly ttl: bigint;
}

export function readCreateTTLTxn(r: Reader): CreateTTLTxn {
  const path = r.ustring();
  const data = r.bufferOrNull();
  const acl = readAclList(r);
  const parentCVersion = r.int();
  const ttl = r.long();
  return { path, data, acl, parentCVersion, ttl };
}

export function writeCreateTTLTxn(w: Writer, v: CreateTTLTxn): void {
  w.ustring(v.path);
  w.buffer(v.data);
  writeAclList(w, v.acl);
  w.int(v.parentCVersion);
  w.long(v.ttl);
}

export interface CreateContainerTxn {
  readonly path: string;
  readonly data: Buffer | null;
  readonly acl: readonly ACL[] | null;
  readonly parentCVersion: number;
}

export function readCreateContainerTxn(r: Reader): CreateContainerTxn {
  const path = r.ustring();
  const data = r.bufferOrNull();
  const acl = readAclList(r);
  const parentCVersion = r.int();
  return { path, data, acl, parentCVersion };
}

export function writeCreateContainerTxn(w: Writer, v: CreateContainerTxn): void {
  w.ustring(v.path);
  w.buffer(v.data);
  writeAclList(w, v.acl);
  w.int(v.parentCVersion);
}

export interface DeleteTxn {
  readonly path: string;
}

export function readDeleteTxn(r: Reader): DeleteTxn {
  const path = r.ustring();
  return { path };
}

export function writeDeleteTxn(w: Writer, v: DeleteTxn): void {
  w.ustring(v.path);
}

export interface SetDataTxn {
  readonly path: string;
  readonly data: Buffer | null;
  readonly version: number;
}

export function readSetDataTxn(r: Reader): SetDataTxn {
  const path = r.ustring();
  const data = r.bufferOrNull();
  const version = r.int();
  return { path, data, version };
}

export function writeSetDataTxn(w: Writer, v: SetDataTxn): void {
  w.ustring(v.path);
  w.buffer(v.data);
  w.int(v.version);
}

export interface CheckVersionTxn {
  readonly path: string;
  readonly version: number;
}

export function readCheckVersionTxn(r: Reader): CheckVersionTxn {
  const path = r.ustring();
  const version = r.int();
  return { path, version };
}

export function writeCheckVersionTxn(w: Writer, v: CheckVersionTxn): void {
  w.ustring(v.path);
  w.int(v.version);
}

export interface SetACLTxn {
  readonly path: string;
  readonly acl: readonly ACL[] | null;
  readonly version: number;
}

export function readSetACLTxn(r: Reader): SetACLTxn {
  const path = r.ustring();
  const acl = readAclList(r);
  const version = r.int();
  return { path, acl, version };
}

export function writeSetACLTxn(w: Writer, v: SetACLTxn): void {
  w.ustring(v.path);
  writeAclList(w, v.acl);
  w.int(v.version);
}

export interface CreateSessionTxn {
  readonly timeOut: number;
}

export function readCreateSessionTxn(r: Reader): CreateSessionTxn {
  const timeOut = r.int();
  return { timeOut };
}

export function writeCreateSessionTxn(w: Writer, v: CreateSessionTxn): void {
  w.int(v.timeOut);
}

/** Logs older than 3.6 have no list: then all ephemerals of the header's session go. */
export interface CloseSessionTxn {
  readonly paths2Delete?: readonly string[];
}

export function readCloseSessionTxn(r: Reader): CloseSessionTxn {
  if (r.remaining === 0) return {};
  const paths2Delete = r.vector(4, (r) => r.ustring());
  return { paths2Delete };
}

export function writeCloseSessionTxn(w: Writer, v: CloseSessionTxn): void {
  if (v.paths2Delete !== undefined) w.vector(v.paths2Delete, (w, e) => { w.ustring(e); });
}

export interface ErrorTxn {
  readonly err: number;
}

export function readErrorTxn(r: Reader): ErrorTxn {
  const err = r.int();
  return { err };
}

export function writeErrorTxn(w: Writer, v: ErrorTxn): void {
  w.int(v.err);
}

export interface Txn {
  readonly type: number;
  readonly data: Buffer;
}

export function readTxn(r: Reader): Txn {
  const type = r.int();
  const data = r.buffer();
  return { type, data };
}

export function writeTxn(w: Writer, v: Txn): void {
  w.int(v.type);
  w.buffer(v.data);
}

export interface MultiTxn {
  readonly txns: readonly Txn[];
}

export function readMultiTxn(r: Reader): MultiTxn {
  const txns = r.vector(8, readTxn);
  return { txns };
}

export function writeMultiTxn(w: Writer, v: MultiTxn): void {
  w.vector(v.txns, writeTxn);
}

/** One record of the log. `chain` = H64(previous chain, all that follows it), see zab.md 1.1. */
export interface LogRecord {
  readonly chain: bigint;
  readonly index: bigint;
  readonly zxid: bigint;
  readonly type: number;
  readonly payload: Buffer;
}

export function readLogRecord(r: Reader): LogRecord {
  const chain = r.long();
  const index = r.long();
  const zxid = r.long();
  const type = r.int();
  const payload = r.buffer();
  return { chain, index, zxid, type, payload };
}

export function writeLogRecord(w: Writer, v: LogRecord): void {
  w.long(v.chain);
  w.long(v.index);
  w.long(v.zxid);
  w.int(v.type);
  w.buffer(v.payload);
}

/** A znode as `tree.db` keeps it: `acl` is a JSON list, null when open to all; `cversion` counts children created. */
export interface ZnodeRow {
  readonly path: string;
  readonly data: Buffer | null;
  readonly acl: string | null;
  readonly stat: StatPersisted;
}

export function readZnodeRow(r: Reader): ZnodeRow {
  const path = r.ustring();
  const data = r.bufferOrNull();
  const acl = r.ustringOrNull();
  const stat = readStatPersisted(r);
  return { path, data, acl, stat };
}

export function writeZnodeRow(w: Writer, v: ZnodeRow): void {
  w.ustring(v.path);
  w.buffer(v.data);
  w.ustring(v.acl);
  writeStatPersisted(w, v.stat);
}

export interface SessionRow {
  readonly sessionId: bigint;
  readonly timeOut: number;
}

export function readSessionRow(r: Reader): SessionRow {
  const sessionId = r.long();
  const timeOut = r.int();
  return { sessionId, timeOut };
}

export function writeSessionRow(w: Writer, v: SessionRow): void {
  w.long(v.sessionId);
  w.int(v.timeOut);
}

/** Everything that changed since the previous flush, as it stands after the log record `index`. */
export interface TreeFlush {
  readonly index: bigint;
  readonly zxid: bigint;
  readonly chain: bigint;
  readonly znodes: readonly ZnodeRow[];
  readonly deletedPaths: readonly string[];
  readonly sessions: readonly SessionRow[];
  readonly endedSessions: readonly bigint[];
}

export function readTreeFlush(r: Reader): TreeFlush {
  const index = r.long();
  const zxid = r.long();
  const chain = r.long();
  const znodes = r.vector(72, readZnodeRow);
  const deletedPaths = r.vector(4, (r) => r.ustring());
  const sessions = r.vector(12, readSessionRow);
  const endedSessions = r.vector(8, (r) => r.long());
  return { index, zxid, chain, znodes, deletedPaths, sessions, endedSessions };
}

export function writeTreeFlush(w: Writer, v: TreeFlush): void {
  w.long(v.index);
  w.long(v.zxid);
  w.long(v.chain);
  w.vector(v.znodes, writeZnodeRow);
  w.vector(v.deletedPaths, (w, e) => { w.ustring(e); });
  w.vector(v.sessions, writeSessionRow);
  w.vector(v.endedSessions, (w, e) => { w.long(e); });
}

/** A piece of a snapshot of `tree.db`, which stands as of the log record `index`. `rows` and `digest` (the sum of the rows' CRC-32, as in `tree.db`) count from the first piece to the end of this one. `crc` is over all that follows it. */
export interface SnapshotChunk {
  readonly crc: number;
  readonly sequence: number;
  readonly last: boolean;
  readonly index: bigint;
  readonly zxid: bigint;
  readonly chain: bigint;
  readonly fileBytes: bigint;
  readonly rows: bigint;
  readonly digest: bigint;
  readonly znodes: readonly ZnodeRow[];
  readonly sessions: readonly SessionRow[];
}

export function readSnapshotChunk(r: Reader): SnapshotChunk {
  const crc = r.int();
  const sequence = r.int();
  const last = r.boolean();
  const index = r.long();
  const zxid = r.long();
  const chain = r.long();
  const fileBytes = r.long();
  const rows = r.long();
  const digest = r.long();
  const znodes = r.vector(72, readZnodeRow);
  const sessions = r.vector(12, readSessionRow);
  return { crc, sequence, last, index, zxid, chain, fileBytes, rows, digest, znodes, sessions };
}

export function writeSnapshotChunk(w: Writer, v: SnapshotChunk): void {
  w.int(v.crc);
  w.int(v.sequence);
  w.boolean(v.last);
  w.long(v.index);
  w.long(v.zxid);
  w.long(v.chain);
  w.long(v.fileBytes);
  w.long(v.rows);
  w.long(v.digest);
  w.vector(v.znodes, writeZnodeRow);
  w.vector(v.sessions, writeSessionRow);
}
