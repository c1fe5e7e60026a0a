import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { allRoutes, ErrorBody, type Route } from '@webxterm/contracts/rest';
import { describe, expect, it } from 'vitest';
import { Rest } from '../support/rest.ts';
import { pathOf } from './route-matrix.ts';
import { allRules } from './rules/all-rules.ts';
import type { Call } from './rules/rule.ts';
import type { World } from './world.ts';

/** Of those that need a token, every one that takes a body. */
const routes = allRoutes.filter(({ access, body }) => body !== undefined && (access === 'user' || access === 'admin'));

/** A request whose body stops in the middle. */
const begin = (url: string, route: Route, call: Call, token: string): { request: ClientRequest; rest: string } => {
  const body = JSON.stringify(call.body);
  const begun = request(`${url}${pathOf(route, call)}`, {
    method: route.method.toUpperCase(),
    agent: false,
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    },
  });
  begun.write(body.slice(0, 1));
  return { request: begun, rest: body.slice(1) };
};

const answerTo = async (sent: ClientRequest): Promise<{ status: number | undefined; code: string }> => {
  const response = await new Promise<IncomingMessage>((resolve, reject) =>
    sent.once('response', resolve).once('error', reject),
  );
  const text = (await response.toArray()).join('');
  return { status: response.statusCode, code: ErrorBody.parse(JSON.parse(text)).code };
};

/** A token is looked at when the head of a request has come; its body may take half a minute more. */
export const holdBodiesBack = (world: () => World): void => {
  describe('a sign-in that ends while the body of a request is on its way', () => {
    it.each(routes.map((route): [string, Route] => [`${route.method} ${route.path}`, route]))(
      '%s has no effect',
      async (_name, route) => {
        const { stack, cast, secrets } = world();
        const caller = route.access === 'admin' ? 'admin' : 'owner';
        const [rule] = allRules[route.id] ?? [];
        if (rule === undefined) throw new Error(`no rule for ${route.id}`);
        const { email, password } = cast[caller];
        const { token } = await new Rest(stack.url).login({ email, password });
        secrets.add(token);
        const slow = begin(stack.url, route, await rule.call(world(), caller), token);
        const answer = answerTo(slow.request);
        // By then the head, which was sent before, has been read by the service too.
        for (const path of ['/api/profile', '/api/machines', '/api/terminal/sessions'])
          expect((await new Rest(stack.url, token).get(path)).status).toBe(200);
        expect((await new Rest(stack.url, token).post('/api/auth/logout', undefined)).status).toBe(204);
        slow.request.end(slow.rest);
        expect(await answer).toEqual({ status: 401, code: 'unauthenticated' });
      },
    );
  });
};
