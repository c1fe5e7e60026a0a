import { ApiError, UnreachableError } from '@webxterm/rest-client';
import { describe, expect, it } from 'vitest';
import { SignedOutError } from '../api/signed-out-error.ts';
import { accountErrors } from './account-errors.ts';
import { pathAfterSignIn } from './next-path.ts';
import { SignIn } from './sign-in.ts';

const hour = 3_600_000;
const start = Date.UTC(2026, 0, 1);
const half = (n: number): string => String(n).padStart(43, 'h');
const user = { id: 'a'.repeat(24), username: 'ada', email: 'ada@example.com', role: 'user', avatar_url: null };

interface Seen {
  readonly path: string;
  readonly headers: Headers;
  readonly body: unknown;
}

/** A server stub with one account that rotates the half at each restore. */
const setUp = (options: { half?: string; answers?: () => Response | undefined } = {}) => {
  let now = start;
  let kept = options.half;
  let issued = 0;
  let otherTab = (): void => undefined;
  const seen: Seen[] = [];
  const json = (body: unknown, status = 200): Response => new Response(JSON.stringify(body), { status });
  const fetcher: typeof fetch = async (input, init) => {
    const path = String(input);
    const text = init?.body;
    seen.push({
      path,
      headers: new Headers(init?.headers),
      body: typeof text === 'string' ? JSON.parse(text) : undefined,
    });
    const instead = options.answers?.();
    if (instead !== undefined) return instead;
    if (path === '/api/auth/logout') return new Response(null, { status: 204 });
    if (path === '/api/login' || path === '/api/signup')
      return json({ token: 'from-password', user: { ...user, api_key: `vsay_ak_${'x'.repeat(32)}` } });
    issued += 1;
    return json({
      token: `token-${issued}`,
      half: half(issued),
      expires_at: new Date(now + 24 * hour).toISOString(),
      user,
    });
  };
  const signIn = new SignIn({
    fetcher,
    halves: {
      read: () => kept,
      write: (value) => {
        kept = value;
      },
      onChange: (listener) => {
        otherTab = listener;
        return () => undefined;
      },
    },
    exclusively: (work) => work(),
    now: () => now,
    passkeyOf: () => Promise.reject(new Error('no passkey')),
  });
  return {
    signIn,
    seen,
    keptHalf: () => kept,
    advance: (ms: number) => {
      now += ms;
    },
    signOutInOtherTab: () => {
      kept = undefined;
      otherTab();
    },
  };
};

describe('signing in', () => {
  it('binds the browser with the token, and keeps only its half of the pair', async () => {
    const { signIn, seen, keptHalf } = setUp();
    await signIn.signIn({ email: 'ada@example.com', password: 'secret1' });
    expect(signIn.state).toMatchObject({ state: 'in', user });
    expect(keptHalf()).toBe(half(1));
    const bind = seen[1];
    expect(bind?.path).toBe('/api/auth/session');
    expect(bind?.headers.get('authorization')).toBe('Bearer from-password');
    expect(bind?.headers.get('x-webxterm-browser')).toBe('1');
    expect(bind?.body).toEqual({});
    expect(await signIn.token()).toBe('token-1');
  });

  it('reports a refusal and stays signed out', async () => {
    const refusal = () =>
      new Response(
        JSON.stringify({ error: 'E-mail or password is wrong.', code: 'wrong_credentials', request_id: 'r' }),
        {
          status: 401,
        },
      );
    const { signIn } = setUp({ answers: refusal });
    await expect(signIn.signIn({ email: 'a@b.c', password: 'x' })).rejects.toMatchObject({ code: 'wrong_credentials' });
    expect(signIn.state.state).toBe('restoring');
  });
});

describe('after a reload', () => {
  it('the stored half restores the sign-in, and is replaced', async () => {
    const { signIn, seen, keptHalf } = setUp({ half: half(0) });
    await signIn.restore();
    expect(signIn.state.state).toBe('in');
    expect(seen[0]?.body).toEqual({ half: half(0) });
    expect(seen[0]?.headers.get('authorization')).toBeNull();
    expect(keptHalf()).toBe(half(1));
  });

  it('without a stored half no request is sent', async () => {
    const { signIn, seen } = setUp();
    await signIn.restore();
    expect(signIn.state).toEqual({ state: 'out' });
    expect(seen).toEqual([]);
  });

  it('a sign-in that is over is forgotten', async () => {
    const over = () =>
      new Response(JSON.stringify({ error: 'no', code: 'unauthenticated', request_id: 'r' }), { status: 401 });
    const { signIn, keptHalf } = setUp({ half: half(0), answers: over });
    await signIn.restore();
    expect(signIn.state).toEqual({ state: 'out' });
    expect(keptHalf()).toBeUndefined();
  });

  it('an unavailable server does not sign the user out', async () => {
    const away = () =>
      new Response(JSON.stringify({ error: 'away', code: 'unavailable', request_id: 'r' }), { status: 503 });
    const { signIn, keptHalf } = setUp({ half: half(0), answers: away });
    await signIn.restore();
    expect(signIn.state.state).toBe('unreachable');
    expect(keptHalf()).toBe(half(0));
  });
});

describe('the token', () => {
  it('is renewed before it expires, once for all waiting calls', async () => {
    const { signIn, seen, advance } = setUp({ half: half(0) });
    await signIn.restore();
    advance(23 * hour + 55 * 60_000);
    expect(await Promise.all([signIn.token(), signIn.token()])).toEqual(['token-2', 'token-2']);
    expect(seen).toHaveLength(2);
  });

  it('is renewed once when the server refuses it before its time', async () => {
    const { signIn } = setUp({ half: half(0) });
    await signIn.restore();
    const used: string[] = [];
    const answer = await signIn.withToken((token) => {
      used.push(token);
      if (used.length === 1) throw new ApiError({ status: 401, code: 'unauthenticated', message: '' });
      return Promise.resolve('fine');
    });
    expect(answer).toBe('fine');
    expect(used).toEqual(['token-1', 'token-2']);
  });

  it('is not renewed for any other refusal', async () => {
    const { signIn, seen } = setUp({ half: half(0) });
    await signIn.restore();
    const refusal = new ApiError({ status: 403, code: 'view_only', message: '' });
    await expect(signIn.withToken(() => Promise.reject(refusal))).rejects.toBe(refusal);
    expect(seen).toHaveLength(1);
  });
});

describe('signing out', () => {
  it('ends the sign-in on the server, and deletes the stored half', async () => {
    const { signIn, seen, keptHalf } = setUp({ half: half(0) });
    await signIn.restore();
    await signIn.signOut();
    expect(seen[1]?.path).toBe('/api/auth/logout');
    expect(seen[1]?.headers.get('authorization')).toBe('Bearer token-1');
    expect(keptHalf()).toBeUndefined();
    expect(signIn.state).toEqual({ state: 'out' });
    await expect(signIn.token()).rejects.toBeInstanceOf(SignedOutError);
  });

  it('in one tab signs the other tabs out', async () => {
    const { signIn, signOutInOtherTab } = setUp({ half: half(0) });
    await signIn.restore();
    const states: string[] = [];
    signIn.subscribe(() => states.push(signIn.state.state));
    signOutInOtherTab();
    expect(states).toEqual(['out']);
  });
});

describe('a refused form', () => {
  const fields = ['username', 'email', 'password'];

  it('puts each error at its field', () => {
    const invalid = new ApiError({
      status: 400,
      code: 'invalid_input',
      message: 'The request is not valid.',
      details: [{ path: 'password', message: 'must be 6 to 128 characters' }],
    });
    expect(accountErrors(invalid, fields)).toEqual({
      byField: { password: 'Must be 6 to 128 characters' },
      general: undefined,
    });
    const taken = new ApiError({ status: 409, code: 'email_taken', message: 'Another account uses this.' });
    expect(accountErrors(taken, fields)).toEqual({
      byField: { email: 'Another account uses this.' },
      general: undefined,
    });
  });

  it('shows the other errors above the form, with the time to wait', () => {
    const slow = new ApiError({ status: 429, code: 'too_many_requests', message: 'x', retryAfterMs: 8200 });
    expect(accountErrors(slow, fields).general).toBe('Too many tries. Try again in 9 s.');
    expect(accountErrors(new UnreachableError(undefined), fields).general).toContain('cannot be reached');
  });
});

it('redirects after the sign-in within this site only', () => {
  expect(pathAfterSignIn('/terminal/ag_1?session=x')).toBe('/terminal/ag_1?session=x');
  for (const next of [
    undefined,
    '',
    'machines',
    '//evil.example',
    '/\\evil.example',
    'https://evil.example/',
    '/\t/evil.example',
  ])
    expect(pathAfterSignIn(next)).toBe('/');
});

describe('a second factor that the installation requires', () => {
  const session = (required_from: string | null) =>
    new Response(
      JSON.stringify({
        token: 'token',
        half: half(1),
        expires_at: new Date(start + 24 * hour).toISOString(),
        user,
        second_factor: { required_from, reset_at: null },
      }),
    );
  const refused = () =>
    new Response(JSON.stringify({ error: 'No.', code: 'second_factor_enrolment_required', request_id: 'r' }), {
      status: 403,
    });
  const call = (signIn: SignIn) =>
    signIn.withToken(async () => {
      throw new ApiError({ status: 403, code: 'second_factor_enrolment_required', message: 'No.' });
    });

  it('is announced before its time, and is all that is left after it', async () => {
    for (const [from, mustEnrol] of [
      [start + hour, false],
      [start - hour, true],
    ] as const) {
      const { signIn } = setUp({ half: half(0), answers: () => session(new Date(from).toISOString()) });
      await signIn.restore();
      expect(signIn.state).toMatchObject({ mustEnrol, secondFactor: { required_from: new Date(from).toISOString() } });
    }
  });

  it('is learned from a refused call, and over once it is set up', async () => {
    const { signIn } = setUp({ half: half(0), answers: () => session(null) });
    await signIn.restore();
    await expect(call(signIn)).rejects.toMatchObject({ code: 'second_factor_enrolment_required' });
    expect(signIn.state).toMatchObject({ state: 'in', mustEnrol: true });
    signIn.enrolled();
    expect(signIn.state).toMatchObject({ state: 'in', mustEnrol: false });
  });

  it('does not sign this browser out', async () => {
    const { signIn } = setUp({ half: half(0), answers: refused });
    await signIn.restore();
    expect(signIn.state).toMatchObject({ state: 'unreachable' });
  });
});
