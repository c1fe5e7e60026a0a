export { type ActOptions, Auditor, type AuditorOptions, auditEventId, refusalFact } from './audit/auditor.ts';
export type { AuditFact } from './audit/event.ts';
export { AuditOutbox } from './audit/outbox.ts';
export { auditSigninRef } from './audit/signin-ref.ts';
export { type BusOptions, connectBus } from './bus/connect.ts';
export { declareStreams } from './bus/declare-streams.ts';
export { entryValue, KvView, type KvViewOptions, openBucket, parseEntry } from './bus/kv-view.ts';
export { answer, ask } from './bus/request-reply.ts';
export { ConfigError, readConfig } from './config/config.ts';
export { type ListenAt, portProblem } from './config/port-problem.ts';
export {
  allowListSettings,
  busSettings,
  type JwtKey,
  jwtKeys,
  list,
  mongoSettings,
  natsReplicas,
  origin,
  port,
  secretKey,
  secretText,
  serviceSettings,
  tokenSettings,
} from './config/settings.ts';
export { AppError, type AppErrorOptions } from './errors.ts';
export { hmacSha256 } from './hmac.ts';
export {
  Api,
  type ApiOptions,
  authenticate,
  bearerToken,
  type Caller,
  type RequestContext,
  type RouteHandler,
} from './http/api.ts';
export { type EdgeFacts, edgeHeader, edgeHeaders, readEdgeFacts } from './http/edge-proof.ts';
export { errorBody, errorHeaders, toAppError } from './http/error-body.ts';
export { inRequestScope, type RequestScope, requestScope } from './http/request-scope.ts';
export { Health, type HealthServerOptions, serveHealth } from './lifecycle/health.ts';
export { listenAt } from './lifecycle/listen-at.ts';
export { exitCodeForConfig, runService, type ServiceContext } from './lifecycle/run-service.ts';
export { Shutdown, type ShutdownTier } from './lifecycle/shutdown.ts';
export { createLogger, type Logger, loggablePath } from './log/logger.ts';
export {
  buildIndexes,
  connectMongo,
  duplicateIndexKey,
  isMongoUnavailable,
  type MongoOptions,
} from './mongo/connect.ts';
export { PresenceView, type Whereabouts } from './presence/presence-view.ts';
export { AllowList, type SigninListener } from './signins/allow-list.ts';
export { EntrySigner, openEntry, type SignedEntry, signinKeyLine, storedEntry } from './signins/signed-entry.ts';
export { CertificateFolder, type Certificates, measureCertificates } from './tls/certificate-folder.ts';
export { GrpcCertificates } from './tls/grpc-certificates.ts';
export { AccessClaims, hashSid, signAccessToken, verifyAccessToken } from './tokens/access-token.ts';
export { openResumePass, ResumePass, resumePassLifeMs, sealResumePass } from './tokens/resume-pass.ts';
export { openToken, type SealedTokenPrefix, sealToken } from './tokens/sealed-token.ts';
