import { leave, profileBelongings, regenerateApiKey, resetPassword, updateProfile } from '@webxterm/contracts/rest';
import type { Api } from '@webxterm/shared/api';
import type { ApiKeys } from '../api-keys/api-keys.ts';
import { forgetCookie } from '../browser-session/cookie.ts';
import type { CallerCheck } from '../signins/caller-check.ts';
import type { Confirmation } from './confirmation.ts';
import type { Deletion } from './deletion.ts';
import { profileOf, shownKey } from './http.ts';
import type { PasswordChange } from './password-change.ts';
import type { ProfileChange } from './profile-change.ts';
import { proveOwner } from './require-owner.ts';
import type { UserStore } from './user-store.ts';

export interface OwnAccountRoutes {
  readonly users: UserStore;
  readonly apiKeys: ApiKeys;
  readonly passwordChange: PasswordChange;
  readonly profileChange: ProfileChange;
  readonly confirmation: Confirmation;
  readonly deletion: Deletion;
  readonly callerCheck: CallerCheck;
  readonly cookieName: string;
}

/** Routes for the user's own account. */
export const mountOwnAccount = (api: Api, options: OwnAccountRoutes): void => {
  const { users, apiKeys, passwordChange, profileChange, confirmation, deletion, callerCheck, cookieName } = options;

  api.mount(regenerateApiKey, async ({ caller }) => ({
    message: 'Your agents are cut off until they are configured with the new key.',
    api_key: await apiKeys.regenerate(caller.userId, (session) => callerCheck.requireFresh(caller, session)),
  }));

  api.mount(resetPassword, async ({ caller, body }) => {
    await passwordChange.change(caller, body.current_password, body.new_password);
    return { message: 'Your password is changed. You are signed out everywhere else.' };
  });

  api.mount(updateProfile, async ({ caller, body }) => {
    const user = await profileChange.change(caller, body);
    return profileOf(user, await shownKey({ apiKeys, callerCheck }, caller, user));
  });

  api.mount(profileBelongings, ({ caller }) => deletion.belongings(caller.userId));

  api.mount(leave, async ({ caller, body, context }) => {
    const owner = await proveOwner({ users, callerCheck, confirmation }, caller, body.current_password);
    await deletion.delete(caller.userId, body.machines, 'account_left', owner);
    forgetCookie(context.response, cookieName);
    return undefined;
  });
};
