export {
  Api,
  type ApiOptions,
  authenticate,
  authenticateAny,
  type Caller,
  type RequestContext,
  type RouteHandler,
} from './http/api.ts';
export { bearerToken } from './http/bearer-token.ts';
export { type AskAboutToken, KnownTokens, requireAddress, requireScope } from './signins/known-tokens.ts';
export { AccessClaims, hashSid, signAccessToken, verifyAccessToken } from './tokens/access-token.ts';
export { isPersonalToken, makePersonalToken, personalTokenSha256 } from './tokens/personal-token.ts';
export { openRecordPass, RecordPass, recordPassLifeMs, sealRecordPass } from './tokens/record-pass.ts';
export { openResumePass, ResumePass, resumePassLifeMs, sealResumePass } from './tokens/resume-pass.ts';
export { openToken, type SealedTokenPrefix, sealToken } from './tokens/sealed-token.ts';
export { openSharePass, SharePass, sealSharePass, sharePassLifeMs } from './tokens/share-pass.ts';
