import { createTicket, endSession, getMachine, listMachines, wellKnown } from '@webxterm/contracts/rest';
import { describe, expect, it } from 'vitest';
import { ApiError, UnreachableError } from './api-error.ts';
import { ask, fillPath, queryString, send, urlOf } from './call.ts';

interface Call {
  readonly address: string;
  readonly init: RequestInit;
}

const answering = (response: () => Response): { fetcher: typeof fetch; calls: Call[] } => {
  const calls: Call[] = [];
  const fetcher: typeof fetch = (input, init) => {
    calls.push({ address: String(input), init: init ?? {} });
    return Promise.resolve(response());
  };
  return { fetcher, calls };
};
const json = (body: unknown, status = 200, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers });

const page = { machines: [], total: 0, page: 1, limit: 50, total_pages: 0, next_cursor: null };

describe('addresses', () => {
  it('encode each parameter as one path segment', () => {
    expect(fillPath('/api/machines/:agent_id', { agent_id: 'ag_1/../x?y' })).toBe('/api/machines/ag_1%2F..%2Fx%3Fy');
    expect(() => fillPath('/api/machines/:agent_id', {})).toThrow(TypeError);
  });

  it('leave out absent parameters', () => {
    expect(queryString({ page: 2, search: 'a b&c', status: undefined, tag: '' })).toBe('?page=2&search=a+b%26c');
    expect(urlOf(listMachines, {})).toBe('/api/machines');
    expect(urlOf(getMachine, { params: { agent_id: 'ag_1' } })).toBe('/api/machines/ag_1');
  });
});

describe('a call', () => {
  it('sends the request that the route declares, and returns the response that its schema parses', async () => {
    const { fetcher, calls } = answering(() => json({ ...page, unknown_field: 1 }));
    expect(await ask(fetcher, listMachines, { query: { limit: 50 }, headers: { authorization: 'Bearer t' } })).toEqual(
      page,
    );
    expect(calls[0]?.address).toBe('/api/machines?limit=50');
    expect(calls[0]?.init.method).toBe('GET');
    expect(new Headers(calls[0]?.init.headers).get('authorization')).toBe('Bearer t');
    expect(calls[0]?.init.body).toBeUndefined();
  });

  it('sends a body as JSON', async () => {
    const answer = { ticket: 'wxt_tk_x', session_id: 'AAAAAAAAAAAAAAAAAAAAAA', expires_in: 30 };
    const { fetcher, calls } = answering(() => json(answer, 201));
    await ask(fetcher, createTicket, { body: { agent_id: 'ag_1' } });
    expect(calls[0]?.init.body).toBe('{"agent_id":"ag_1"}');
    expect(new Headers(calls[0]?.init.headers).get('content-type')).toBe('application/json');
  });

  it('accepts a 204 of a route without a body', async () => {
    const { fetcher, calls } = answering(() => new Response(null, { status: 204 }));
    await send(fetcher, endSession, { params: { id: 'AAAA' } });
    expect(calls[0]?.init.method).toBe('DELETE');
  });

  it('throws the server’s refusal with code, request and fields', async () => {
    const body = {
      error: 'The request is not valid.',
      code: 'invalid_input',
      request_id: 'r1',
      details: [{ path: 'email', message: 'must be a valid e-mail address' }],
    };
    const { fetcher } = answering(() => json(body, 400, { 'retry-after': '3' }));
    const error = await ask(fetcher, wellKnown).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      status: 400,
      code: 'invalid_input',
      requestId: 'r1',
      details: body.details,
      retryAfterMs: 3000,
    });
  });

  it('turns the HTML page of a proxy into a sentence', async () => {
    const { fetcher } = answering(() => new Response('<h1>Bad Gateway</h1>', { status: 502 }));
    await expect(ask(fetcher, wellKnown)).rejects.toMatchObject({ code: 'unavailable', status: 502 });
  });

  it('distinguishes an invalid response from a valid one', async () => {
    const { fetcher } = answering(() => json({ machines: 'many' }));
    await expect(ask(fetcher, listMachines)).rejects.toMatchObject({ code: 'unexpected_answer' });
  });

  it('distinguishes a missing response, a refusal and an abort', async () => {
    const fails: typeof fetch = (_, init) =>
      Promise.reject(init?.signal?.aborted ? init.signal.reason : new TypeError('Failed to fetch'));
    await expect(ask(fails, wellKnown)).rejects.toBeInstanceOf(UnreachableError);
    await expect(ask(fails, wellKnown, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
  });
});
