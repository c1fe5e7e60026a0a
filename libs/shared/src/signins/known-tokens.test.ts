import type { SigninEntry } from '@webxterm/contracts/bus';
import { describe, expect, it } from 'vitest';
import { AppError } from '../errors.ts';
import { createLogger } from '../log/logger.ts';
import { makePersonalToken } from '../tokens/personal-token.ts';
import { KnownTokens, requireScope } from './known-tokens.ts';

const logger = createLogger({ service: 'test', level: 'silent' });
const limits = { id: 'pt_1', scopes: ['see'], machines: [], tags: [], addresses: [], owner_disabled: false };
const entry: SigninEntry = {
  user_id: 'a'.repeat(24),
  username: 'ann',
  role: 'user',
  disabled: false,
  exp: 2e9,
  epoch: 'e',
  token: limits,
};

/** Stands for auth, which knows these tokens or is away, and for the allow-list. */
const world = () => {
  const asked: string[] = [];
  const state = { nowMs: 1_000_000, away: false, unknown: false, entry: entry as SigninEntry | undefined };
  const tokens = new KnownTokens({
    logger,
    now: () => state.nowMs,
    ask: async ({ ip_address }) => {
      asked.push(ip_address);
      if (state.away) throw new AppError('unavailable');
      if (state.unknown) throw new AppError('unauthenticated');
      return { sid: 'the sid of the token' };
    },
    allowList: {
      find: async () => {
        if (state.entry === undefined) throw new AppError('unauthenticated');
        return state.entry;
      },
    },
  });
  return { asked, state, tokens };
};
const code = (error: unknown): unknown => (error instanceof AppError ? error.code : error);
const outcome = (found: Promise<unknown>): Promise<unknown> => found.then(() => 'ok', code);

describe('the tokens that a service knows', () => {
  it('asks auth once a minute for each address, and not at all for a wrong checksum', async () => {
    const { asked, state, tokens } = world();
    const token = makePersonalToken();
    for (const ip of ['192.0.2.1', '192.0.2.1', '192.0.2.2', '192.0.2.1'])
      expect(await outcome(tokens.find(token, ip))).toBe('ok');
    expect(asked).toEqual(['192.0.2.1', '192.0.2.2']);
    state.nowMs += 60_000;
    for (let times = 0; times < 3; times += 1) expect(await outcome(tokens.find(token, '192.0.2.1'))).toBe('ok');
    expect(asked).toEqual(['192.0.2.1', '192.0.2.2', '192.0.2.1']);
    expect(await outcome(tokens.find(`${token.slice(0, -1)}-`, '192.0.2.1'))).toBe('unauthenticated');
    expect(asked).toHaveLength(3);
  });

  it('goes on with a token that was used here while auth is away, and accepts no other', async () => {
    const { state, tokens } = world();
    const [known, other] = [makePersonalToken(), makePersonalToken()];
    expect(await outcome(tokens.find(known, '192.0.2.1'))).toBe('ok');
    state.away = true;
    state.nowMs += 3_600_000;
    expect(await outcome(tokens.find(known, '192.0.2.1'))).toBe('ok');
    expect(await outcome(tokens.find(other, '192.0.2.1'))).toBe('unavailable');
    expect(await outcome(tokens.find(known, '192.0.2.9'))).toBe('unavailable');
  });

  it('leaves the decision to the allow-list: revoked, of another kind, or from another address', async () => {
    const { state, tokens } = world();
    const token = makePersonalToken();
    expect(await outcome(tokens.find(token, '192.0.2.1'))).toBe('ok');
    state.entry = undefined;
    expect(await outcome(tokens.find(token, '192.0.2.1'))).toBe('unauthenticated');
    const { token: _token, ...ofSignin } = entry;
    state.entry = ofSignin;
    expect(await outcome(tokens.find(token, '192.0.2.1'))).toBe('unauthenticated');
    state.entry = { ...entry, token: { ...limits, addresses: ['198.51.100.0/24'] } };
    expect(await outcome(tokens.find(token, '192.0.2.1'))).toBe('token_not_allowed');
    expect(await outcome(tokens.find(token, '::ffff:198.51.100.7'))).toBe('ok');
  });

  it('asks sixteen questions of one address at a time, so that guesses keep no other client from asking', async () => {
    const { tokens } = world();
    const guesses = Array.from({ length: 20 }, () => outcome(tokens.find(makePersonalToken(), '192.0.2.1')));
    const neighbour = outcome(tokens.find(makePersonalToken(), '192.0.2.2'));
    expect((await Promise.all(guesses)).filter((each) => each === 'too_many_requests')).toHaveLength(4);
    expect(await neighbour).toBe('ok');
    expect(await outcome(tokens.find(makePersonalToken(), '192.0.2.1'))).toBe('ok');
  });
});

describe('a scope', () => {
  it('is needed by a token, and one of several is enough', () => {
    expect(() => requireScope(undefined, [])).not.toThrow();
    expect(() => requireScope(limits, ['open', 'see'])).not.toThrow();
    for (const anyOf of [[], ['open'], ['manage', 'open']] as const)
      expect(() => requireScope(limits, anyOf)).toThrow(expect.objectContaining({ code: 'token_not_allowed' }));
  });
});
