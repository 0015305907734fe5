/** The znode tree: reads, preparing writes, applying txns. */
export { Tree, type NewZnode } from './tree.js';
export { NameList } from './names.js';
export type { KeptData } from './store.js';
export { applyTxn, type Change, type OpResult } from './apply.js';
export { Outstanding, Layer, changed, type NodeFacts, type TreeView, type WritableView } from './view.js';
export { prepare, type InternalRequest, type PrepareContext, type PrepareSettings } from './prepare/index.js';
export {
  SUPER_SCHEME,
  aclFromText,
  aclToText,
  checkAcl,
  permits,
  redactAcl,
  type AclList,
  type AclRules,
  type Identity,
} from './acl.js';
export { CONFIG, canonical, childOf, isWithin, nameOf, parentOf, pathFault, validatePath } from './path.js';
export { kindOf, visibleOwner, type Znode } from './znode.js';
