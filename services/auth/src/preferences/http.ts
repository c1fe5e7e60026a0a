import { preferences, putPreferences } from '@webxterm/contracts/rest';
import type { Api } from '@webxterm/shared/api';
import type { Connection } from 'mongoose';
import { inTransaction } from '../database/transaction.ts';
import type { CallerCheck } from '../signins/caller-check.ts';
import type { PreferenceStore } from './preference-store.ts';

export interface PreferenceRoutes {
  readonly connection: Connection;
  readonly callerCheck: Pick<CallerCheck, 'require'>;
  readonly preferenceStore: PreferenceStore;
}

/** Routes for the settings that a user has in every browser. They are not audited: they change what the user sees, and nothing else. */
export const mountPreferences = (api: Api, { connection, callerCheck, preferenceStore }: PreferenceRoutes): void => {
  api.mount(preferences, ({ caller }) => preferenceStore.ofUser(caller.userId));

  api.mount(putPreferences, async ({ caller, body }) => {
    await inTransaction(connection, async (session) => {
      const user = await callerCheck.require(caller, session);
      await preferenceStore.put(user._id, body, session);
    });
    return body;
  });
};
