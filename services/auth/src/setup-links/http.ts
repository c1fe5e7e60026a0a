import { lookUpLink, redeemLink } from '@webxterm/contracts/rest';
import type { Api } from '@webxterm/shared/api';
import { signInAnswerOf, signinOriginOf } from '../accounts/http.ts';
import type { SetupLinks } from './setup-links.ts';

/** Routes for people who open a setup or reset link. */
export const mountSetupLinks = (api: Api, links: SetupLinks): void => {
  api.mount(lookUpLink, async ({ body }) => {
    const { link, user } = await links.lookUp(body.token);
    return {
      kind: link.kind,
      username: user.username,
      email: user.email,
      expires_at: link.expires_at.toISOString(),
    };
  });

  api.mount(redeemLink, async ({ body, context }) =>
    signInAnswerOf(await links.redeem(body.token, body.password, signinOriginOf(context))),
  );
};
