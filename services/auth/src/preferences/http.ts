import { getWorkspace, preferences, putPreferences, putWorkspace } from '@webxterm/contracts/rest';
import type { Api } from '@webxterm/shared/api';
import type { Connection } from 'mongoose';
import { inTransaction } from '../database/transaction.ts';
import type { CallerCheck } from '../signins/caller-check.ts';
import type { PreferenceStore } from './preference-store.ts';

export interface PreferenceRoutes {
  readonly connection: Connection;
  readonly callerCheck: Pick<CallerCheck, 'require'>;
  readonly preferenceStore: PreferenceStore;
  readonly now: () => number;
}

/** Routes for the settings and tabs that a user has in every browser. They are not audited: they change what the user sees, and nothing else. */
export const mountPreferences = (
  api: Api,
  { connection, callerCheck, preferenceStore, now }: PreferenceRoutes,
): void => {
  api.mount(preferences, ({ caller }) => preferenceStore.ofUser(caller.userId));

  api.mount(putPreferences, async ({ caller, body }) => {
    await inTransaction(connection, async (session) => {
      const user = await callerCheck.require(caller, session);
      await preferenceStore.put(user._id, body, session);
    });
    return body;
  });

  api.mount(getWorkspace, async ({ caller }) => ({ workspace: await preferenceStore.workspaceOf(caller.userId) }));

  api.mount(putWorkspace, async ({ caller, body, context }) => {
    const { userAgent } = context;
    await inTransaction(connection, async (session) => {
      const user = await callerCheck.require(caller, session);
      await preferenceStore.putWorkspace(user._id, { workspace: body, userAgent, at: new Date(now()) }, session);
    });
    return undefined;
  });
};
