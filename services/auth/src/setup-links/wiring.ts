import type { Api } from '@webxterm/shared/api';
import type { ApiKeys } from '../api-keys/api-keys.ts';
import type { Core } from '../core.ts';
import type { Passwords } from '../passwords/passwords.ts';
import type { SecondStepParts } from '../second-factors/second-step-wiring.ts';
import type { SigninParts } from '../signins/wiring.ts';
import type { ThrottlingParts } from '../throttling/wiring.ts';
import { mountSetupLinks } from './http.ts';
import { SetupLinkStore } from './setup-link-store.ts';
import { SetupLinks } from './setup-links.ts';

export type SetupLinkParts = ReturnType<typeof wireSetupLinks>;

/** Links for setting a password, and their routes. */
export const wireSetupLinks = (
  parts: Core &
    SigninParts &
    ThrottlingParts &
    SecondStepParts & { readonly passwords: Passwords; readonly apiKeys: ApiKeys },
) => {
  const linkStore = new SetupLinkStore(parts.connection);
  const links = new SetupLinks({ ...parts, links: linkStore, publicUrl: parts.settings.PUBLIC_URL });
  return {
    linkStore,
    links,
    mountSetupLinks: (api: Api): void => mountSetupLinks(api, links),
  };
};
