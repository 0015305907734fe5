/** Sockets: listeners, client connections and links between servers. */
export { ClientSocket, type ClientSocketHandler } from './clientSocket.js';
export { ListenError, Listener, type ListenOptions } from './listener.js';
export { encodePeerMessage, decodePeerMessage } from './peerCodec.js';
export { decodeNotification, encodeNotification, type Hello, type PeerChannel } from './electionCodec.js';
export { decodeFrameGroup, FrameGroupWriter, FrameTooLongError } from './frameGroup.js';
export { type PeerAddress, type PeerMember } from './peerAddresses.js';
export { PeerDecodeError } from './peerLimits.js';
export { PeerLinks, type PeerLinksOptions, type PeerLinksStatus } from './peerLinks.js';
export { type PeerSecret } from './peerSecret.js';
export { type PeerTlsOptions } from './peerTls.js';
export { type PeerLog } from './peerLog.js';
export { type QuorumLinkStatus } from './quorumLinks.js';
export { TlsAcceptor, type TlsAcceptHandler, type TlsAcceptOptions } from './tlsAcceptor.js';
