import type { Api } from '@webxterm/shared/api';
import type { AccessTokenParts } from '../access-tokens/wiring.ts';
import type { ApiKeys } from '../api-keys/api-keys.ts';
import type { AvatarParts } from '../avatars/wiring.ts';
import type { Core } from '../core.ts';
import type { CountSignin } from '../measure.ts';
import type { Passwords } from '../passwords/passwords.ts';
import type { PreferenceParts } from '../preferences/wiring.ts';
import type { SecondStepParts } from '../second-factors/second-step-wiring.ts';
import type { SetupLinkParts } from '../setup-links/wiring.ts';
import type { SigninParts } from '../signins/wiring.ts';
import type { ThrottlingParts } from '../throttling/wiring.ts';
import { Accounts } from './accounts.ts';
import { Confirmation } from './confirmation.ts';
import { Deletion } from './deletion.ts';
import { mountAccounts } from './http.ts';
import { mountOwnAccount } from './own-account-http.ts';
import { PasswordChange } from './password-change.ts';
import { ProfileChange } from './profile-change.ts';

export type AccountParts = ReturnType<typeof wireAccounts>;

/** Sign-up, sign-in and the user's own account, and their routes. */
export const wireAccounts = (
  parts: Core &
    SigninParts &
    ThrottlingParts &
    SetupLinkParts &
    SecondStepParts &
    AccessTokenParts &
    AvatarParts &
    PreferenceParts & {
      readonly passwords: Passwords;
      readonly apiKeys: ApiKeys;
      readonly countSignin: CountSignin;
    },
) => {
  const accounts = new Accounts({ ...parts, signup: parts.settings.SIGNUP });
  const confirmation = new Confirmation(parts);
  const deletion = new Deletion({
    ...parts,
    links: parts.linkStore,
    avatars: parts.avatarStore,
    preferences: parts.preferenceStore,
  });
  const passwordChange = new PasswordChange({ ...parts, links: parts.linkStore, confirmation });
  const profileChange = new ProfileChange({ ...parts, confirmation });
  return {
    accounts,
    confirmation,
    deletion,
    mountAccounts: (api: Api): void => {
      mountAccounts(api, { ...parts, accounts });
      mountOwnAccount(api, { ...parts, passwordChange, profileChange, confirmation, deletion });
    },
  };
};
