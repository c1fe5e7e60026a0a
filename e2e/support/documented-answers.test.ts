import { describe, expect, it } from 'vitest';
import { DocumentedAnswers } from './documented-answers.ts';

const documented = new DocumentedAnswers({
  paths: {
    '/api/things/{id}': {
      get: {
        responses: { 200: {}, 404: { 'x-error-codes': ['not_found'] }, 431: { $ref: '#/components/responses/Big' } },
      },
    },
    '/api/things/all': { get: { responses: { 204: {} } } },
  },
  components: { responses: { Big: { 'x-error-codes': ['headers_too_large'] } } },
});
const missing = (path: string, status: number, code?: string, method = 'GET'): string | undefined =>
  documented.missing({ method, path, status, code });

describe('an answer that a test saw', () => {
  it('is looked up by route, status and code', () => {
    expect(missing('/api/things/a?x=1', 200)).toBeUndefined();
    expect(missing('/api/things/a', 404, 'not_found')).toBeUndefined();
    expect(missing('/api/things/a', 431, 'headers_too_large', 'HEAD')).toBeUndefined();
    expect(missing('/api/things/a', 404, 'gone')).toContain('OpenAPI has not_found for that status');
    expect(missing('/api/things/a', 401, 'unauthenticated')).toContain('get /api/things/{id} answered 401');
    expect(missing('/api/things/all', 200)).toContain('a status that OpenAPI does not have');
  });

  it('of no route is nothing that could be documented', () => {
    expect(missing('/api/none', 404, 'not_found')).toBeUndefined();
    expect(missing('/api/things/a', 405, 'method_not_allowed', 'PUT')).toBeUndefined();
  });
});
