import type { Participant } from '@webxterm/contracts/frames';
import {
  createShare,
  joinShare,
  listAudit,
  listSharedSessions,
  redeemShare,
  type SessionShare,
} from '@webxterm/contracts/rest';
import { until } from '@webxterm/shared/testing';
import { TerminalRefusal } from '@webxterm/terminal-client';
import { beforeAll, describe, expect, it } from 'vitest';
import { useWorld, world } from '../testing/use-world.ts';
import { json, type Viewer } from '../testing/world.ts';

// The stack may share its own machine, as an installation with machines of its own.
useWorld({ serviceEnvironment: { 'agent-hub': { STACK_USER: '' } } });

let [bob, carol, dave] = ['', '', ''];
/** The window of the owner, the admin. */
let owner: Viewer;
let ofOwner: readonly Participant[] = [];
let sessionId = '';

beforeAll(async () => {
  [bob, carol, dave] = [await world.signUp('bob'), await world.signUp('carol'), await world.signUp('dave')];
  owner = world.viewer({}, world.token, {
    presence: (all) => {
      ofOwner = all;
    },
  });
  await owner.live();
  owner.client.type('echo shell-is-$((0+1))\n');
  await owner.says('shell-is-1');
  sessionId = owner.ids?.sessionId ?? '';
  await until(async () => (await world.api('GET', `sessions/${sessionId}`)).status === 200);
});

type Body = Parameters<typeof createShare.body.parse>[0];

const share = async (body: Body): Promise<{ share: SessionShare; secret: string | null }> => {
  const answer = await world.api('POST', `terminal/sessions/${sessionId}/shares`, body);
  const read = await json(answer);
  expect([answer.status, read.code]).toEqual([201, undefined]);
  return createShare.success.schema.parse(read);
};

const join = async (shareId: string, token: string) => {
  const answer = await world.api('POST', `terminal/shares/${shareId}/join`, undefined, token);
  const read = await json(answer);
  if (answer.status !== 201) throw new TerminalRefusal(String(read.code), String(read.error));
  return joinShare.success.schema.parse(read);
};

interface GuestWindow {
  readonly viewer: Viewer;
  readonly list: () => { participants: readonly Participant[]; you: number };
}

const guestOf = (shareId: string, token: string): GuestWindow => {
  let list: { participants: readonly Participant[]; you: number } = { participants: [], you: 0 };
  const viewer = world.viewer(
    { ticket: async () => ({ ticket: (await join(shareId, token)).ticket, sessionId }), size: { cols: 40, rows: 10 } },
    token,
    {
      presence: (participants, you) => {
        list = { participants, you };
      },
    },
  );
  return { viewer, list: () => list };
};

const redeem = async (secret: string, token: string): Promise<{ status: number; body: Record<string, unknown> }> => {
  const answer = await world.api('POST', 'terminal/shares/redeem', { secret }, token);
  const { request_id: _, ...body } = await json(answer);
  return { status: answer.status, body };
};

const revoke = (shareId: string): Promise<Response> =>
  world.api('DELETE', `terminal/sessions/${sessionId}/shares/${shareId}`);

const refusalOf = ({ viewer: { client } }: GuestWindow): string =>
  client.state.state === 'refused' ? client.state.code : client.state.state;

/** The time until the guest is refused, and the code. */
const endOf = async (guest: GuestWindow, act: () => Promise<unknown>): Promise<{ code: string; ms: number }> => {
  const from = performance.now();
  await act();
  await until(() => guest.viewer.state === 'refused');
  return { code: refusalOf(guest), ms: performance.now() - from };
};

const ownerGoesOn = async (text: string): Promise<void> => {
  owner.client.type(`echo ${text}-$((1+1))\n`);
  await owner.says(`${text}-2`);
  expect(owner.size).toMatchObject({ cols: 80, rows: 24, driver: true });
};

describe('a session that its owner shares with a user', () => {
  it('is seen by this user and by nobody else, and both see who is attached', async () => {
    const { share: made } = await share({ user: 'bob@example.com', role: 'view' });
    expect(made.user?.username).toBe('bob');
    const listed = async (token: string): Promise<string[]> =>
      listSharedSessions.success.schema
        .parse(await json(await world.api('GET', 'terminal/shares', undefined, token)))
        .shares.map(({ share_id }) => share_id);
    expect([await listed(bob), await listed(carol)]).toEqual([[made.share_id], []]);
    const guest = guestOf(made.share_id, bob);
    await guest.viewer.live();
    await guest.viewer.says('shell-is-1');
    await until(() => ofOwner.length === 2);
    expect(ofOwner.map(({ name, owner: owns }) => [name, owns])).toEqual([
      ['admin', true],
      ['bob', false],
    ]);
    await until(() => guest.list().you === ofOwner[1]?.number);
    await expect(join(made.share_id, carol)).rejects.toMatchObject({ code: 'share_not_found' });
    // The guest has no other right to the machine or the session.
    for (const path of [`machines/${world.agentId}`, `machines/${world.agentId}/sessions`, `sessions/${sessionId}`])
      expect((await world.api('GET', path, undefined, bob)).status).toBe(404);
    for (const body of [{ agent_id: world.agentId }, { agent_id: world.agentId, session_id: sessionId, mode: 'view' }])
      expect((await world.api('POST', 'terminal/tickets', body, bob)).status).toBe(404);
    guest.viewer.client.type('x');
    await until(() => guest.viewer.state === 'refused');
    expect(refusalOf(guest)).toBe('view_only');
    await ownerGoesOn('after-a-view');
    await revoke(made.share_id);
  });

  it('ends within a second when it is revoked, for the guest only; the ticket of the guest is used once', async () => {
    const { share: made } = await share({ user: 'bob', role: 'control' });
    const { ticket } = await join(made.share_id, bob);
    const raw = await world.dial({ token: ticket });
    expect(raw.opened).toBe(true);
    expect(await world.dial({ token: ticket })).toMatchObject({ opened: false, status: 401 });
    const guest = guestOf(made.share_id, bob);
    await guest.viewer.live();
    const unused = await join(made.share_id, bob);
    const { code, ms } = await endOf(guest, () => revoke(made.share_id));
    expect(code).toBe('share_not_found');
    expect(ms).toBeLessThan(1000);
    if (raw.opened) expect(await raw.client.closed).toMatchObject({ code: 4404 });
    // A ticket that was made before the end of the share is worth nothing after it.
    expect(await world.dial({ token: unused.ticket })).toMatchObject({ opened: false, status: 404 });
    await expect(join(made.share_id, bob)).rejects.toMatchObject({ code: 'share_not_found' });
    expect((await revoke(made.share_id)).status).toBe(404);
    await ownerGoesOn('after-the-end');
  });

  it('is typed in by a guest whom the owner lets type, until the owner types', async () => {
    const { share: made } = await share({ user: 'carol', role: 'control' });
    const guest = guestOf(made.share_id, carol);
    await guest.viewer.live();
    const numberOf = (name: string): number => ofOwner.find((each) => each.name === name)?.number ?? 0;
    await until(() => numberOf('carol') !== 0);
    guest.viewer.client.type('echo not-$((0+0))\n');
    guest.viewer.client.askToType(true);
    await until(() => ofOwner.some(({ name, asks }) => name === 'carol' && asks));
    owner.client.giveTyping(numberOf('carol'));
    await until(() => guest.list().participants.some(({ number, types }) => types && number === guest.list().you));
    guest.viewer.client.type('echo typed-$((2+1))\n');
    await owner.says('typed-3');
    await ownerGoesOn('taken-back');
    await until(() => !guest.list().participants.some(({ number, types }) => types && number === guest.list().you));
    guest.viewer.client.type('echo not-$((0+0))\n');
    await ownerGoesOn('still-here');
    expect(owner.text).not.toContain('not-0');
    await revoke(made.share_id);
  });

  it('is over for the guest when the sign-in that made it ends, and the session goes on', async () => {
    const second = await json(await world.api('POST', 'login', world.stack.admin));
    const answer = await world.api(
      'POST',
      `terminal/sessions/${sessionId}/shares`,
      { user: 'dave', role: 'view' },
      String(second.token),
    );
    const { share: made } = createShare.success.schema.parse(await json(answer));
    const guest = guestOf(made.share_id, dave);
    await guest.viewer.live();
    const { code, ms } = await endOf(guest, () => world.api('POST', 'auth/logout', undefined, String(second.token)));
    expect(code).toBe('share_not_found');
    expect(ms).toBeLessThan(1000);
    await ownerGoesOn('after-sign-out');
  });
});

describe('a link', () => {
  it('is used by as many users as it allows; every wrong link gets the same answer, and guesses are limited', async () => {
    const { share: made, secret } = await share({ role: 'view', uses: 1 });
    const good = await redeem(secret ?? '', bob);
    expect(redeemShare.success.schema.parse(good.body).share.share_id).toBe(made.share_id);
    expect((await redeem(secret ?? '', bob)).status).toBe(200);
    const wrong = await redeem('A'.repeat(22), carol);
    expect(wrong).toMatchObject({ status: 404, body: { code: 'share_not_found' } });
    expect(await redeem(secret ?? '', carol)).toEqual(wrong);
    expect(await redeem('not a secret', carol)).toEqual(wrong);
    await revoke(made.share_id);
    expect(await redeem(secret ?? '', bob)).toEqual(wrong);
    expect((await redeem(secret ?? '', world.token)).status).toBe(404);
    const statuses = await Promise.all(
      Array.from({ length: 25 }, async () => (await redeem('B'.repeat(22), dave)).status),
    );
    expect(new Set(statuses)).toEqual(new Set([404, 429]));
  });
});

describe('shares', () => {
  it('are at most 32 for one session', async () => {
    const path = `terminal/sessions/${sessionId}/shares`;
    const make = async (): Promise<number> => (await world.api('POST', path, { role: 'view' })).status;
    const statuses: number[] = [];
    while (statuses.at(-1) !== 409 && statuses.length < 40) statuses.push(await make());
    expect(statuses.at(-1)).toBe(409);
    const { shares } = await json(await world.api('GET', path));
    expect(shares).toHaveLength(32);
  });
});

describe('the right to watch', () => {
  it('shows the session of another user to the owner of the machine, who is seen and audited, and cannot type', async () => {
    const grant = { username: 'carol', role: 'control' };
    expect((await world.api('POST', `machines/${world.agentId}/access/grant`, grant)).status).toBe(200);
    let seen: readonly Participant[] = [];
    const ofCarol = world.viewer({}, carol, {
      presence: (all) => {
        seen = all;
      },
    });
    await ofCarol.live();
    const id = ofCarol.ids?.sessionId ?? '';
    const body = { agent_id: world.agentId, session_id: id, mode: 'view' };
    await until(async () => (await world.api('POST', 'terminal/tickets', body)).status === 201);
    expect((await world.api('POST', 'terminal/tickets', { ...body, mode: 'control' })).status).toBe(404);
    const watcher = world.viewer({
      ticket: async () => {
        const read = await json(await world.api('POST', 'terminal/tickets', body));
        return { ticket: String(read.ticket), sessionId: id };
      },
    });
    await watcher.live();
    await until(() => seen.some(({ name, owner: owns, control }) => name === 'admin' && !owns && !control));
    watcher.client.close();
    await until(() => !seen.some(({ name }) => name === 'admin'));
    ofCarol.client.type('exit\n');
  });
});

describe('the audit log', () => {
  it('names who shared, joined, typed, left, revoked and watched', async () => {
    const actions = ['share_created', 'share_joined', 'share_typed', 'share_left', 'share_revoked', 'terminal_watched'];
    await until(async () => {
      const answer = await json(await world.api('GET', 'audit?limit=200'));
      const { events } = listAudit.success.schema.parse(answer);
      const typed = events.find(({ action }) => action === 'share_typed');
      const named =
        typed?.actor.username === 'carol' && typed.details.from !== undefined && typed.details.to !== undefined;
      return (
        named && actions.every((action) => events.some((event) => event.action === action && event.actor.verified))
      );
    });
  });
});
