// Runs a command on the first machine that is online. The declarations of the routes give every request and answer its type.
import { ErrorBody, listMachines, login, type Route, type RouteResult, runCommand } from '@webxterm/contracts/rest';
import { z } from 'zod';

const { WEBXTERM_URL, WEBXTERM_EMAIL, WEBXTERM_PASSWORD } = z
  .object({ WEBXTERM_URL: z.url(), WEBXTERM_EMAIL: z.string(), WEBXTERM_PASSWORD: z.string() })
  // biome-ignore lint/style/noProcessEnv: a program of its own, which reads its settings here
  .parse(process.env);

interface Call<R extends Route> {
  readonly params?: R['params'] extends z.ZodType ? z.input<R['params']> : never;
  readonly query?: R['query'] extends z.ZodType ? z.input<R['query']> : never;
  readonly body?: R['body'] extends z.ZodType ? z.input<R['body']> : never;
  readonly token?: string;
}

/** Calls a declared route. @throws Error with the code and message of the server */
const call = async <R extends Route & { readonly success: { readonly schema: z.ZodType<RouteResult<R>> } }>(
  route: R,
  { params, query, body, token }: Call<R>,
): Promise<RouteResult<R>> => {
  const values = new Map(Object.entries<unknown>(params ?? {}).map(([name, value]) => [name, String(value)]));
  const path = route.path.replaceAll(/:(\w+)/g, (_all, name: string) => encodeURIComponent(values.get(name) ?? ''));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries<unknown>(query ?? {})) search.set(name, String(value));
  const answer = await fetch(`${WEBXTERM_URL}${path}?${search}`, {
    method: route.method.toUpperCase(),
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (answer.ok) return route.success.schema.parse(await answer.json());
  const { code, error } = ErrorBody.parse(await answer.json());
  throw new Error(`${route.id}: ${code}: ${error}`);
};

const { token } = await call(login, { body: { email: WEBXTERM_EMAIL, password: WEBXTERM_PASSWORD } });
const { machines } = await call(listMachines, { query: { status: 'online', limit: 1 }, token });
for (const { agent_id, name } of machines) {
  const { stdout } = await call(runCommand, { params: { agent_id }, body: { command: 'uname -s' }, token });
  process.stdout.write(`${name}: ${stdout}`);
}
