import { AppError } from '@webxterm/shared';
import { describe, expect, it } from 'vitest';
import { connectionTokens, doubtfulCodings } from '../testing/odd-framing.ts';
import { declaredLength, framingOf, isBodyless, maxHeaderLines, writeFraming } from './framing.ts';

const decide = (lines: readonly string[], version = '1.1'): unknown => {
  const raw = ['Host: h', ...lines].flatMap((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  try {
    const framing = framingOf(raw, version);
    return framing.kind === 'length' ? framing.length : framing.kind;
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
};

describe('the framing of a request', () => {
  it.each([
    [[], 'none'],
    [['Content-Length: 0'], 0],
    [['Content-Length: 12'], 12],
    [['CONTENT-LENGTH: 007'], 7],
    [['Transfer-Encoding: chunked'], 'chunked'],
    [['transfer-encoding: Chunked'], 'chunked'],
    [['Connection: keep-alive, Upgrade, X-Hop', 'Connection: close', 'Content-Length: 3'], 3],
    [['Connection: Upgrade, HTTP2-Settings', 'Connection: TE', 'Connection: ,'], 'none'],
    [['Accept: a', 'Accept: b', 'X-Forwarded-For: a', 'X-Forwarded-For: b'], 'none'],
  ])('of %j is %s', (lines, framing) => {
    expect(decide(lines)).toBe(framing);
  });

  it.each([
    ...['+1', '-1', '1.0', '1e2', '0x10', '1 1', '1,1', '1, 1', '', ' ', '9'.repeat(16), 'a'].map((value) => [
      `Content-Length: ${value}`,
    ]),
    ['Content-Length: 5', 'Content-Length: 5'],
    ['Content-Length: 5', 'Transfer-Encoding: chunked'],
    ['Transfer-Encoding: chunked', 'Content-Length: 0'],
    ...doubtfulCodings.map((value) => [`Transfer-Encoding: ${value}`]),
    ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'],
    ...['Host', 'Content-Type', 'Authorization', 'Cookie', 'Origin', 'Expect', 'Upgrade', 'User-Agent'].map((name) => [
      `${name}: a`,
      `${name}: a`,
    ]),
  ])('is ambiguous with %s %s', (...lines) => {
    expect(decide(lines)).toBe('bad_request');
  });

  it.each([
    ...connectionTokens.filter((name) => name !== 'x-hop'),
    'content-encoding',
    'user-agent',
    'sec-websocket-key',
    'x-webxterm-browser',
    'x-real-ip',
    'x-\u0000',
    'x_a',
    'accept',
    '"close"',
    'close;x',
  ])('is ambiguous if Connection names %s', (name) => {
    for (const value of [name, `keep-alive, ${name}`, `${name},close`, ` ,, ${name} ,`, `\t${name}`])
      expect(decide([`Connection: ${value}`, 'Content-Length: 3'])).toBe('bad_request');
    expect(decide(['Connection: close', `connection: ${name}`])).toBe('bad_request');
  });

  it('of HTTP/1.0 is never chunked', () => {
    expect(decide(['Transfer-Encoding: chunked'], '1.0')).toBe('bad_request');
    expect(decide(['Content-Length: 4'], '1.0')).toBe(4);
  });

  it('is not searched in more than the allowed lines', () => {
    const many = (count: number): string[] => Array.from({ length: count - 2 }, () => 'a: b');
    expect(decide([...many(maxHeaderLines), 'Content-Length: 4'])).toBe(4);
    expect(decide([...many(maxHeaderLines + 1), 'Content-Length: 4'])).toBe('headers_too_large');
  });

  it('is written to a service as it was decided, whatever the headers say', () => {
    const written = (framing: Parameters<typeof writeFraming>[1], method: string) => {
      const headers = { 'content-length': '99', 'transfer-encoding': 'gzip' };
      writeFraming(headers, framing, method);
      return headers;
    };
    expect(written({ kind: 'none' }, 'GET')).toEqual({});
    expect(written({ kind: 'none' }, 'DELETE')).toEqual({ 'content-length': '0' });
    expect(written({ kind: 'length', length: 7 }, 'GET')).toEqual({ 'content-length': '7' });
    expect(written({ kind: 'chunked' }, 'POST')).toEqual({ 'transfer-encoding': 'chunked' });
    expect([{ kind: 'none' } as const, { kind: 'length', length: 0 } as const].every(isBodyless)).toBe(true);
    expect([{ kind: 'chunked' } as const, { kind: 'length', length: 1 } as const].some(isBodyless)).toBe(false);
  });
});

it('the declared length is that of the body, 0 without one, and not known for chunks', () => {
  expect(declaredLength({ kind: 'length', length: 7 })).toBe(7);
  expect(declaredLength({ kind: 'none' })).toBe(0);
  expect(declaredLength({ kind: 'chunked' })).toBeUndefined();
});

it.each(['hostx-a', 'x-a b', 'x-ä', 'a'.repeat(70), 'x-request-id', 'x-real-ip', 'x-webxterm-gateway'])(
  'Connection must not name %s',
  (name) => {
    const named = JSON.stringify(name.slice(0, 64));
    expect(() => framingOf(['Connection', name], '1.1')).toThrow(`Connection must not name ${named}.`);
  },
);

it.each(['x-request-ids', 'x-real-ip-of'])('Connection may name %s, which is no header of the gateway', (name) => {
  expect(framingOf(['Connection', name], '1.1')).toEqual({ kind: 'none' });
});

it('a refusal of the framing says why', () => {
  const refused: [string[], string][] = [
    [Array.from({ length: 258 }, () => 'a'), 'The request has over 128 header lines.'],
    [['Host', 'a', 'Host', 'b'], 'The request has several host headers.'],
    [
      ['Content-Length', '1', 'Transfer-Encoding', 'chunked'],
      'The request has both Content-Length and Transfer-Encoding.',
    ],
    [['Transfer-Encoding', 'gzip'], 'The only Transfer-Encoding is chunked, and it needs HTTP/1.1.'],
  ];
  for (const [lines, reason] of refused) expect(() => framingOf(lines, '1.1')).toThrow(reason);
});
