import { randomBytes } from 'node:crypto';
import { type ResumePass, sealResumePass } from '@webxterm/shared/api';
import { expect } from 'vitest';
import { RawTerminal } from '../support/raw-terminal.ts';
import { eventually, Rest, type Answer as RestAnswer } from '../support/rest.ts';
import { readSecret } from '../support/stack.ts';
import { factsOf, TestDialler } from '../support/test-dialler.ts';
import type { Answer, OperationId } from './outage-table.ts';
import type { Account, OutageWorld } from './outage-world.ts';

/** An operation with everything that it needs, made before the outage. */
export interface Prepared {
  /** During the outage. */
  attempt(): Promise<Answer>;
  /** After the outage: what must have happened, or happens when the operation is repeated. */
  settle(during: Answer): Promise<void>;
}

const within = 60_000;

const answerOf = ({ status, body }: Pick<RestAnswer, 'status' | 'body'>): Answer => {
  if (status >= 200 && status < 300) return 'done';
  if (status === 503) return '503';
  if ([400, 401, 403, 404, 409].includes(status)) return 'refused';
  throw new Error(`an unexpected answer: ${status} ${JSON.stringify(body)}`);
};

/** Repeats the operation after the outage until it is carried out, unless it was carried out during the outage. */
const repeatUntilDone = async (during: Answer, what: string, act: () => Promise<Answer>): Promise<void> => {
  if (during === 'done') return;
  await eventually(
    `${what} is carried out after the outage`,
    async () => ((await act()) === 'done' ? true : undefined),
    within,
  );
};

const statuses = async (rest: Rest): Promise<number[]> =>
  Promise.all(
    ['/api/profile', '/api/machines', '/api/terminal/sessions'].map(async (path) => (await rest.get(path)).status),
  );

/** Every service refuses the token in the end. */
const isOut = (who: string, rest: Rest): Promise<unknown> =>
  eventually(
    `every service refuses the token of ${who}`,
    async () => ((await statuses(rest)).every((status) => status === 401) ? true : undefined),
    within,
  );

/** An answer that no operation may give during an outage. */
const never = (what: string): never => {
  throw new Error(`let in: ${what}`);
};

const openTerminal = async (world: OutageWorld, query: Record<string, string>): Promise<Answer> => {
  try {
    const terminal = await RawTerminal.open(world.stack.url, world.agentId, query);
    terminal.close();
    return 'done';
  } catch (error) {
    if (error instanceof Error) throw error;
    return answerOf(error as { status: number; body: Record<string, unknown> });
  }
};

const dialled = async (dialler: TestDialler, ...given: Parameters<TestDialler['dial']>): Promise<Answer> => {
  const result = await dialler.dial(...given);
  if (result.kind === 'failed') return '503';
  if (result.kind === 'refused') return result.refused.permanent ? 'refused' : '503';
  // A hub may welcome a link pass and close the link when it has read that the machine is removed.
  const ended = await Promise.race([
    result.connection.closed.then(() => true),
    new Promise<boolean>((resolve) => setTimeout(resolve, 300, false)),
  ]);
  result.connection.close();
  return ended ? 'refused' : 'done';
};

/** A machine of this account that is registered and not linked. */
const registered = async (world: OutageWorld, account: Account) => {
  const dialler = new TestDialler(world.hub, factsOf(`box of ${account.name}`));
  const result = await dialler.dial({ $case: 'apiKey', value: account.apiKey }, true);
  if (result.kind !== 'welcome') throw new Error(`not registered: ${JSON.stringify(result)}`);
  result.connection.close();
  const { agentId, linkPass, machineCredential } = result.welcome;
  const byPass = (): Promise<Answer> => dialled(dialler, { $case: 'linkPass', value: linkPass });
  const byCredential = (): Promise<Answer> =>
    dialled(dialler, { $case: 'machineCredential', value: machineCredential });
  return { agentId, byPass, byCredential };
};

type Prepare = (world: OutageWorld) => Promise<Prepared>;

/** An operation that is the same request before, during and after the outage, and leaves nothing to check. */
const plain = (what: string, act: () => Promise<Answer>): Prepared => ({
  attempt: act,
  settle: (during) => repeatUntilDone(during === 'done' ? '503' : during, what, act),
});

const grantTo = (world: OutageWorld, { name }: Account): Promise<RestAnswer> =>
  world.owner.rest.post(`/api/machines/${world.agentId}/access/grant`, { username: name, role: 'control' });

const revokeFrom = (world: OutageWorld, { name }: Account): Promise<RestAnswer> =>
  world.owner.rest.post(`/api/machines/${world.agentId}/access/revoke`, { username: name });

const granted = async (world: OutageWorld, role: string): Promise<Account> => {
  const account = await world.account(role);
  expect((await grantTo(world, account)).status).toBe(200);
  return account;
};

const sees = async (world: OutageWorld, { rest }: Account): Promise<number> =>
  (await rest.get(`/api/machines/${world.agentId}`)).status;

/** A session of the owner, detached, and passes for it with any fields changed. */
const detachedSession = async (world: OutageWorld) => {
  const { rest, id } = world.owner;
  const terminal = await RawTerminal.open(world.stack.url, world.agentId, { token: rest.token ?? '' });
  await terminal.run('true');
  const { sid } = JSON.parse(Buffer.from((rest.token ?? '').split('.')[1] ?? '', 'base64url').toString());
  const key = Buffer.from(readSecret(world.stack, 'pass-key'), 'base64url');
  const pass = (changed: Partial<ResumePass> = {}, signedWith = key): string =>
    sealResumePass(signedWith, {
      jti: randomBytes(16).toString('base64url'),
      user_id: id,
      sid,
      agent_id: world.agentId,
      session_id: terminal.sessionId,
      viewer_id: randomBytes(16).toString('base64url'),
      kind: 'pty',
      mode: 'control',
      exp: Math.floor(Date.now() / 1000) + 300,
      ...changed,
    });
  terminal.close();
  return { pass, attach: (token: string): Promise<Answer> => openTerminal(world, { token }) };
};

export const prepare: Readonly<Record<OperationId, Prepare>> = {
  'sign-in': async (world) => {
    const account = { email: world.owner.email, password: 'yourpassword' };
    return plain('a sign-in', async () => answerOf(await new Rest(world.stack.url).post('/api/login', account)));
  },

  refresh: async (world) => {
    const { rest } = world.owner;
    return plain('a refresh', async () => answerOf(await rest.post('/api/auth/refresh', { token: rest.token })));
  },

  'sign-out': async (world) => {
    const rest = await world.signIn(world.owner);
    const act = async (): Promise<Answer> => {
      const answer = await rest.post('/api/auth/logout', undefined);
      // An earlier try that was answered 503 may have ended the sign-in.
      return answer.status === 401 ? 'done' : answerOf(answer);
    };
    return {
      attempt: act,
      settle: async (during) => {
        await repeatUntilDone(during, 'a sign-out', act);
        await isOut('the user who signed out', rest);
      },
    };
  },

  disable: async (world) => {
    const victim = await world.account('is disabled');
    const act = async (): Promise<Answer> =>
      answerOf(await world.admin.send('PATCH', `/api/users/${victim.id}`, { disabled: true }));
    return {
      attempt: act,
      settle: async (during) => {
        await repeatUntilDone(during, 'the disabling of a user', act);
        await isOut('the disabled user', victim.rest);
        await expect(world.signIn(victim)).rejects.toThrow('sign-in failed');
      },
    };
  },

  demote: async (world) => {
    const victim = await world.account('is demoted');
    const become = (role: string): Promise<RestAnswer> =>
      world.admin.send('PATCH', `/api/users/${victim.id}`, { role });
    expect((await become('admin')).status).toBe(200);
    const act = async (): Promise<Answer> => answerOf(await become('user'));
    return {
      attempt: act,
      settle: async (during) => {
        await repeatUntilDone(during, 'the demotion of an administrator', act);
        await eventually(
          'the demoted user is no administrator',
          async () => ((await victim.rest.get('/api/users')).status === 403 ? true : undefined),
          within,
        );
      },
    };
  },

  delete: async (world) => {
    const victim = await world.account('is deleted');
    const act = async (): Promise<Answer> => {
      const answer = await world.admin.send('DELETE', `/api/users/${victim.id}`);
      return answer.status === 404 ? 'done' : answerOf(answer);
    };
    return {
      attempt: act,
      settle: async (during) => {
        await repeatUntilDone(during, 'the deletion of a user', act);
        await isOut('the deleted user', victim.rest);
      },
    };
  },

  // No sign-in of this user is on the list, so only the event of auth ends what the user has.
  'delete-signed-out': async (world) => {
    const victim = await world.account('is deleted later');
    const machine = await registered(world, victim);
    expect((await victim.rest.post('/api/auth/logout', undefined)).status).toBe(204);
    await isOut('the user who signed out', victim.rest);
    const act = async (): Promise<Answer> => {
      const answer = await world.admin.send('DELETE', `/api/users/${victim.id}?machines=remove`);
      return answer.status === 404 ? 'done' : answerOf(answer);
    };
    return {
      attempt: act,
      settle: async (during) => {
        await repeatUntilDone(during, 'the deletion of a user', act);
        await eventually(
          'the hub refuses the machine of the deleted user',
          async () => ((await machine.byCredential()) === 'refused' ? true : undefined),
          within,
        );
      },
    };
  },

  grant: async (world) => {
    const account = await world.account('is granted');
    const act = async (): Promise<Answer> => answerOf(await grantTo(world, account));
    return {
      attempt: act,
      settle: async (during) => {
        await repeatUntilDone(during, 'a grant', act);
        await eventually('the user sees the machine', async () =>
          (await sees(world, account)) === 200 ? true : undefined,
        );
      },
    };
  },

  revoke: async (world) => {
    const account = await granted(world, 'is revoked');
    const terminal = await RawTerminal.open(world.stack.url, world.agentId, { token: account.rest.token ?? '' });
    const act = async (): Promise<Answer> => {
      const answer = await revokeFrom(world, account);
      return answer.status === 404 ? 'done' : answerOf(answer);
    };
    return {
      attempt: act,
      settle: async (during) => {
        await repeatUntilDone(during, 'a revocation', act);
        await Promise.race([
          terminal.closed,
          eventually<true>('the terminal of the user is closed', async () => undefined, within),
        ]);
        expect(await sees(world, account)).toBe(404);
      },
    };
  },

  'remove-machine': async (world) => {
    const machine = await registered(world, world.owner);
    const act = async (): Promise<Answer> => {
      const answer = await world.owner.rest.send('DELETE', `/api/machines/${machine.agentId}`);
      return answer.status === 404 ? 'done' : answerOf(answer);
    };
    return {
      attempt: act,
      settle: async (during) => {
        await repeatUntilDone(during, 'the removal of a machine', act);
        expect(await machine.byCredential()).toBe('refused');
        // The hub welcomes the pass, reads that the machine is removed, and closes the link.
        await eventually(
          'the hub refuses the link pass of a removed machine',
          async () => ((await machine.byPass()) === 'refused' ? true : undefined),
          within,
        );
      },
    };
  },

  'replace-key': async (world) => {
    const owner = await world.account('replaces');
    const machine = await registered(world, owner);
    const act = async (): Promise<Answer> =>
      answerOf(await owner.rest.post('/api/profile/regenerate-api-key', undefined));
    return {
      attempt: act,
      settle: async (during) => {
        await repeatUntilDone(during, 'the replacement of a key', act);
        await eventually(
          'the hub refuses the credential of the replaced key',
          async () => ((await machine.byCredential()) === 'refused' ? true : undefined),
          within,
        );
        // It asks for the credential in place of the pass.
        expect(await machine.byPass()).toBe('503');
      },
    };
  },

  open: async (world) => {
    const { token = '' } = world.owner.rest;
    return plain('a new terminal', () => openTerminal(world, { token }));
  },

  're-attach': async (world) => {
    const { pass, attach } = await detachedSession(world);
    return plain('a re-attach', () => attach(pass()));
  },

  'ticket-twice': async (world) => {
    const { body } = await world.owner.rest.post<{ ticket: string }>('/api/terminal/tickets', {
      agent_id: world.agentId,
    });
    const use = (): Promise<Answer> => openTerminal(world, { token: body.ticket });
    return {
      attempt: async () => {
        const first = await use();
        return (await use()) === 'done' ? never('the second use of a ticket') : first;
      },
      // A ticket that was refused because of a clock, or before it was redeemed, may be used once after the outage.
      settle: async (during) => {
        if (during !== 'done') await use();
        expect(await use()).toBe('refused');
      },
    };
  },

  'wrong-pass': async (world) => {
    const { pass, attach } = await detachedSession(world);
    const wrong: Record<string, () => string> = {
      'another user': () => pass({ user_id: 'f'.repeat(24) }),
      'an unknown sign-in': () => pass({ sid: randomBytes(16).toString('base64url') }),
      'another machine': () => pass({ agent_id: `ag_${'z'.repeat(26)}` }),
      'another session': () => pass({ session_id: randomBytes(16).toString('base64url') }),
      'another kind': () => pass({ kind: 'pipe' }),
      expired: () => pass({ exp: Math.floor(Date.now() / 1000) - 200 }),
      'another key': () => pass({}, randomBytes(32)),
    };
    const act = async (): Promise<Answer> => {
      const answers = await Promise.all(
        Object.entries(wrong).map(async ([what, token]) =>
          (await attach(token())) === 'done' ? never(`a pass of ${what}`) : undefined,
        ),
      );
      expect(answers).toHaveLength(7);
      const used = pass();
      await attach(used);
      return (await attach(used)) === 'done' ? never('a pass that was used') : 'refused';
    };
    return { attempt: act, settle: async () => expect(await act()).toBe('refused') };
  },

  'lost-right': async (world) => {
    const out = await world.signIn(world.owner);
    const disabled = await world.account('was disabled');
    const revoked = await granted(world, 'was revoked');
    const replaces = await world.account('replaced');
    const [removed, replaced] = [await registered(world, world.owner), await registered(world, replaces)];
    expect((await out.post('/api/auth/logout', undefined)).status).toBe(204);
    expect((await world.admin.send('PATCH', `/api/users/${disabled.id}`, { disabled: true })).status).toBe(200);
    expect((await revokeFrom(world, revoked)).status).toBe(200);
    expect((await world.owner.rest.send('DELETE', `/api/machines/${removed.agentId}`)).status).toBe(204);
    expect((await replaces.rest.post('/api/profile/regenerate-api-key', undefined)).status).toBe(200);
    await isOut('a user who signed out', out);
    await isOut('a disabled user', disabled.rest);
    await eventually('the hub has read the replaced key', async () =>
      (await replaced.byCredential()) === 'refused' ? true : undefined,
    );
    const account = { email: disabled.email, password: 'yourpassword' };
    const attempts: Record<string, () => Promise<Answer>> = {
      'a token of an ended sign-in': async () => answerOf(await out.get('/api/machines')),
      'a terminal of an ended sign-in': () => openTerminal(world, { token: out.token ?? '' }),
      'a disabled user': async () => answerOf(await new Rest(world.stack.url).post('/api/login', account)),
      'the token of a disabled user': async () => answerOf(await disabled.rest.get('/api/terminal/sessions')),
      'a terminal of a user whose access was revoked': () => openTerminal(world, { token: revoked.rest.token ?? '' }),
      'the credential of a removed machine': removed.byCredential,
      'the link pass of a replaced key': replaced.byPass,
      'the credential of a replaced key': replaced.byCredential,
    };
    const act = async (): Promise<Answer> => {
      await Promise.all(
        Object.entries(attempts).map(async ([what, attempt]) =>
          (await attempt()) === 'done' ? never(what) : undefined,
        ),
      );
      return 'refused';
    };
    return { attempt: act, settle: async () => expect(await act()).toBe('refused') };
  },

  command: async (world) => {
    const path = `/api/machines/${world.agentId}/command`;
    return plain('a command', async () => answerOf(await world.owner.rest.post(path, { command: 'echo hi' })));
  },

  'dial-pass': async (world) => {
    const { byPass } = await registered(world, world.owner);
    return plain('a dial by link pass', byPass);
  },

  'dial-credential': async (world) => {
    const { byCredential } = await registered(world, world.owner);
    return plain('a dial by credential', byCredential);
  },

  'dial-key': async (world) => {
    const { apiKey } = world.owner;
    const dialler = new TestDialler(world.hub, factsOf('new'));
    return plain('an enrolment', () => dialled(dialler, { $case: 'apiKey', value: apiKey }));
  },

  audit: async (world) => {
    const victim = await world.account('is audited');
    const disable = { disabled: true };
    const read = async (): Promise<RestAnswer<{ events?: { target: { id: string } | null }[] }>> =>
      world.admin.get('/api/audit?action=user_disabled&limit=100');
    return {
      attempt: async () => {
        await world.admin.send('PATCH', `/api/users/${victim.id}`, disable);
        return answerOf(await read());
      },
      settle: async () => {
        await eventually(
          'a user is disabled after the outage',
          async () =>
            (await world.admin.send('PATCH', `/api/users/${victim.id}`, disable)).status === 200 ? true : undefined,
          within,
        );
        const rows = async (): Promise<number> =>
          ((await read()).body.events ?? []).filter(({ target }) => target?.id === victim.id).length;
        await eventually('the change is in the audit log', async () => ((await rows()) > 0 ? true : undefined), within);
        expect(await rows()).toBe(1);
      },
    };
  },
};
