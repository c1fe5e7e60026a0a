import { expect, vi } from 'vitest';
import { type AuthUnderTest, admin } from './auth-under-test.ts';

/** Time limit until a lost server, or one that is back, is noticed. */
export const recoveryWithin = { timeout: 60_000, interval: 200 };

type Parts = Awaited<ReturnType<AuthUnderTest['ready']>>['parts'];

export interface Fault {
  readonly hurt: () => unknown;
  /** Called once, also if `hurt` or a check fails. */
  readonly heal: () => unknown;
  /** The parts of readiness while the fault lasts. */
  readonly named: Readonly<Record<string, Parts[string]>>;
  /** Time limit in ms until `named`, if a server itself notices the fault later than that of `recoveryWithin`. */
  readonly namedWithin?: number;
}

const signIn = async (auth: AuthUnderTest): Promise<number> => (await auth.call('POST', '/api/login', admin)).status;
const partsOf = async (auth: AuthUnderTest): Promise<Parts> => (await auth.ready()).parts;

/** Resolves when users can sign in and the instance is ready. */
export const expectRecovered = async (auth: AuthUnderTest): Promise<void> => {
  await vi.waitFor(async () => expect(await signIn(auth)).toBe(200), recoveryWithin);
  await vi.waitFor(async () => expect(await auth.ready()).toMatchObject({ status: 'ok' }), recoveryWithin);
};

/** Sign-in and readiness before, during and after a fault of a server. */
export const expectRecovery = async (
  auth: AuthUnderTest,
  { hurt, heal, named, namedWithin = recoveryWithin.timeout }: Fault,
): Promise<void> => {
  expect(await signIn(auth)).toBe(200);
  expect(await auth.ready()).toMatchObject({ status: 'ok' });
  try {
    await hurt();
    await vi.waitFor(async () => expect(await partsOf(auth)).toMatchObject(named), {
      ...recoveryWithin,
      timeout: namedWithin,
    });
    expect(await signIn(auth)).toBe(503);
    expect(await partsOf(auth)).toMatchObject(named);
  } finally {
    await heal();
  }
  await expectRecovered(auth);
};
