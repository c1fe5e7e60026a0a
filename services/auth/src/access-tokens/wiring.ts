import { useAccessToken } from '@webxterm/contracts/bus';
import { type Api, type AskAboutToken, KnownTokens } from '@webxterm/shared/api';
import { answer } from '@webxterm/shared/bus';
import type { Core } from '../core.ts';
import type { SigninParts } from '../signins/wiring.ts';
import type { ThrottlingParts } from '../throttling/wiring.ts';
import { AccessTokens } from './access-tokens.ts';
import { mountAccessTokens } from './http.ts';

export type AccessTokenParts = ReturnType<typeof wireAccessTokens>;

/** Personal access tokens and their routes. */
export const wireAccessTokens = (parts: Core & SigninParts & ThrottlingParts) => {
  const accessTokenAdmin = new AccessTokens({ ...parts, maxDays: parts.settings.MAX_TOKEN_DAYS });
  const use: AskAboutToken = async ({ token_sha256, ip_address }) => ({
    sid: await accessTokenAdmin.use(token_sha256, ip_address),
  });
  return {
    accessTokenAdmin,
    accessTokens: new KnownTokens({ ...parts, ask: use }),
    answerAccessTokens: (): void => answer(parts.bus, useAccessToken, parts.logger, use),
    mountAccessTokens: (api: Api): void => mountAccessTokens(api, { ...parts, accessTokenAdmin }),
  };
};
