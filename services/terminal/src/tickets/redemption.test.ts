import { createLogger } from '@webxterm/shared';
import mongoose from 'mongoose';
import { describe, expect, it } from 'vitest';
import { Redemption, redeemedModel } from './redemption.ts';

/** A connection that was never opened. */
const away = () => redeemedModel(mongoose.createConnection());
const used = { code: 'unauthenticated', message: 'This token has already been used.' };

describe('a ticket or a pass while the database is unavailable', () => {
  it('is valid once in this instance, and dropped after its expiry', async () => {
    let nowMs = 1_000_000;
    const lines: string[] = [];
    const logger = createLogger({ service: 'test', level: 'warn' }, { write: (line) => void lines.push(line) });
    const redemption = new Redemption(away(), logger, () => nowMs);
    const expiresAt = 1060;
    await redemption.redeem('first', expiresAt);
    await redemption.redeem('second', expiresAt);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/"reason":".*database is not connected".*remembered by this instance only/);
    for (const jti of ['first', 'second']) await expect(redemption.redeem(jti, expiresAt)).rejects.toMatchObject(used);
    expect(lines).toHaveLength(2);
    // The token has expired by now, so the check of its claims refuses it before the redemption.
    nowMs = expiresAt * 1000;
    await redemption.redeem('first', expiresAt);
  });
});
