// Not imported: an import of node:tls builds a list of all public CAs in every agent (ADR 45).
const { TLSSocket } = process.getBuiltinModule('node:tls');

/** RFC 9266, tls-exporter. */
const label = 'EXPORTER-Channel-Binding';
const length = 32;
const none = Buffer.alloc(0);

/** 32 bytes that only the two ends of this TLS connection can compute. Empty without TLS. */
export const channelBindingOf = (socket: unknown): Buffer =>
  socket instanceof TLSSocket ? socket.exportKeyingMaterial(length, label, none) : none;
