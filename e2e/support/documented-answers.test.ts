import { describe, expect, it } from 'vitest';
import { DocumentedAnswers, type SeenAnswer } from './documented-answers.ts';

const json = (schema: object) => ({ content: { 'application/json': { schema } } });
const documented = new DocumentedAnswers({
  paths: {
    '/api/things/{id}': {
      get: {
        responses: {
          200: { headers: { 'x-request-id': { required: true } }, ...json({ $ref: '#/components/schemas/Thing' }) },
          404: { 'x-error-codes': ['thing_not_found'], ...json({ type: 'object' }) },
          431: { $ref: '#/components/responses/Big' },
        },
      },
    },
    '/api/things/all': { get: { responses: { 204: {} } } },
  },
  components: {
    schemas: {
      Thing: {
        type: 'object',
        properties: { id: { type: 'string' } },
        required: ['id'],
        additionalProperties: false,
      },
    },
    responses: { Big: { 'x-error-codes': ['headers_too_large'], ...json({ type: 'object', required: ['error'] }) } },
  },
});

const headers = (fields: Record<string, string> = {}): Headers =>
  new Headers({ 'content-type': 'application/json; charset=utf-8', 'x-request-id': 'r', ...fields });
const missing = (path: string, answer: Partial<SeenAnswer>): string | undefined =>
  documented.missing({ method: 'GET', path, status: 200, headers: headers(), body: { id: 'a' }, ...answer });
const failed = (status: number, code: string) => ({ status, body: { error: 'e', code } });

describe('an answer that a test received', () => {
  it('is found by route, status and code', () => {
    expect(missing('/api/things/a?x=1', {})).toBeUndefined();
    expect(missing('/api/things/a', failed(404, 'thing_not_found'))).toBeUndefined();
    expect(missing('/api/things/a', { ...failed(431, 'headers_too_large'), method: 'HEAD' })).toBeUndefined();
    expect(missing('/api/things/a', failed(404, 'gone'))).toContain('OpenAPI has thing_not_found for that status');
    expect(missing('/api/things/a', failed(401, 'unauthenticated'))).toContain('get /api/things/{id} answered 401');
    expect(missing('/api/things/all', {})).toContain('a status that OpenAPI does not have');
  });

  it('has the documented body, type and headers', () => {
    expect(missing('/api/things/a', { body: { id: 1 } })).toContain('/id must be string');
    expect(missing('/api/things/a', { body: { id: 'a', more: 1 } })).toContain('additional properties');
    expect(
      missing('/api/things/a', { ...failed(431, 'headers_too_large'), body: { code: 'headers_too_large' } }),
    ).toContain("required property 'error'");
    expect(missing('/api/things/a', { headers: headers({ 'content-type': 'text/html' }) })).toContain('as "text/html"');
    expect(missing('/api/things/a', { headers: new Headers({ 'content-type': 'application/json' }) })).toContain(
      'without the header x-request-id',
    );
    expect(missing('/api/things/all', { status: 204, headers: new Headers() })).toBeUndefined();
    expect(missing('/api/things/all', { status: 204 })).toContain('OpenAPI has no body');
  });

  it('of an unknown route is an error of the gateway', () => {
    expect(missing('/api/none', failed(404, 'not_found'))).toBeUndefined();
    expect(missing('/api/things/a', { ...failed(405, 'method_not_allowed'), method: 'PUT' })).toBeUndefined();
    expect(missing('/api/none', {})).toContain('OpenAPI has no such route');
    expect(missing('/api/none', failed(409, 'conflict'))).toContain('OpenAPI has no such route');
  });
});
