import { AppError } from '@webxterm/shared';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalTarget, maxTarget } from './canonical-target.ts';

const codeOf = (target: string): string => {
  try {
    canonicalTarget(target);
    return 'ok';
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
};

describe('the canonical target', () => {
  it.each([
    'http://127.0.0.1/api/machines',
    '*',
    '//api/machines',
    '/api//machines',
    '/api/./machines',
    '/api/../machines',
    '/..',
    '/api/machines/.',
    '/api/machines/..',
    '/api%2fmachines',
    '/api%2Fmachines',
    '/api/x%5c..%5cy',
    '/api\\machines',
    '/api/%2e%2e/machines',
    '/api/%2E/machines',
    '/api/machines%00',
    '/api/machines%0d%0a',
    '/api/machines%7f',
    '/api/machines/%65vents',
    '/api/%252e%252e/machines',
    '/api/machines/%zz',
    '/api/machines/%',
    '/api/machines/%ff',
    '/api/machines/ü',
    '/api/mach ines',
    '/api/machines#x',
    '/api/machines?x#y',
  ])('refuses %j', (target) => {
    expect(codeOf(target)).toBe('bad_request');
  });

  it.each([
    '/',
    '/api/machines',
    '/api/machines/',
    '/api/machines?search=a%2fb%00',
    '/assets/index-BxY_1.js',
    '/.well-known/webxterm',
    '/machines/ag_x:y@z',
    '/caf%C3%A9%20x',
  ])('accepts %j', (target) => {
    expect(codeOf(target)).toBe('ok');
  });

  it('refuses a target that is too long', () => {
    expect(codeOf(`/${'a'.repeat(8192)}`)).toBe('uri_too_long');
  });

  it('accepts no target that the URL parser would read as another path', () => {
    const piece = fc.constantFrom(
      '/',
      '.',
      '..',
      '%2e',
      '%2F',
      '\\',
      'api',
      '%00',
      '%20',
      'a',
      '?',
      '#',
      '//',
      '\t',
      ';',
      '%5C',
      '%25',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const target = `/${pieces.join('')}`;
        if (codeOf(target) !== 'ok') return;
        expect(new URL(`http://h${target}`).pathname).toBe(canonicalTarget(target).path);
      }),
    );
  });
});

it('a target has its path and its query, and one reason for its refusal', () => {
  expect(canonicalTarget('/api/machines')).toEqual({ path: '/api/machines', query: '' });
  expect(canonicalTarget('/?')).toEqual({ path: '/', query: '' });
  expect(canonicalTarget('/a?b?c=/../')).toEqual({ path: '/a', query: 'b?c=/../' });
  const reasons: Record<string, string> = {
    'http://a/b': 'it must start with a slash, without scheme and host',
    '/ä': 'it holds a character that must be percent-encoded',
    '/a//b': 'it holds an empty or dot segment',
    '/%2f': 'it holds an encoded slash, backslash, dot, control or ordinary character',
    '/%ff': 'its percent-encoding is not UTF-8',
    '/a?b#c': 'it holds a fragment or NUL',
    '/a?b\0c': 'it holds a fragment or NUL',
  };
  for (const [target, reason] of Object.entries(reasons))
    expect(() => canonicalTarget(target)).toThrow(`The request's path is not in its canonical form: ${reason}.`);
});

it('a target has at most 8192 characters', () => {
  expect(canonicalTarget(`/${'a'.repeat(maxTarget - 1)}`).path).toHaveLength(8192);
  expect(() => canonicalTarget(`/${'a'.repeat(maxTarget)}`)).toThrow('The address is over 8192 characters.');
});
