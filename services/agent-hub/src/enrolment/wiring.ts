import type { Api } from '@webxterm/shared/api';
import type { AccessParts } from '../access/wiring.ts';
import type { Core } from '../core.ts';
import { EnrolmentStore } from './enrolment-store.ts';
import { EnrolmentTokens } from './enrolment-tokens.ts';
import { mountEnrolmentTokens } from './enrolment-tokens-http.ts';
import { mountInstallProgress } from './install-progress.ts';

/** How machines are enrolled: the store, enrolment tokens, the reports of install.sh, and their routes. */
export const wireEnrolment = (parts: Core & AccessParts) => {
  const enrolmentTokens = new EnrolmentTokens(parts);
  return {
    enrolments: new EnrolmentStore(parts.models, parts.pending, parts.settings.MAX_MACHINES_PER_USER),
    mountEnrolment: (api: Api): void => {
      mountInstallProgress(api, parts);
      mountEnrolmentTokens(api, { enrolmentTokens });
    },
  };
};
