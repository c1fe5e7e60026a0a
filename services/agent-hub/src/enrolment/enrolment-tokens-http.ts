import { createEnrolmentToken, listEnrolmentTokens, revokeEnrolmentToken } from '@webxterm/contracts/rest';
import type { Api } from '@webxterm/shared/api';
import { requireAllMachines } from '../machines/access-rule.ts';
import type { EnrolmentTokens } from './enrolment-tokens.ts';

/** Mounts the API of enrolment tokens. Each user has only their own. */
export const mountEnrolmentTokens = (api: Api, { enrolmentTokens }: { enrolmentTokens: EnrolmentTokens }): void => {
  api.mount(createEnrolmentToken, async ({ body, caller }) => {
    requireAllMachines(caller);
    return enrolmentTokens.create(caller, body);
  });

  api.mount(listEnrolmentTokens, async ({ caller }) => {
    requireAllMachines(caller);
    return { enrolment_tokens: await enrolmentTokens.list(caller.userId) };
  });

  api.mount(revokeEnrolmentToken, async ({ params, caller }) => {
    requireAllMachines(caller);
    await enrolmentTokens.revoke(caller, params.token_id);
    return undefined;
  });
};
