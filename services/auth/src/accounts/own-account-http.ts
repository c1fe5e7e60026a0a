import { regenerateApiKey, resetPassword } from '@webxterm/contracts/rest';
import type { Api } from '@webxterm/shared';
import type { ApiKeys } from '../api-keys/api-keys.ts';
import type { PasswordChange } from './password-change.ts';

/** What people change about their own account. */
export const mountOwnAccount = (
  api: Api,
  { apiKeys, passwordChange }: { apiKeys: ApiKeys; passwordChange: PasswordChange },
): void => {
  api.mount(regenerateApiKey, async ({ caller }) => ({
    message: 'Your agents are cut off until they are configured with the new key.',
    api_key: await apiKeys.replace(caller.userId),
  }));

  api.mount(resetPassword, async ({ caller, body }) => {
    await passwordChange.change(caller, body.current_password, body.new_password);
    return { message: 'Your password is changed. You are signed out everywhere else.' };
  });
};
