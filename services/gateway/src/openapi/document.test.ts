import { allRoutes } from '@webxterm/contracts/rest';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openApiDocument } from './document.ts';
import { exampleOf } from './example.ts';

const json: unknown = JSON.parse(
  JSON.stringify(openApiDocument({ publicUrl: 'http://127.0.0.1:8080', version: '1.2.3', installationId: 'i1' })),
);

/** The parts of the OpenAPI 3.1 schema that client generators need. */
const Reference = z.strictObject({ $ref: z.string().startsWith('#/components/responses/') });
const Answer = z.object({
  description: z.string().min(1),
  'x-error-codes': z.array(z.string()).optional(),
  content: z.record(z.string(), z.looseObject({ schema: z.looseObject({}) })).optional(),
});
const Operation = z.object({
  operationId: z.string(),
  tags: z.array(z.string()).length(1),
  summary: z.string().min(1),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  parameters: z
    .array(
      z.object({
        name: z.string(),
        in: z.enum(['path', 'query', 'header', 'cookie']),
        schema: z.looseObject({}),
        required: z.boolean().optional(),
      }),
    )
    .optional(),
  requestBody: z.object({ content: z.record(z.string(), z.looseObject({})) }).optional(),
  responses: z.record(z.string().regex(/^[1-5]\d\d$/), z.union([Reference, Answer])),
});
const Document = z.object({
  openapi: z.literal('3.1.0'),
  info: z.object({ title: z.string(), version: z.literal('1.2.3') }),
  servers: z.array(z.object({ url: z.url() })),
  tags: z.array(z.object({ name: z.string() })),
  paths: z.record(
    z.string().startsWith('/'),
    z.record(z.enum(['get', 'post', 'put', 'patch', 'delete']), Operation.optional()),
  ),
  components: z.object({
    schemas: z.record(z.string(), z.looseObject({})),
    responses: z.record(z.string(), Answer),
    securitySchemes: z.record(z.string(), z.object({ type: z.string() })),
  }),
});
const document = Document.parse(json);
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).flatMap(([method, operation]) => (operation === undefined ? [] : [{ path, method, operation }])),
);

const refsIn = (value: unknown): string[] => {
  if (Array.isArray(value)) return value.flatMap(refsIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (key === '$ref' ? [String(inner)] : refsIn(inner)));
};

const resolve = (ref: string): unknown => {
  let at: unknown = json;
  for (const key of ref.replace(/^#\//, '').split('/'))
    at = typeof at === 'object' && at !== null ? Object.getOwnPropertyDescriptor(at, key)?.value : undefined;
  return at;
};

describe('the OpenAPI document', () => {
  it('has every declared route once, and the WebSockets', () => {
    const ids = operations.map(({ operation }) => operation.operationId).sort();
    expect(ids).toEqual([...allRoutes.map((route) => route.id), 'forwardSocket', 'sshSocket', 'terminalSocket'].sort());
  });

  it('has no two paths that differ in the names of their parameters only', () => {
    const shapes = Object.keys(document.paths).map((path) => path.replaceAll(/\{\w+\}/g, '{}'));
    expect(shapes.filter((shape, index) => shapes.indexOf(shape) !== index)).toEqual([]);
  });

  it('names every parameter of a path, as required', () => {
    for (const { path, operation } of operations) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      const given = (operation.parameters ?? []).filter((item) => item.in === 'path');
      expect(given.map((item) => item.name)).toEqual(named);
      expect(given.every((item) => item.required === true)).toBe(true);
    }
  });

  it('has an example of each JSON body, which its schema accepts', () => {
    const bodies = allRoutes.flatMap(({ id, body, success }) => [
      ...(body === undefined ? [] : [{ what: `${id}, request`, schema: body, example: exampleOf(body, 'input') }]),
      ...(success.schema === undefined
        ? []
        : [{ what: `${id}, answer`, schema: success.schema, example: exampleOf(success.schema, 'output') }]),
    ]);
    expect(bodies.length).toBeGreaterThan(50);
    for (const { what, schema, example } of bodies)
      expect(schema.safeParse(example).error?.message, `${what}: give its fields an example`).toBeUndefined();
  });

  it('describes the data of each event of a stream', () => {
    const content = Answer.parse(document.paths['/api/machines/events']?.get?.responses['200']).content;
    const events = z.object({ 'x-events': z.record(z.string(), z.object({ required: z.array(z.string()) })) });
    expect(events.parse(content?.['text/event-stream'])['x-events'].access?.required).toEqual(['agent_id', 'role']);
  });

  it('has no unresolved reference', () => {
    const refs = refsIn(json);
    expect(refs.length).toBeGreaterThan(20);
    for (const ref of refs) expect(resolve(ref), ref).toBeTypeOf('object');
  });

  it('uses declared security schemes and tags only', () => {
    const schemes = Object.keys(document.components.securitySchemes);
    const tags = document.tags.map((tag) => tag.name);
    for (const { operation } of operations) {
      expect(operation.security.flatMap((item) => Object.keys(item)).every((name) => schemes.includes(name))).toBe(
        true,
      );
      expect(tags).toContain(operation.tags[0]);
    }
  });

  it('has the answers of the gateway itself, for every route', () => {
    const codes = Object.values(document.components.responses).flatMap((answer) => answer['x-error-codes'] ?? []);
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes).toEqual(expect.arrayContaining(['wrong_host', 'expectation_failed', 'headers_too_large']));
    for (const { operation } of operations)
      expect(Object.keys(operation.responses)).toEqual(
        expect.arrayContaining(['400', '403', '408', '413', '414', '417', '421', '426', '431', '500', '503']),
      );
  });

  it('has 401 for every route that needs a token, and 503 for every route', () => {
    for (const route of allRoutes) {
      const found = operations.find(({ operation }) => operation.operationId === route.id);
      expect(Object.keys(found?.operation.responses ?? {})).toContain('503');
      if (route.access === 'user') expect(Object.keys(found?.operation.responses ?? {})).toContain('401');
    }
  });
});
