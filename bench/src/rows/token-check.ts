import { randomBytes } from 'node:crypto';
import { signAccessToken, verifyAccessToken } from '@webxterm/shared/api';
// The database's part of it is not in here, nor the bus.
import { apiKeyIndexes, apiKeySha256 } from '../../../services/auth/src/api-keys/api-key.ts';
import { deriveRootKeys } from '../../../services/auth/src/root-keys/root-keys.ts';
import type { RowGroup } from './row-group.ts';

const forMs = 500;

/** Calls per second of processor time, in this process. */
const rateOf = (call: () => void): number => {
  for (let warm = 0; warm < 2000; warm += 1) call();
  const before = process.cpuUsage();
  const until = performance.now() + forMs;
  let calls = 0;
  while (performance.now() < until) {
    for (let batch = 0; batch < 100; batch += 1) call();
    calls += 100;
  }
  const used = process.cpuUsage(before);
  return calls / ((used.user + used.system) / 1e6);
};

export const tokenCheck: RowGroup = {
  name: 'token-check',
  about: 'access tokens verified, and API keys hashed to their index, per second of one core',
  measure: async (bed) => {
    const keys = [{ kid: 'bench', secret: randomBytes(32) }];
    const now = Math.floor(Date.now() / 1000);
    const sid = randomBytes(16).toString('base64url');
    const token = signAccessToken(keys, { userId: randomBytes(12).toString('hex'), sid, expiresAt: now + 3600, now });
    const roots = deriveRootKeys([randomBytes(32)]);
    const key = `vsay_ak_${randomBytes(16).toString('hex')}`;
    const repeats = Array.from({ length: bed.options.repeats });
    bed.say('checking tokens');
    const budget = { kind: 'absolute', atLeast: 10_000 } as const;
    return [
      {
        name: 'access token check, per core',
        unit: '/s',
        product: repeats.map(() => rateOf(() => void verifyAccessToken(keys, token))),
        budget,
      },
      {
        name: 'API key check (hash and index), per core',
        unit: '/s',
        product: repeats.map(() => rateOf(() => void apiKeyIndexes(roots, apiKeySha256(key)))),
        budget,
      },
    ];
  },
};
