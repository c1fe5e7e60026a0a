import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from './config.ts';
import { jwtKeys, list, natsReplicas, origin, port, secretKey, serviceSettings } from './settings.ts';

const key = Buffer.alloc(32, 1).toString('base64url');

const problemsOf = (read: () => unknown): readonly string[] => {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
};

describe('settings', () => {
  it('are typed, with defaults', () => {
    const settings = readConfig('test', serviceSettings, { HTTP_PORT: '8080', HEALTH_PORT: '9090', GATEWAY_KEY: key });
    expect(settings).toMatchObject({ HTTP_HOST: '127.0.0.1', HTTP_PORT: 8080, LOG_LEVEL: 'info' });
    expect(settings.GATEWAY_KEY).toHaveLength(32);
  });

  it('are all reported at once if they are wrong, each by name and with the remedy', () => {
    const problems = problemsOf(() =>
      readConfig('test', serviceSettings, { HTTP_PORT: '99999', GATEWAY_KEY: 'c2hvcnQ', LOG_LEVEL: 'loud' }),
    );
    expect(problems.map((problem) => problem.split(':')[0]).sort()).toEqual([
      'GATEWAY_KEY',
      'HEALTH_PORT',
      'HTTP_PORT',
      'LOG_LEVEL',
    ]);
    expect(problems.join()).toContain('HEALTH_PORT_FILE');
    expect(problems.join()).toContain('32 random bytes');
  });

  it('never repeat the value of a secret in the message', () => {
    const problems = problemsOf(() => readConfig('test', { KEY: secretKey }, { KEY: 'tooshortsecret' }));
    expect(problems.join()).not.toContain('tooshortsecret');
  });

  it('come from files by X_FILE, without the trailing newline', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'config-')), 'secret');
    writeFileSync(file, `${key}\n`);
    expect(readConfig('test', { KEY: secretKey }, { KEY_FILE: file }).KEY).toHaveLength(32);
  });

  it('refuse a missing file, and a value that is given twice', () => {
    expect(problemsOf(() => readConfig('test', { KEY: secretKey }, { KEY_FILE: '/nowhere/at/all' }))[0]).toContain(
      'KEY_FILE cannot be read',
    );
    expect(problemsOf(() => readConfig('test', { KEY: secretKey }, { KEY: key, KEY_FILE: '/x' }))[0]).toContain(
      'given twice',
    );
  });

  it('parse ports, lists, origins and JWT keys', () => {
    expect(port.safeParse('0').success).toBe(false);
    expect(port.safeParse('80a').success).toBe(false);
    expect(list.parse(' a, ,b')).toEqual(['a', 'b']);
    expect(origin.parse('https://example.com')).toBe('https://example.com');
    expect(origin.safeParse('https://example.com/path').success).toBe(false);
    expect(jwtKeys.parse(`new ${key}\nold ${key}`).map((item) => item.kid)).toEqual(['new', 'old']);
    expect(jwtKeys.safeParse('new c2hvcnQ').success).toBe(false);
    expect(jwtKeys.safeParse('').success).toBe(false);
  });

  it('choose as many replicas as leave a majority when one NATS server is lost', () => {
    expect([undefined, '1', '3'].map((text) => natsReplicas.parse(text))).toEqual([1, 1, 3]);
    for (const text of ['2', '0', 'three']) expect(natsReplicas.safeParse(text).success).toBe(false);
  });
});
