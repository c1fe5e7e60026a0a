import { describe, expect, it } from 'vitest';
import { clockFault } from './clock-fault.ts';

const fault = (service: string, own: number | undefined, auth: number | undefined): string | undefined =>
  clockFault(service, { own: own && own * 1000, auth: auth && auth * 1000 });

describe('a wrong clock', () => {
  it('is reported with its difference to the clock of NATS', () => {
    expect(fault('auth', 61, undefined)).toBe(
      'the clock of this auth is 61 s ahead of the clock of NATS: synchronise the clocks of all machines',
    );
    expect(fault('terminal', -100, 40)).toMatch(
      /^the clock of this terminal is 100 s behind .*; the clock of auth is 40 s ahead/,
    );
  });

  it.each([
    ['auth', 24.9, 25],
    ['agent-hub', 14.9, 15],
    ['terminal', 14.9, 15],
  ] as const)('%s: is wrong from its bound on, in both directions', (service, within, beyond) => {
    for (const sign of [1, -1]) {
      expect(fault(service, sign * within, 0)).toBeUndefined();
      expect(fault(service, sign * beyond, 0)).toContain(`this ${service}`);
    }
  });

  it('is not reported while the difference is unknown', () => {
    expect(fault('auth', undefined, undefined)).toBeUndefined();
    expect(fault('agent-hub', 0, 24.9)).toBeUndefined();
    expect(fault('agent-hub', undefined, 25)).toContain('the clock of auth is 25 s ahead');
  });
});
