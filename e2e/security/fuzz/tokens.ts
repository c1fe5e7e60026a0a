import { createHmac } from 'node:crypto';
import fc, { type Arbitrary } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RawTerminal, type Refusal } from '../../support/raw-terminal.ts';
import type { World } from '../world.ts';
import { junk } from './from-schema.ts';

const cases = 1000;
/** Of them also at the upgrade. */
const upgrades = 200;
const batch = 25;

const part = (value: unknown): string => Buffer.from(JSON.stringify(value) ?? '').toString('base64url');

/** The honest token of somebody, taken apart, and put together wrongly. */
const forged = (honest: string): Arbitrary<string> => {
  const [header = '', claims = '', signature = ''] = honest.split('.');
  const read = (text: string): Record<string, unknown> => JSON.parse(Buffer.from(text, 'base64url').toString());
  const changed = (from: Record<string, unknown>): Arbitrary<unknown> =>
    fc.tuple(fc.constantFrom(...Object.keys(from), 'crit', 'jku', 'x5c', 'role'), junk).map(([name, value]) => ({
      ...from,
      [name]: value,
    }));
  const headers = fc.oneof(
    fc.constantFrom('none', 'None', 'HS512', 'RS256', 'ES256', '', null).map((alg) => ({ ...read(header), alg })),
    changed(read(header)),
    junk,
  );
  const signed = (by: (text: string) => string): Arbitrary<string> =>
    fc.tuple(headers, fc.oneof(changed(read(claims)), junk)).map(([head, body]) => {
      const text = `${part(head)}.${part(body)}`;
      return `${text}.${by(text)}`;
    });
  const mac = (key: string) => (text: string) => createHmac('sha256', key).update(text).digest('base64url');
  return fc.oneof(
    signed(() => signature),
    signed(() => ''),
    signed(mac('')),
    signed(mac(String(read(header).kid))),
    fc
      .nat(honest.length - 30)
      .map((at) => `${honest.slice(0, at)}${honest[at] === 'A' ? 'B' : 'A'}${honest.slice(at + 1)}`),
    fc.nat(honest.length - 1).map((length) => honest.slice(0, length)),
    fc.string({ minLength: 1, maxLength: 200 }).map((text) => encodeURIComponent(text.toWellFormed())),
    fc
      .tuple(fc.constantFrom('wxt_tk_', 'wxt_rp_', 'wxt_lp_', 'wxt_mc_', 'wxt_rt_', 'wxt_sl_', 'vsay_ak_'), junk)
      .map(([prefix, value]) => `${prefix}${part(value)}.${signature}`),
  );
};

export const fuzzTokens = (world: () => World): void => {
  describe('forged tokens', () => {
    it(`are 401, all ${cases}, on REST and before the upgrade`, async () => {
      const { stack, cast, agentId } = world();
      const seed = Date.now();
      const drawn = fc.sample(forged(cast.control.token), { seed, numRuns: cases });
      const found: string[] = [];
      const asRest = async (token: string): Promise<void> => {
        const { status, body } = await cast.control.rest.as(token).get('/api/machines');
        if (status !== 401 || body.code !== 'unauthenticated') found.push(`${status} ${token}`);
      };
      const asUpgrade = async (token: string): Promise<void> => {
        const refused = await RawTerminal.open(stack.url, agentId, { token }).then(
          () => ({ status: 101, body: {} }),
          (refusal: Refusal) => refusal,
        );
        if (refused.status !== 401) found.push(`upgrade ${refused.status} ${token}`);
      };
      for (let from = 0; from < cases; from += batch) await Promise.all(drawn.slice(from, from + batch).map(asRest));
      for (let from = 0; from < upgrades; from += batch)
        await Promise.all(drawn.slice(from, Math.min(from + batch, upgrades)).map(asUpgrade));
      expect(found, `seed ${seed}`).toEqual([]);
    });
  });
};
