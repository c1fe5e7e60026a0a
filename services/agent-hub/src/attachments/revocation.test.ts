import { signinDetachAfterMs } from '@webxterm/contracts/bus';
import { AppError, createLogger } from '@webxterm/shared';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LinkTable } from '../agent-links/link-table.ts';
import { Authorizer } from '../machines/authorize.ts';
import type { MachineStore } from '../machines/store.ts';
import { AttachmentTable } from './attachment-table.ts';
import { Revocation } from './revocation.ts';
import type { SpliceEnd } from './splice.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const authorizing = (accessFacts: MachineStore['accessFacts']): Authorizer =>
  new Authorizer({ accessFacts, noteUse: async () => {} });

const attached = (table: AttachmentTable, ended: SpliceEnd[], userId = 'user', agentId = 'agent'): void =>
  table.add({
    sid: `sid of ${userId}`,
    sidHash: userId,
    userId,
    ownerUserId: userId,
    rights: ['open'],
    held: ['open'],
    admitted: true,
    agentId,
    sessionId: Buffer.alloc(16),
    openedByToken: false,
    reachedByTag: false,
    linuxUsers: null,
    unchecked: false,
    end: (how) => ended.push(how),
  });

describe('a list of sign-ins that receives no beat any more', () => {
  it('detaches every terminal after 15 minutes without a beat, and none before', () => {
    const beatAt = Date.now();
    const table = new AttachmentTable();
    const revocation = new Revocation({
      allowList: {
        peek: () => undefined,
        isStale: () => true,
        isTooOldForOpenTerminals: () => Date.now() - beatAt > signinDetachAfterMs,
        mustEnrol: () => false,
      },
      authorizer: authorizing(async () => undefined),
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

describe('a user who must set up a second factor', () => {
  it('is detached, and the shell continues', () => {
    const table = new AttachmentTable();
    const ended: SpliceEnd[] = [];
    attached(table, ended, 'ann');
    const sent = vi.fn();
    const links = new LinkTable();
    vi.spyOn(links, 'find').mockImplementation(sent);
    const revocation = new Revocation({
      allowList: {
        peek: () => undefined,
        isStale: () => false,
        isTooOldForOpenTerminals: () => false,
        mustEnrol: ({ username }) => username === 'ann',
      },
      authorizer: authorizing(async () => undefined),
      links,
      table,
      logger: createLogger({ service: 'test', level: 'silent' }),
    });
    const entry = { user_id: 'ann', username: 'ann', role: 'user', disabled: false, exp: 0, epoch: '' } as const;
    revocation.signinChanged('ann', entry);
    expect(ended).toEqual([expect.objectContaining({ code: 'second_factor_enrolment_required', detach: 'revoked' })]);
    expect(sent).not.toHaveBeenCalled();
  });
});

describe('a connection whose client was cut off', () => {
  /** The sessions that the hub ends when the sign-in of ann has ended. */
  const endedAfter = (then: (table: AttachmentTable) => void, kind = 'ssh'): number => {
    const table = new AttachmentTable();
    const ended: SpliceEnd[] = [];
    attached(table, ended, 'ann');
    const [attachment] = table.all();
    if (attachment === undefined) throw new Error('nothing is attached');
    table.delete(attachment);
    table.left.add(kind, attachment);
    then(table);
    const send = vi.fn();
    const links = new LinkTable();
    vi.spyOn(links, 'find').mockReturnValue({ send } as never);
    const revocation = new Revocation({
      allowList: {
        peek: () => undefined,
        isStale: () => false,
        isTooOldForOpenTerminals: () => false,
        mustEnrol: () => false,
      },
      authorizer: authorizing(async () => undefined),
      links,
      table,
      logger: createLogger({ service: 'test', level: 'silent' }),
    });
    revocation.signinChanged('bob', undefined);
    expect(send).not.toHaveBeenCalled();
    revocation.signinChanged('ann', undefined);
    revocation.signinChanged('ann', undefined);
    return send.mock.calls.length;
  };

  it('ends with its sign-in, as long as the machine waits for the client, and the shell of a terminal goes on', () => {
    expect(endedAfter(() => undefined)).toBe(1);
    expect(endedAfter((table) => table.left.back({ agentId: 'agent', sessionId: Buffer.alloc(16) }))).toBe(0);
    expect(endedAfter(() => undefined, 'pty')).toBe(0);
  });
});

describe('a connection with several rights', () => {
  const recheck = async (admitted: boolean, scopes: string[]) => {
    const table = new AttachmentTable();
    const ended: SpliceEnd[] = [];
    attached(table, ended, 'ann');
    const [attachment] = table.all();
    if (attachment === undefined) throw new Error('nothing is attached');
    attachment.held = ['open', 'command', 'files_read'];
    attachment.admitted = admitted;
    const token = { id: 'pt_1', scopes, machines: [], tags: [], addresses: [], owner_disabled: false };
    const facts = { agentId: 'agent', tags: [], ownerId: 'ann', revoked: false, grant: undefined };
    const revocation = new Revocation({
      allowList: {
        peek: () => ({ user_id: 'ann', username: 'ann', role: 'user', disabled: false, exp: 0, epoch: '', token }),
        isStale: () => false,
        isTooOldForOpenTerminals: () => false,
        mustEnrol: () => false,
      },
      authorizer: authorizing(async () => facts),
      links: new LinkTable(),
      table,
      logger: createLogger({ service: 'test', level: 'silent' }),
    });
    await revocation.recheckAll();
    return { ended: ended.length, held: attachment.held };
  };

  it('ends an ssh connection with the first of its rights', async () => {
    expect(await recheck(true, ['open', 'command', 'files_read'])).toMatchObject({ ended: 0 });
    expect(await recheck(true, ['open', 'command'])).toMatchObject({ ended: 1 });
  });

  it('only narrows the rights of one that is being checked', async () => {
    expect(await recheck(false, ['command', 'forward'])).toEqual({ ended: 0, held: ['command'] });
    expect(await recheck(false, ['forward'])).toMatchObject({ ended: 1 });
  });
});

describe('access that changes while the database cannot be read', () => {
  /** Makes three terminals, and returns the users whose terminals have ended after the change. */
  const endedAfter = async (change: (revocation: Revocation) => Promise<void>): Promise<string[]> => {
    const table = new AttachmentTable();
    const ends: Record<string, SpliceEnd[]> = { ann: [], bob: [], 'ann elsewhere': [] };
    attached(table, ends.ann ?? [], 'ann');
    attached(table, ends.bob ?? [], 'bob');
    attached(table, ends['ann elsewhere'] ?? [], 'ann', 'other agent');
    const revocation = new Revocation({
      allowList: {
        peek: (userId) => ({ user_id: userId, username: userId, role: 'user', disabled: false, exp: 0, epoch: '' }),
        isStale: () => false,
        isTooOldForOpenTerminals: () => false,
        mustEnrol: () => false,
      },
      authorizer: authorizing(() => Promise.reject(new AppError('unavailable'))),
      links: new LinkTable(),
      table,
      logger: createLogger({ service: 'test', level: 'silent' }),
    });
    await change(revocation);
    return Object.keys(ends).filter((whose) => ends[whose]?.some((end) => end.kind === 'refuse'));
  };

  it('ends the terminals of the user who lost it on that machine, and no other', async () => {
    expect(await endedAfter((revocation) => revocation.accessChanged('agent', 'ann', null))).toEqual(['ann']);
    expect(await endedAfter((revocation) => revocation.accessChanged('agent', 'ann', 'view'))).toEqual(['ann']);
  });

  it('ends none if the user may still open terminals, or if the message names no user', async () => {
    expect(await endedAfter((revocation) => revocation.accessChanged('agent', 'ann', 'control'))).toEqual([]);
    expect(await endedAfter((revocation) => revocation.accessChanged('agent', null))).toEqual([]);
  });
});

describe('an access token that reaches a machine by its tags', () => {
  it('loses its terminal within 2 s after the tag is removed', async () => {
    const table = new AttachmentTable();
    const ended: SpliceEnd[] = [];
    let tags = ['Staging'];
    table.add({
      ...{
        sid: 'sid',
        sidHash: 'hash',
        userId: 'ann',
        ownerUserId: 'ann',
        rights: ['open'],
        held: ['open'],
        agentId: 'agent',
      },
      ...{ sessionId: Buffer.alloc(16), openedByToken: false, reachedByTag: true, linuxUsers: null, unchecked: false },
      admitted: true,
      end: (how) => ended.push(how),
    });
    const token = {
      id: 'pt_1',
      scopes: ['open'],
      machines: [],
      tags: ['staging'],
      addresses: [],
      owner_disabled: false,
    };
    const entry = { user_id: 'ann', username: 'ann', role: 'user', disabled: false, exp: 0, epoch: '', token } as const;
    const revocation = new Revocation({
      allowList: {
        peek: () => ({ ...entry, token: { ...token } }),
        isStale: () => false,
        isTooOldForOpenTerminals: () => false,
        mustEnrol: () => false,
      },
      authorizer: authorizing(async () => ({
        ...{ agentId: 'agent', tags, ownerId: 'ann', revoked: false },
        grant: undefined,
      })),
      links: new LinkTable(),
      table,
      logger: createLogger({ service: 'test', level: 'silent' }),
    });
    revocation.start();
    await vi.advanceTimersByTimeAsync(4000);
    expect(ended).toEqual([]);
    tags = [];
    await vi.advanceTimersByTimeAsync(2000);
    expect(ended).toEqual([expect.objectContaining({ code: 'machine_not_found' })]);
    revocation.stop();
  });
});

describe('a guest of a shared session', () => {
  const entryOf = (user_id: string) =>
    ({ user_id, username: user_id, role: 'user', disabled: false, exp: 0, epoch: '' }) as const;

  /** Which of the owner and the guest are refused after the change, with their codes. */
  const endedAfter = async (
    change: (world: {
      revocation: Revocation;
      signins: Map<string, ReturnType<typeof entryOf>>;
      grants: Set<string>;
      mustEnrol: Set<string>;
    }) => Promise<void> | void,
  ): Promise<Record<string, string>> => {
    const table = new AttachmentTable();
    const ends: Record<string, string> = {};
    const end = (whose: string) => (how: SpliceEnd) => {
      if (how.kind === 'refuse') ends[whose] = how.code;
    };
    const signins = new Map(['ann', 'ann elsewhere', 'bob'].map((name) => [name, entryOf(name.split(' ')[0] ?? '')]));
    const grants = new Set(['ann']);
    const mustEnrol = new Set<string>();
    const common = {
      sessionId: Buffer.alloc(16),
      openedByToken: false,
      reachedByTag: false,
      unchecked: false,
      linuxUsers: null,
    };
    const rights = { rights: ['open'], held: ['open'], admitted: true } as const;
    const owned = { ...common, ownerUserId: 'ann', ...rights, agentId: 'agent' } as const;
    table.add({ ...owned, userId: 'ann', sid: 'ann elsewhere', sidHash: 'ann elsewhere', end: end('owner') });
    const share = {
      ...{
        share_id: 's',
        agent_id: 'agent',
        session_id: '',
        owner_user_id: 'ann',
        owner_signin: 'ann',
        user_id: 'bob',
      },
      ...{ role: 'view' as const, types_always: false, ends_at: 0, exp: 0 },
    } as const;
    table.add({ ...owned, userId: 'bob', sid: 'bob', sidHash: 'bob', share, end: end('guest') });
    const revocation = new Revocation({
      allowList: {
        peek: (hash) => signins.get(hash),
        mustEnrol: ({ username }) => mustEnrol.has(username),
        isStale: () => false,
        isTooOldForOpenTerminals: () => false,
      },
      authorizer: authorizing(async ({ userId }) => ({
        ...{ agentId: 'agent', tags: [], ownerId: 'eve', revoked: false },
        grant: grants.has(userId) ? { role: 'control', linuxUsers: null } : undefined,
      })),
      links: new LinkTable(),
      table,
      logger: createLogger({ service: 'test', level: 'silent' }),
    });
    await change({ revocation, signins, grants, mustEnrol });
    await vi.advanceTimersByTimeAsync(0);
    return ends;
  };

  it('stays while the owner may open terminals, without any right of its own', async () => {
    expect(await endedAfter(({ revocation }) => revocation.recheckAll())).toEqual({});
    expect(await endedAfter(({ revocation }) => revocation.accessChanged('agent', 'bob', null))).toEqual({});
  });

  it('ends with the sign-in that made the share, and the owner stays', async () => {
    const ended = await endedAfter(({ revocation, signins }) => {
      signins.delete('ann');
      revocation.signinChanged('ann', undefined);
    });
    expect(ended).toEqual({ guest: 'share_not_found' });
  });

  it('ends while the owner must set up a second factor', async () => {
    const ended = await endedAfter(({ revocation, mustEnrol }) => {
      mustEnrol.add('ann');
      return revocation.recheckAll();
    });
    expect(ended.guest).toBe('share_not_found');
  });

  it('ends with the right of the owner', async () => {
    const ended = await endedAfter(({ revocation, grants }) => {
      grants.delete('ann');
      return revocation.accessChanged('agent', 'ann', null);
    });
    expect(ended).toEqual({ owner: 'machine_not_found', guest: 'share_not_found' });
  });

  it('ends alone with its own sign-in and account', async () => {
    const out = await endedAfter(({ revocation }) => revocation.signinChanged('bob', undefined));
    expect(out).toEqual({ guest: 'unauthenticated' });
    const disabled = { ...entryOf('bob'), disabled: true };
    expect(await endedAfter(({ revocation }) => revocation.signinChanged('bob', disabled))).toEqual({
      guest: 'user_disabled',
    });
  });
});
