// An import of a built-in module reads all of its exports. For node:http this loads the WebSocket of undici, 14 MB that the agent never
// uses; for node:tls it builds a list of all public CAs (ADR 45).
export const http = process.getBuiltinModule('node:http');
export const https = process.getBuiltinModule('node:https');
export const tls = process.getBuiltinModule('node:tls');
