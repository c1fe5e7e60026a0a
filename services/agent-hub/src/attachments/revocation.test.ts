import { signinDetachAfterMs } from '@webxterm/contracts/bus';
import { createLogger } from '@webxterm/shared';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LinkTable } from '../links/link-table.ts';
import { Authorizer } from '../machines/authorize.ts';
import { AttachmentTable } from './attachment-table.ts';
import { Revocation } from './revocation.ts';
import type { SpliceEnd } from './splice.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const attached = (table: AttachmentTable, ended: SpliceEnd[]): void =>
  table.add({
    sid: 'sid',
    sidHash: 'hash',
    userId: 'user',
    agentId: 'agent',
    sessionId: Buffer.alloc(16),
    unchecked: false,
    end: (how) => ended.push(how),
  });

describe('a list of sign-ins that is told no beat any more', () => {
  it('detaches every terminal when there has been no beat for 15 minutes, and none before', () => {
    const beatAt = Date.now();
    const table = new AttachmentTable();
    const revocation = new Revocation({
      allowList: {
        peek: () => undefined,
        isStale: () => true,
        isTooOldForOpenTerminals: () => Date.now() - beatAt > signinDetachAfterMs,
      },
      authorizer: new Authorizer({ standing: async () => undefined }),
      links: new LinkTable(),
      table,
      logger: createLogger({ service: 'test', level: 'silent' }),
    });
    const ended: SpliceEnd[] = [];
    attached(table, ended);
    attached(table, ended);
    revocation.start();
    vi.advanceTimersByTime(signinDetachAfterMs);
    expect(ended).toEqual([]);
    vi.advanceTimersByTime(5000);
    expect(ended).toEqual([
      expect.objectContaining({ code: 'unavailable', detach: 'revoked' }),
      expect.objectContaining({ code: 'unavailable', detach: 'revoked' }),
    ]);
    revocation.stop();
  });
});
