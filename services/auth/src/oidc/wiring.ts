import type { Api } from '@webxterm/shared/api';
import type { AccountParts } from '../accounts/wiring.ts';
import type { ApiKeys } from '../api-keys/api-keys.ts';
import type { Core } from '../core.ts';
import type { CountSignin } from '../measure.ts';
import type { SecondStepParts } from '../second-factors/second-step-wiring.ts';
import type { SetupLinkParts } from '../setup-links/wiring.ts';
import type { SigninParts } from '../signins/wiring.ts';
import type { ThrottlingParts } from '../throttling/wiring.ts';
import { mountOidc } from './http.ts';
import { Identities } from './identities.ts';
import { IdentityStore } from './identity-store.ts';
import { OidcSignIn } from './oidc-sign-in.ts';
import { Proofs } from './proofs.ts';
import { Providers } from './providers.ts';

/** Sign-ins through providers, and their routes. */
export const wireOidc = (
  parts: Core &
    SigninParts &
    ThrottlingParts &
    SecondStepParts &
    SetupLinkParts &
    AccountParts & { readonly apiKeys: ApiKeys; readonly countSignin: CountSignin },
) => {
  const { OIDC_PROVIDERS: settings, PUBLIC_URL: publicUrl } = parts.settings;
  const providers = new Providers({ ...parts, settings, publicUrl });
  const shared = {
    ...parts,
    providers,
    proofs: new Proofs(providers, parts.throttle),
    identities: new IdentityStore(parts.connection),
  };
  const oidcSignIn = new OidcSignIn(shared);
  const linked = new Identities(shared);
  return { mountOidc: (api: Api): void => mountOidc(api, { ...shared, oidcSignIn, linked }) };
};
