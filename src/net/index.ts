/** Sockets: listeners and client connections. */
export { ClientSocket, type ClientSocketHandler } from './clientSocket.js';
export { ListenError, Listener, type ListenOptions } from './listener.js';
