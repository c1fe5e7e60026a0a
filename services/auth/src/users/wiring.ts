import type { Api } from '@webxterm/shared/api';
import type { AccountParts } from '../accounts/wiring.ts';
import type { ApiKeys } from '../api-keys/api-keys.ts';
import type { Core } from '../core.ts';
import type { SetupLinkParts } from '../setup-links/wiring.ts';
import type { SigninParts } from '../signins/wiring.ts';
import { mountUsers } from './http.ts';
import { NewAccounts } from './new-accounts.ts';
import { UserAdmin } from './user-admin.ts';

/** The accounts of all users, for administrators, and their routes. */
export const wireUsers = (
  parts: Core & SigninParts & SetupLinkParts & AccountParts & { readonly apiKeys: ApiKeys },
) => ({
  mountUsers: (api: Api): void =>
    mountUsers(api, { ...parts, admin: new UserAdmin(parts), newAccounts: new NewAccounts(parts) }),
});
