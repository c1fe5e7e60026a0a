import {
  answerProgramLogin,
  beginProgramLogin,
  getProgramLogin,
  programLoginSeconds,
  redeemProgramLogin,
  revokeOwnToken,
} from '@webxterm/contracts/rest';
import { AppError } from '@webxterm/shared';
import type { Api } from '@webxterm/shared/api';
import type { AccessTokens } from '../access-tokens/access-tokens.ts';
import { summaryOf } from '../access-tokens/http.ts';
import type { ProgramLogins } from './program-logins.ts';

export interface ProgramLoginRoutes {
  readonly programLogins: ProgramLogins;
  readonly accessTokenAdmin: AccessTokens;
}

/** Routes of programs that get an access token through the browser of their user, and end it. */
export const mountProgramLogins = (api: Api, { programLogins, accessTokenAdmin }: ProgramLoginRoutes): void => {
  api.mount(beginProgramLogin, async ({ body, context }) => {
    const { request, userCode } = await programLogins.begin({
      host: body.host,
      address: context.clientIp,
      scopes: [...new Set(body.scopes)],
      challenge: body.code_challenge,
      redirect_uri: body.redirect_uri ?? null,
    });
    return { request, user_code: userCode, expires_in: programLoginSeconds };
  });

  api.mount(getProgramLogin, async ({ caller, params }) => {
    const row = await programLogins.find(caller.userId, params.id);
    return {
      host: row.host,
      address: row.address,
      scopes: [...row.scopes],
      typed: row.user_code !== null,
      created_at: row.created_at.toISOString(),
      max_days: programLogins.maxDays,
    };
  });

  api.mount(answerProgramLogin, async ({ caller, params, body }) => ({
    redirect_to: await programLogins.answer(caller, params.id, body.agree ? body.expires_in_days : undefined),
  }));

  api.mount(redeemProgramLogin, async ({ body, context }) => {
    const made = await programLogins.redeem(body, context.clientIp);
    if (made === undefined) return { waiting: true, token: null, access_token: null };
    return { waiting: false, token: made.token, access_token: summaryOf(made.stored) };
  });

  api.mount(revokeOwnToken, async ({ caller }) => {
    if (caller.token === undefined) throw new AppError('not_found', 'This call was made with a sign-in.');
    await accessTokenAdmin.revoke(caller.userId, caller.token.id);
    return undefined;
  });
};
