import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openApiDocument } from '../services/gateway/src/openapi/document.ts';
import { breakingChanges } from './breaking-changes.ts';
import { read } from './markdown-links.ts';

const Json = z.record(z.string(), z.unknown());
const lastRelease = Json.parse(JSON.parse(read('e2e/last-release/openapi.json')));
const current = Json.parse(
  JSON.parse(
    JSON.stringify(
      openApiDocument({ publicUrl: 'http://127.0.0.1:8080', version: '1', installationId: 'installation' }),
    ),
  ),
);

/** Changes that break clients on purpose, as the check names them. Each is in CHANGELOG.md too. */
const intended: readonly string[] = [];

const document = (operation: object, schemas: object = {}) => ({
  paths: { '/api/things': { post: { responses: { 200: {} }, ...operation } } },
  components: { schemas },
});
const content = (schema: object) => ({ content: { 'application/json': { schema } } });
const body = (schema: object) => document({ requestBody: content(schema) });
const answer = (schema: object) => document({ responses: { 200: content(schema) } });
const text = { type: 'string' };
const thing = (properties: object, required: readonly string[] = []) => ({ type: 'object', properties, required });

describe('changes of the API that break its clients', () => {
  it('since the last release are the intended ones only', () => {
    expect(breakingChanges(lastRelease, current)).toEqual(intended);
  });

  it('are routes, statuses and parameters', () => {
    const query = (required: boolean) => document({ parameters: [{ name: 'q', in: 'query', required, schema: text }] });
    expect(breakingChanges(document({}), { paths: {} })).toEqual(['post /api/things: removed']);
    expect(breakingChanges(document({}), document({ responses: { 201: {} } }))).toEqual([
      'post /api/things: does not answer 200 any more',
    ]);
    expect(breakingChanges(query(false), query(true))).toEqual([
      'post /api/things: the query parameter q is required now',
    ]);
    expect(breakingChanges(query(false), document({}))).toEqual(['post /api/things: the query parameter q is removed']);
    expect(breakingChanges(document({}), query(false))).toEqual([]);
  });

  it('are fields that a request needs or loses, and values that it must not have any more', () => {
    const before = body(thing({ a: text }));
    expect(breakingChanges(before, body(thing({ a: text, b: text }, ['b'])))).toEqual([
      'post /api/things: body: the property b is required now',
    ]);
    expect(breakingChanges(before, body(thing({})))).toEqual(['post /api/things: body: the property a is removed']);
    expect(breakingChanges(before, body(thing({ a: { ...text, enum: ['x'] } })))).toEqual([
      'post /api/things: body.a: does not accept anything any more',
    ]);
    expect(breakingChanges(before, body(thing({ a: text, b: text })))).toEqual([]);
    expect(breakingChanges(document({}), before)).toEqual(['post /api/things: needs a body now']);
  });

  it('are fields that a response loses, may leave out or has of another type, also behind references', () => {
    const named = (schema: object) =>
      document(
        { responses: { 200: content({ type: 'array', items: { $ref: '#/components/schemas/T' } }) } },
        { T: schema },
      );
    const before = named(thing({ a: text, again: { $ref: '#/components/schemas/T' } }, ['a']));
    expect(breakingChanges(before, named(thing({ again: { $ref: '#/components/schemas/T' } })))).toEqual([
      'post /api/things: 200[]: the property a is removed',
      'post /api/things: 200[]: the property a may be missing now',
    ]);
    expect(breakingChanges(answer(text), answer({ type: ['string', 'null'] }))).toEqual([
      'post /api/things: 200: its type changed from string to string|null',
    ]);
    expect(breakingChanges(answer({ type: ['string', 'null'] }), answer(text))).toEqual([]);
  });
});
