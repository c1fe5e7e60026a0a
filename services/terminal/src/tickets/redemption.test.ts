import { createLogger } from '@webxterm/shared';
import mongoose from 'mongoose';
import { describe, expect, it } from 'vitest';
import { Redemption, redeemedModel } from './redemption.ts';

const logger = createLogger({ service: 'test', level: 'silent' });

describe('a ticket or a pass while the database is away', () => {
  it('is good once in this instance, and forgotten once its time is over', async () => {
    let nowMs = 1_000_000;
    // A connection that was never opened.
    const redemption = new Redemption(redeemedModel(mongoose.createConnection()), logger, () => nowMs);
    const expiresAt = 1060;
    await redemption.redeem('first', expiresAt);
    await redemption.redeem('second', expiresAt);
    for (const used of ['first', 'second'])
      await expect(redemption.redeem(used, expiresAt)).rejects.toMatchObject({ code: 'unauthenticated' });
    // The token has expired by now, so the check of its claims refuses it before the redemption.
    nowMs = expiresAt * 1000;
    await redemption.redeem('first', expiresAt);
  });
});
