import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
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

  it("shows a query's names but not its values", () => {
    expect(loggablePath('/api/terminal/ag_x/ws?token=abc&cols=80')).toBe('/api/terminal/ag_x/ws?token=…&cols=…');
    expect(loggablePath('/api/login')).toBe('/api/login');
  });
});
