export {
  Api,
  type ApiOptions,
  authenticate,
  bearerToken,
  type Caller,
  type RequestContext,
  type RouteHandler,
} from './http/api.ts';
export { AccessClaims, hashSid, signAccessToken, verifyAccessToken } from './tokens/access-token.ts';
export { openRecordPass, RecordPass, recordPassLifeMs, sealRecordPass } from './tokens/record-pass.ts';
export { openResumePass, ResumePass, resumePassLifeMs, sealResumePass } from './tokens/resume-pass.ts';
export { openToken, type SealedTokenPrefix, sealToken } from './tokens/sealed-token.ts';
