import { isErrorCode } from '@webxterm/contracts/errors';
import { allRoutes, changeFactorPolicy, ErrorBody, type Route } from '@webxterm/contracts/rest';
import fc, { type Arbitrary } from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DocumentedAnswers } from '../../support/documented-answers.ts';
import type { World } from '../world.ts';
import { fromSchema, junk } from './from-schema.ts';

interface Case {
  readonly path: string;
  readonly body: string | undefined;
  readonly contentType: string;
  readonly as: 'nobody' | 'user' | 'admin';
}

/** Sent at once: a run of a property. */
const batch = 30;

/** Texts that an answer must never contain. */
const innards = /node_modules|\n\s+at |\.ts:\d+|Mongo|mongoose|E11000|ECONNREFUSED|nats:|\$KV|grpc/i;

const text = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

/** A value as it goes into a path or a query: what URL cannot carry is written as it is read back. */
const encoded = (value: unknown): string => encodeURIComponent(text(value).toWellFormed()).slice(0, 2000);

const fields = (schema: Route['params']): Arbitrary<Record<string, unknown>> =>
  schema === undefined
    ? fc.constant({})
    : fromSchema(schema).map((value) => (typeof value === 'object' && value !== null ? { ...value } : { x: value }));

const paths = (route: Route): Arbitrary<string> =>
  fc.tuple(fields(route.params), fields(route.query)).map(([params, query]) => {
    const path = route.path.replaceAll(/:(\w+)/g, (_all, name: string) => encoded(params[name] ?? 'x') || 'x');
    const search = Object.entries(query).map(([name, value]) => `${encodeURIComponent(name)}=${encoded(value)}`);
    return search.length === 0 ? path : `${path}?${search.join('&')}`;
  });

/** Without grace, the policy would shut out everybody of this stack: the fuzzing would go on against a closed door. */
const withGrace = (route: Route, value: unknown): unknown =>
  route === changeFactorPolicy && typeof value === 'object' && value !== null && 'grace_days' in value
    ? { ...value, grace_days: value.grace_days === 0 ? 1 : value.grace_days }
    : value;

const bodies = (route: Route): Arbitrary<string | undefined> => {
  const given = route.body === undefined ? junk : fromSchema(route.body).map((value) => withGrace(route, value));
  return route.method === 'get'
    ? fc.constant(undefined)
    : fc.oneof(
        { weight: 8, arbitrary: given.map((value) => JSON.stringify(value)) },
        { weight: 1, arbitrary: fc.string({ maxLength: 300 }) },
        { weight: 1, arbitrary: fc.constantFrom('{', '[[[[', '{"a":'.repeat(5000), 'null', '"x"', '') },
      );
};

const requestsOf = (route: Route): Arbitrary<Case> =>
  fc.record({
    path: paths(route),
    body: bodies(route),
    contentType: fc.oneof(
      { weight: 9, arbitrary: fc.constant('application/json') },
      { weight: 1, arbitrary: fc.constantFrom('text/plain', 'application/xml', 'application/json; charset=utf-7', '') },
    ),
    as: fc.constantFrom('nobody', 'user', 'admin'),
  });

/** The fault of the answer. Undefined: none. */
const wrongWith = async (
  documented: DocumentedAnswers,
  route: Route,
  response: Response,
): Promise<string | undefined> => {
  if (response.status < 400) return response.status === route.success.status ? undefined : 'an unknown success';
  const answer = await response.text();
  if (response.status >= 500 && response.status !== 503) return answer;
  const body = ErrorBody.safeParse(JSON.parse(answer));
  if (!body.success || !isErrorCode(body.data.code)) return `no error of ours: ${answer}`;
  if (body.data.request_id !== response.headers.get('x-request-id')) return `another request id: ${answer}`;
  const seen = {
    method: route.method,
    path: new URL(response.url).pathname,
    status: response.status,
    headers: response.headers,
    body: body.data,
  };
  const missing = documented.missing(seen);
  if (missing !== undefined) return missing;
  return innards.test(answer) ? `shows its innards: ${answer}` : undefined;
};

const send = async (
  { stack: { url }, documented }: World,
  route: Route,
  { path, body, contentType }: Case,
  token: string | undefined,
): Promise<string | undefined> => {
  const leaving = new AbortController();
  const response = await fetch(`${url}${path}`, {
    method: route.method.toUpperCase(),
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(contentType === '' ? {} : { 'content-type': contentType }),
    },
    ...(body === undefined ? {} : { body }),
    redirect: 'manual',
    signal: leaving.signal,
  });
  const wrong = await wrongWith(documented, route, response);
  leaving.abort();
  const said = body === undefined ? '' : body.slice(0, 500);
  return wrong === undefined ? undefined : `${route.id} ${path.slice(0, 300)} ${said}: ${response.status} ${wrong}`;
};

/** Each costs a hash of a password, or the whole audit log. */
const costly = new Set(['signup', 'login', 'createUser', 'resetPassword', 'exportAuditCsv', 'exportAuditNdjson']);
const casesOf = ({ id }: Route, cases: number): number => {
  const ofCostly = Math.ceil(cases / 200);
  return costly.has(id) ? ofCostly : Math.ceil((cases - costly.size * ofCostly) / (allRoutes.length - costly.size));
};

/** They end what the cases after them are made with. */
const lastOfAll = new Set(['logout', 'deleteProfile']);

export const fuzzRest = (world: () => World, cases: number): void => {
  describe('REST, through the gateway', () => {
    it(`answers ${cases} valid and invalid requests as the contract says`, async () => {
      const { cast, person } = world();
      const [user, admin] = await Promise.all([person('fuzz user'), person('fuzz admin')]);
      await cast.admin.rest.send('PATCH', `/api/users/${admin.id}`, { role: 'admin' });
      const tokens = { nobody: undefined, user: user.token, admin: admin.token };
      const seed = Date.now();
      const found: string[] = [];
      for (const route of allRoutes.toSorted((a, b) => Number(lastOfAll.has(a.id)) - Number(lastOfAll.has(b.id)))) {
        const drawn = fc.sample(requestsOf(route), { seed, numRuns: casesOf(route, cases) });
        for (let from = 0; from < drawn.length; from += batch) {
          const sent = drawn.slice(from, from + batch).map((one) => send(world(), route, one, tokens[one.as]));
          for (const wrong of await Promise.all(sent)) if (wrong !== undefined) found.push(wrong);
        }
      }
      expect(found, `seed ${seed}`).toEqual([]);
    }, 300_000);
  });
};
