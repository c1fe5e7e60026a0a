import {
  beginLink,
  beginOidc,
  completeLink,
  completeOidc,
  type Identity,
  listIdentities,
  signInMethods,
  unlinkIdentity,
} from '@webxterm/contracts/rest';
import { AppError } from '@webxterm/shared';
import type { Api } from '@webxterm/shared/api';
import type { z } from 'zod';
import { signInAnswerOf, signinOriginOf } from '../accounts/http.ts';
import type { UserStore } from '../accounts/user-store.ts';
import type { CountSignin } from '../measure.ts';
import type { RelyingParty } from '../passkeys/relying-party.ts';
import type { Identities } from './identities.ts';
import type { StoredIdentity } from './identity.ts';
import type { OidcSignIn } from './oidc-sign-in.ts';
import type { Providers } from './providers.ts';

export interface OidcRoutes {
  readonly users: UserStore;
  readonly party: RelyingParty | undefined;
  readonly providers: Providers;
  readonly oidcSignIn: OidcSignIn;
  readonly linked: Identities;
  readonly countSignin: CountSignin;
}

/** Routes of sign-ins through providers, and of their links with the user's own account. */
export const mountOidc = (api: Api, { users, party, providers, oidcSignIn, linked, countSignin }: OidcRoutes): void => {
  api.mount(signInMethods, async () => ({ passkey_host: party?.id ?? null, providers: providers.list() }));

  api.mount(beginOidc, ({ params, body }) => oidcSignIn.begin(params.provider, body.setup_token));

  api.mount(completeOidc, async ({ body, context }) => {
    const signedIn = await oidcSignIn
      .complete(body.transaction, body.query, signinOriginOf(context))
      .catch((error: unknown) => {
        countSignin({ error });
        throw error;
      });
    countSignin('ok');
    return signInAnswerOf(signedIn);
  });

  api.mount(listIdentities, async ({ caller }) => {
    const user = await users.byId(caller.userId);
    if (user === null) throw new AppError('unauthenticated');
    return {
      identities: (user.identities ?? []).map((identity) => shownIdentity(identity, providers)),
      providers: providers.list(),
      has_password: user.password_hash !== null,
    };
  });

  api.mount(beginLink, ({ caller, params, body }) => linked.begin(caller, params.id, body.current_password));

  api.mount(completeLink, async ({ caller, body, context }) => {
    await linked.complete(caller, body.transaction, body.query, context.clientIp);
    return undefined;
  });

  api.mount(unlinkIdentity, async ({ caller, params }) => {
    await linked.unlink(caller, params.id);
    return undefined;
  });
};

const shownIdentity = (
  { id, issuer, name, linked_at, last_used_at }: StoredIdentity,
  providers: Providers,
): z.input<typeof Identity> => ({
  id,
  provider: providers.labelOf(issuer) ?? issuer,
  name,
  linked_at: linked_at.toISOString(),
  last_used_at: last_used_at?.toISOString() ?? null,
});
