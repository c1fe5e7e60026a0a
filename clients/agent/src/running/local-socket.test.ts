import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import type { AgentStatus } from '../configuration/status-file.ts';
import { addressFor, askRunning, takePlace } from './local-socket.ts';

const status: AgentStatus = { pid: process.pid, state: 'connected', since: '2026-11-29T12:00:00.000Z' };

it('one agent holds the name, sends its status to callers with the key, and releases it', async () => {
  const secret = randomBytes(32);
  expect(await askRunning(secret)).toBeUndefined();
  const place = await takePlace(secret, () => status);
  expect(await takePlace(secret, () => status)).toEqual({ kind: 'running', status });
  expect(await askRunning(secret)).toEqual(status);
  expect(await askRunning(randomBytes(32))).toBeUndefined();
  const intruder = connect(addressFor(secret));
  onTestFinished(() => void intruder.destroy());
  let received = '';
  intruder.on('data', (chunk) => {
    received += String(chunk);
  });
  intruder.end('nonce AAAA\n');
  await once(intruder, 'close');
  expect(received).toBe('');
  if (place.kind === 'held') place.leave();
  expect(await askRunning(secret)).toBeUndefined();
});

it('a process that occupies the socket name gets no request', async () => {
  const secret = randomBytes(32);
  const squatter = createServer((socket) =>
    socket.end(`${JSON.stringify({ status: JSON.stringify(status), proof: 'AAAA' })}\n`),
  );
  await once(squatter.listen(addressFor(secret)), 'listening');
  onTestFinished(() => void squatter.close());
  expect(await takePlace(secret, () => status)).toEqual({ kind: 'blocked' });
  expect(await askRunning(secret)).toBeUndefined();
});
