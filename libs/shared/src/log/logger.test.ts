import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { AppError } from '../errors.ts';
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

  it('shows an error with its stack, and only what happened if a server does not answer', () => {
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

  it("shows a query's names but not its values", () => {
    expect(loggablePath('/api/terminal/ag_x/ws?token=abc&cols=80')).toBe('/api/terminal/ag_x/ws?token=…&cols=…');
    expect(loggablePath('/api/login')).toBe('/api/login');
  });
});
