import { once } from 'node:events';
import type { Socket } from 'node:net';
import { ForwardError } from '@webxterm/terminal-client/node';
import { isHost, type LocalForward } from './local-forward.ts';

// SOCKS 5 (RFC 1928) without authentication, as far as a browser needs it: CONNECT to a name or an address.

/** A client that has sent no request within this time is disconnected. */
const requestWithinMs = 10_000;

const version = 5;
const reply = { ok: 0, failed: 1, notAllowed: 2, hostUnreachable: 4, noSuchCommand: 7, noSuchAddress: 8 } as const;

/** The client sent what is no request. It got the reply that there is for it. */
export class SocksError extends Error {
  override readonly name = 'SocksError';
}

const take = async (socket: Socket, length: number): Promise<Buffer> => {
  for (;;) {
    const bytes: unknown = socket.read(length);
    if (Buffer.isBuffer(bytes) && bytes.length === length) return bytes;
    if (socket.readableEnded || socket.destroyed) throw new SocksError('the client left');
    await once(socket, 'readable', { signal: AbortSignal.timeout(requestWithinMs) });
  }
};

const answer = (socket: Socket, code: number): void => {
  socket.write(Buffer.from([version, code, 0, 1, 0, 0, 0, 0, 0, 0]));
};

const refuse = (socket: Socket, code: number, why: string): never => {
  answer(socket, code);
  socket.end();
  throw new SocksError(why);
};

const readHost = async (socket: Socket, type: number): Promise<string> => {
  if (type === 1) return (await take(socket, 4)).join('.');
  if (type === 3) {
    const [length = 0] = await take(socket, 1);
    return length === 0 ? '' : (await take(socket, length)).toString('latin1');
  }
  if (type !== 4) return refuse(socket, reply.noSuchAddress, 'an address of another type');
  const bytes = await take(socket, 16);
  return Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(2 * index).toString(16)).join(':');
};

/** Reads the request of a client. @throws SocksError, AbortError if it is none, or comes too late */
export const readSocksRequest = async (socket: Socket): Promise<Pick<LocalForward, 'host' | 'hostPort'>> => {
  const [greeting, methods = 0] = await take(socket, 2);
  if (greeting !== version) throw new SocksError('no SOCKS 5');
  const offered = methods === 0 ? Buffer.alloc(0) : await take(socket, methods);
  if (!offered.includes(0)) {
    socket.end(Buffer.from([version, 0xff]));
    throw new SocksError('the client wants to authenticate');
  }
  socket.write(Buffer.from([version, 0]));
  const [again, command, , type = 0] = await take(socket, 4);
  if (again !== version) throw new SocksError('no SOCKS 5');
  const host = await readHost(socket, type);
  const hostPort = (await take(socket, 2)).readUInt16BE();
  if (command !== 1) return refuse(socket, reply.noSuchCommand, 'a command besides CONNECT');
  if (!isHost(host) || hostPort === 0) return refuse(socket, reply.notAllowed, 'a name that is none');
  return { host, hostPort };
};

/** The machine has connected. */
export const acceptSocks = (socket: Socket): void => answer(socket, reply.ok);

/** The machine has not connected. The client gets the reason as far as SOCKS has one. */
export const refuseSocks = (socket: Socket, error: unknown): void => {
  const code = error instanceof ForwardError ? error.code : '';
  if (code === 'forward_failed') answer(socket, reply.hostUnreachable);
  else answer(socket, code === 'forward_refused' ? reply.notAllowed : reply.failed);
  socket.end();
};
