import type { RouteMethod } from '@webxterm/contracts/rest';
import type { z } from 'zod';
import { ApiError, errorFrom, readJson, UnreachableError } from './api-error.ts';

/** The parts of a route declaration that a caller needs. Every `defineRoute` of the contracts is assignable. */
export interface CallableRoute<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  readonly id: string;
  readonly method: RouteMethod;
  readonly path: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
}

/** A route whose response is JSON of schema S. */
export interface AnsweringRoute<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, S extends z.ZodType>
  extends CallableRoute<P, Q, B> {
  readonly success: { readonly schema: S };
}

export interface CallInput<P, Q, B> {
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** Fills the parameters into a path such as `/api/machines/:agent_id`, each as one path segment. */
export const fillPath = (path: string, params: Readonly<Record<string, unknown>>): string =>
  path.replace(/:([a-z_]+)/g, (_, name: string) => {
    const value = params[name];
    if (typeof value !== 'string' || value === '') throw new TypeError(`${path} needs ${name}`);
    return encodeURIComponent(value);
  });

/** A query string such as `?page=2&search=web`, or an empty string. Omits undefined and empty values. */
export const queryString = (query: Readonly<Record<string, unknown>>): string => {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== '') search.set(name, String(value));
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
};

const entries = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? { ...value } : {};

/** The URL of a call, relative to the address of the server. */
export const urlOf = (route: { readonly path: string }, input: { params?: unknown; query?: unknown }): string =>
  fillPath(route.path, entries(input.params)) + queryString(entries(input.query));

/** Like fetch, but rejects for an unsuccessful response, too. @throws ApiError, UnreachableError, or the signal's AbortError */
export const fetchAnswer = async (fetcher: typeof fetch, address: string, init: RequestInit): Promise<Response> => {
  let response: Response;
  try {
    response = await fetcher(address, init);
  } catch (error) {
    if (init.signal?.aborted === true) throw error;
    throw new UnreachableError(error);
  }
  if (!response.ok) throw await errorFrom(response);
  return response;
};

/**
 * Calls a declared route without a response body (204).
 * @throws ApiError, UnreachableError
 */
export const send = <P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType>(
  fetcher: typeof fetch,
  route: CallableRoute<P, Q, B>,
  input: CallInput<z.input<P>, z.input<Q>, z.input<B>> = {},
): Promise<Response> => {
  const hasBody = route.body !== undefined;
  return fetchAnswer(fetcher, urlOf(route, input), {
    method: route.method.toUpperCase(),
    headers: { accept: 'application/json', ...(hasBody && { 'content-type': 'application/json' }), ...input.headers },
    credentials: 'same-origin',
    ...(hasBody && { body: JSON.stringify(input.body ?? {}) }),
    ...(input.signal !== undefined && { signal: input.signal }),
  });
};

/**
 * Calls a declared route and validates the response with its schema.
 * @throws ApiError (`unexpected_answer` if the response does not match), UnreachableError
 */
export const ask = async <P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, S extends z.ZodType>(
  fetcher: typeof fetch,
  route: AnsweringRoute<P, Q, B, S>,
  input: CallInput<z.input<P>, z.input<Q>, z.input<B>> = {},
): Promise<z.output<S>> => {
  const response = await send(fetcher, route, input);
  const parsed = route.success.schema.safeParse(await readJson(response));
  if (parsed.success) return parsed.data;
  throw new ApiError({
    status: response.status,
    code: 'unexpected_answer',
    message:
      'The server answered something that this program does not understand. Reload the page, or update the program: it may be out of date.',
    requestId: response.headers.get('x-request-id') ?? undefined,
  });
};
