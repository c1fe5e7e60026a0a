import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { AppError } from '@webxterm/shared';
import { describe, expect, it } from 'vitest';
import { admit, type Credentials, checkCookieUse, checkOrigin, credentialsOf, readFraming } from './admit.ts';
import { TrustedProxies } from './client-address.ts';
import { publicNames } from './names.ts';

const names = publicNames('https://term.example.com', ['https://tools.example.com']);
const none: Credentials = { bearer: false, queryToken: false, cookie: false };
const allowed = (origin: string | undefined, credentials: Partial<Credentials> = {}): boolean => {
  try {
    checkOrigin(names, origin);
    checkCookieUse(origin, { ...none, ...credentials });
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    return false;
  }
};

describe('the Origin', () => {
  it('must be exactly an allowed one', () => {
    expect(allowed('https://term.example.com')).toBe(true);
    expect(allowed('https://tools.example.com')).toBe(true);
  });

  it.each([
    'null',
    '',
    'http://term.example.com',
    'https://term.example.com:8443',
    'https://evil.term.example.com',
    'https://term.example.com.evil.net',
    'https://evilterm.example.com',
    'https://TERM.example.com',
    'https://term.example.com/',
    'https://term.example.com, https://evil.net',
  ])('is refused as %j, with any token', (origin) => {
    expect(allowed(origin)).toBe(false);
    expect(allowed(origin, { bearer: true, queryToken: true })).toBe(false);
  });

  it('may be missing, but then a cookie alone is not accepted', () => {
    expect(allowed(undefined)).toBe(true);
    expect(allowed(undefined, { bearer: true, cookie: true })).toBe(true);
    expect(allowed(undefined, { cookie: true })).toBe(false);
  });
});

const request = (lines: Record<string, string>, url: string | undefined = '/api/machines?a=b', method = 'GET') => {
  const made = new IncomingMessage(new Socket());
  Object.assign(made, { method, httpVersion: '1.1', rawHeaders: Object.entries(lines).flat() });
  if (url !== undefined) made.url = url;
  Object.assign(made.headers, lines);
  return made;
};
const options = { names, proxies: new TrustedProxies([]) };
const admitted = (made: IncomingMessage) => admit(options, made, 'the id', readFraming(made));
const refusal = (made: IncomingMessage): unknown => {
  try {
    return admitted(made);
  } catch (error) {
    return error instanceof AppError ? [error.code, error.message] : error;
  }
};

describe('a request before it is routed', () => {
  it('has its target, framing, origin and facts, and passes on no header that only the gateway sets', () => {
    const host = 'TERM.example.com';
    const lines = { host, origin: 'null', 'content-length': '007', 'x-user': 'root', 'x-forwarded-for': '10.0.0.1' };
    const made = request(lines, '/api/machines?a=b', 'POST');
    expect(admitted(made)).toMatchObject({
      facts: { requestId: 'the id', host: 'term.example.com', proto: 'http' },
      target: { path: '/api/machines', query: 'a=b' },
      framing: { kind: 'length', length: 7 },
      origin: 'null',
    });
    expect(made.headers).toMatchObject({ 'content-length': '7' });
    expect(Object.keys(made.headers)).not.toContain('x-user');
    expect(Object.keys(made.headers)).not.toContain('x-forwarded-for');
  });

  it('is refused for a foreign or missing host, whatever else is wrong with it', () => {
    const wrongHost = ['wrong_host', expect.any(String)];
    for (const lines of [{}, { host: 'evil.net' }, { host: '' }, { host: 'evil.net', 'content-length': 'x' }])
      expect(refusal(request(lines as Record<string, string>))).toEqual(wrongHost);
  });

  it('is refused for its framing, its target and each header that overrides its method', () => {
    const host = 'term.example.com';
    expect(refusal(request({ host, 'content-length': 'x' }))).toEqual([
      'bad_request',
      'Content-Length must be a plain number.',
    ]);
    expect(refusal(request({ host }, '/a//b'))).toEqual(['bad_request', expect.stringContaining('canonical form')]);
    for (const name of ['x-http-method-override', 'x-http-method', 'x-method-override'])
      expect(refusal(request({ host, [name]: 'DELETE' }))).toEqual([
        'bad_request',
        `The header ${name} is not allowed: use the method itself.`,
      ]);
  });

  it.each([
    [{}, '', none],
    [{ authorization: 'Bearer x' }, '', { ...none, bearer: true }],
    [{ authorization: 'bearer   x' }, '', { ...none, bearer: true }],
    [{ authorization: 'Bearer ' }, '', none],
    [{ authorization: 'Basic Bearer x' }, '', none],
    [{ cookie: '' }, '', { ...none, cookie: true }],
    [{}, 'token=x', { ...none, queryToken: true }],
    [{}, 'a=b&token=x', { ...none, queryToken: true }],
    [{}, 'token=&a=b', none],
    [{}, 'atoken=x', none],
  ])('carries by %j and ?%s these credentials', (lines, query, expected) => {
    expect(credentialsOf(request(lines as Record<string, string>), query)).toEqual(expected);
  });
});
