import { TLSSocket } from 'node:tls';

/** RFC 9266, tls-exporter. */
const label = 'EXPORTER-Channel-Binding';
const length = 32;
const none = Buffer.alloc(0);

/** 32 bytes that both ends of this TLS connection know and nobody between them; empty where it is plain, or not there. */
export const channelBindingOf = (socket: unknown): Buffer =>
  socket instanceof TLSSocket ? socket.exportKeyingMaterial(length, label, none) : none;
