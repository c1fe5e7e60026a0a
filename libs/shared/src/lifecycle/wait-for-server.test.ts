import { describe, expect, it } from 'vitest';
import { ConfigError } from '../config/config.ts';
import { createLogger } from '../log/logger.ts';
import { waitForServer } from './wait-for-server.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
const wait = { server: 'NATS', setting: 'NATS_URL', where: 'nats:4222', logger };
const unreachable = new Error('failed', { cause: new Error('getaddrinfo ENOTFOUND nats') });

describe('a server that is unavailable at the start', () => {
  it('is waited for', async () => {
    let tries = 0;
    const connect = async (): Promise<string> => {
      tries += 1;
      if (tries < 3) throw unreachable;
      return 'connected';
    };
    expect(await waitForServer({ ...wait, retryMs: 1 }, connect)).toBe('connected');
  });

  it('ends the wait in time with the setting, the address, the reason and the remedy', async () => {
    const connect = (): Promise<never> => Promise.reject(unreachable);
    const waiting = waitForServer({ ...wait, withinMs: 5, retryMs: 1 }, connect);
    await expect(waiting).rejects.toThrow(ConfigError);
    await expect(waiting).rejects.toThrow(
      'NATS_URL: no NATS at nats:4222 within 0.005 s (failed: getaddrinfo ENOTFOUND nats); start it, or correct NATS_URL',
    );
  });

  it('is not waited for if its answer is final', async () => {
    const refused = new ConfigError('x', ['NATS_PASSWORD: refused']);
    await expect(waitForServer(wait, () => Promise.reject(refused))).rejects.toBe(refused);
  });
});
