import { randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { AppError } from '../errors.ts';
import { signAccessToken } from '../tokens/access-token.ts';
import { sealToken } from '../tokens/sealed-token.ts';
import { createLogger, loggablePath } from './logger.ts';

const capture = (log: (logger: ReturnType<typeof createLogger>) => void): string => {
  let text = '';
  const sink = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  log(createLogger({ service: 'test' }, sink));
  return text;
};

describe('the log', () => {
  it('hides secrets by name, two levels deep', () => {
    const text = capture((logger) =>
      logger.info({ password: 'p1', user: { api_key: 'p2', deep: { token: 'p3' } }, note: 'kept' }, 'hello'),
    );
    expect(text).not.toMatch(/p1|p2|p3/);
    expect(text).toContain('kept');
    expect(JSON.parse(text)).toMatchObject({ service: 'test', level: 'info', msg: 'hello' });
  });

  it('shows an error with its stack, and only the reason if a server does not answer', () => {
    const shown = (err: Error) => JSON.parse(capture((logger) => logger.warn({ err }, 'x'))).err;
    const attached = { result: { insertedCount: 0 }, code: 64 };
    const failed = shown(Object.assign(new Error('no such field', { cause: new Error('of the test') }), attached));
    expect(failed).toEqual({
      type: 'Error',
      message: 'no such field: of the test',
      code: 64,
      stack: expect.stringContaining('logger.test.ts'),
    });
    const silent = Object.assign(new Error('connection timed out'), attached);
    for (const name of ['MongoNetworkTimeoutError', 'TimeoutError'])
      expect(shown(Object.assign(silent, { name }))).toEqual({
        type: 'Error',
        message: 'connection timed out',
        code: 64,
      });
    expect(shown(new AppError('unavailable', 'NATS is away.'))).toMatchObject({
      message: 'NATS is away.',
      code: 'unavailable',
    });
    expect(shown(new AppError('unavailable', 'NATS is away.'))).not.toHaveProperty('stack');
  });

  it('hides secrets by their form, in messages and errors too', () => {
    const key = randomBytes(32);
    const claims = { exp: 2_000_000_000 };
    const secrets = [
      signAccessToken([{ kid: 'k1', secret: key }], { userId: 'u', sid: 's', expiresAt: 2e9, now: 1e9 }),
      sealToken(key, 'wxt_tk_', claims),
      sealToken(key, 'wxt_rp_', claims),
      sealToken(key, 'wxt_lp_', claims),
      `wxt_sl_${key.toString('base64url')}`,
      `wxt_rt_${key.toString('base64url')}`,
      `vsay_ak_${randomBytes(16).toString('hex')}`,
    ];
    const password = randomBytes(12).toString('base64url');
    const text = capture((logger) => {
      for (const secret of secrets) {
        logger.info(`a text with ${secret}, and more`);
        logger.info({ url: `https://term.example.com/setup#${secret}` }, 'a link');
        logger.error({ err: new Error(`refused: ${secret}`) }, 'failed');
        logger.info({ headers: { Authorization: `Bearer ${secret}` } }, 'headers');
      }
      logger.error({ err: new Error(`no server at mongodb://auth:${password}@mongo:27017/auth`) }, 'failed');
    });
    for (const secret of [...secrets, password]) expect(text).not.toContain(secret);
    expect(text).toContain('mongodb://auth:[hidden]@mongo:27017/auth');
    for (const line of text.trim().split('\n')) expect(JSON.parse(line)).toMatchObject({ service: 'test' });
  });

  it("shows a query's names but not its values", () => {
    expect(loggablePath('/api/terminal/ag_x/ws?token=abc&cols=80')).toBe('/api/terminal/ag_x/ws?token=…&cols=…');
    expect(loggablePath('/api/login')).toBe('/api/login');
  });
});
