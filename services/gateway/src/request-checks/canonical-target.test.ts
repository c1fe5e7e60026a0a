import { AppError } from '@webxterm/shared';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalTarget } from './canonical-target.ts';

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
