import { createEnrolmentToken, listEnrolmentTokens, revokeEnrolmentToken } from '@webxterm/contracts/rest';
import type { Api } from '@webxterm/shared/api';
import type { EnrolmentTokens } from './enrolment-tokens.ts';

/** Mounts the API of enrolment tokens. Each user has only their own. */
export const mountEnrolmentTokens = (api: Api, { enrolmentTokens }: { enrolmentTokens: EnrolmentTokens }): void => {
  api.mount(createEnrolmentToken, ({ body, caller }) => enrolmentTokens.create(caller, body));

  api.mount(listEnrolmentTokens, async ({ caller }) => ({
    enrolment_tokens: await enrolmentTokens.list(caller.userId),
  }));

  api.mount(revokeEnrolmentToken, async ({ params, caller }) => {
    await enrolmentTokens.revoke(caller, params.token_id);
    return undefined;
  });
};
