import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import * as v from 'valibot';
import { type AgentStatus, parseStatus } from '../configuration/status-file.ts';
import { systemCode } from '../failure.ts';

/** Time limit, because a stopped agent (SIGSTOP) or a foreign process with the same name never answers. */
const answerWithinMs = 2000;
const maxLine = 16 * 1024;
const maxCallers = 16;
const nonceBytes = 16;

const Answer = v.object({ status: v.string(), proof: v.string() });

/**
 * The address of the socket. The kernel gives the name to one process at a time and frees it when that process ends in any way. On Linux it
 * is no file, so a full or read-only disk does not matter and nothing is left behind. Only processes with the machine key can compute the
 * name.
 */
export const addressFor = (secret: Buffer): string => {
  const name = `vsay-agent-${createHmac('sha256', secret).update('name').digest('hex').slice(0, 32)}`;
  return process.platform === 'linux' ? `\0${name}` : path.join(os.tmpdir(), `${name}.sock`);
};

const proofOf = (secret: Buffer, nonce: string, text: string): Buffer =>
  createHmac('sha256', secret).update(`${nonce}\n${text}`).digest();

const isProof = (secret: Buffer, nonce: string, text: string, proof: string): boolean => {
  const given = Buffer.from(proof, 'base64url');
  const right = proofOf(secret, nonce, text);
  return given.length === right.length && timingSafeEqual(given, right);
};

/** The first line received. Rejects if none arrives in time, or if it is too long. */
const firstLine = (socket: Socket): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = '';
    const none = (): void => {
      reject(new Error('no line received'));
      socket.destroy();
    };
    socket.setEncoding('utf8').setTimeout(answerWithinMs, none);
    socket.on('error', none).on('close', none);
    socket.on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end >= 0) resolve(text.slice(0, end));
      else if (text.length > maxLine) none();
    });
  });

const listen = async (server: Server, address: string): Promise<boolean> => {
  const listening = once(server, 'listening');
  server.listen(address);
  try {
    await listening;
    return true;
  } catch (error) {
    if (systemCode(error) === 'EADDRINUSE') return false;
    throw error;
  }
};

/**
 * Asks the running agent with this machine's key for its status. Undefined if there is none, or if the process that holds the name cannot
 * prove that it is one.
 */
export const askRunning = async (secret: Buffer): Promise<AgentStatus | undefined> => {
  const socket = connect(addressFor(secret));
  try {
    const nonce = randomBytes(nonceBytes).toString('base64url');
    socket.write(`${nonce} ${proofOf(secret, nonce, 'status?').toString('base64url')}\n`);
    const { status, proof } = v.parse(Answer, JSON.parse(await firstLine(socket)));
    return isProof(secret, nonce, status, proof) ? parseStatus(status) : undefined;
  } catch {
    return undefined;
  } finally {
    socket.destroy();
  }
};

/**
 * Ensures that one agent runs per machine key: the agent holds the place by listening, and answers status requests.
 * `held`: this process has it. `running`: another agent has it, with that status. `blocked`: a process that is no agent with this key holds
 * the name.
 */
export type Place = { kind: 'held'; leave(): void } | { kind: 'running'; status: AgentStatus } | { kind: 'blocked' };

export const takePlace = async (secret: Buffer, status: () => AgentStatus): Promise<Place> => {
  const answer = async (socket: Socket): Promise<void> => {
    const [nonce = '', proof = ''] = (await firstLine(socket)).split(' ');
    if (!isProof(secret, nonce, 'status?', proof)) throw new Error('the caller has no valid proof');
    const text = JSON.stringify(status());
    const line = JSON.stringify({ status: text, proof: proofOf(secret, nonce, text).toString('base64url') });
    socket.end(`${line}\n`);
  };
  const server = createServer((socket) => {
    answer(socket).catch(() => socket.destroy());
  });
  server.maxConnections = maxCallers;
  const address = addressFor(secret);
  let held = await listen(server, address);
  if (!held) {
    const other = await askRunning(secret);
    if (other !== undefined) return { kind: 'running', status: other };
    if (address.startsWith('\0')) return { kind: 'blocked' };
    // A socket file outlives the process that listened.
    await rm(address, { force: true });
    held = await listen(server, address);
    if (!held) return { kind: 'blocked' };
  }
  server.unref();
  return { kind: 'held', leave: () => void server.close() };
};
