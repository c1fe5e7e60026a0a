export { foldName, nameKey, sortedByName } from '@webxterm/contracts/name-order';
// Code that every service uses. Code that loads Express, NATS or MongoDB has separate entry points: api, audit, bus, mongo.
export { ConfigError, readConfig } from './config/config.ts';
export { type DescribedSetting, describeSettings } from './config/described-settings.ts';
export { type ListenAt, portProblem } from './config/port-problem.ts';
export {
  allowListSettings,
  busSettings,
  type JwtKey,
  jwtKeys,
  keyLines,
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
export { AppError, type AppErrorOptions, reasonOf } from './errors.ts';
export { hmacSha256 } from './hmac.ts';
export { errorBody, errorHeaders, toAppError } from './http/error-body.ts';
export { GatewayGuard } from './http/gateway-guard.ts';
export {
  type GatewayFacts,
  gatewayAheadHeader,
  gatewayHeaderNames,
  gatewayHeaders,
  type HopRequest,
  readProof,
  signedInHeader,
} from './http/gateway-proof.ts';
export { inRequestScope, type RequestScope, requestScope } from './http/request-scope.ts';
export { closeServer } from './lifecycle/close-server.ts';
export { Health, type HealthSettings, serveHealth } from './lifecycle/health.ts';
export { listenAt } from './lifecycle/listen-at.ts';
export { PeriodicTask } from './lifecycle/periodic-task.ts';
export { exitCodeForConfig, runService, type ServiceContext } from './lifecycle/run-service.ts';
export { Shutdown, type ShutdownTier } from './lifecycle/shutdown.ts';
export { hideSecrets } from './log/hide-secrets.ts';
export { logFailure } from './log/log-failure.ts';
export { createLogger, type Logger, loggablePath } from './log/logger.ts';
export { passedBuffers } from './memory/passed-buffers.ts';
export { isAddress, isNetwork, NetworkSet, networkOf, plainAddress, senderKey } from './network/network.ts';
export { Places } from './places.ts';
export { RatePerKey, userLookUps } from './rate/rate-per-key.ts';
export { type Rate, TokenBucket } from './rate/token-bucket.ts';
export { CertificateFolder, type Certificates, measureCertificates } from './tls/certificate-folder.ts';
export { GrpcCertificates } from './tls/grpc-certificates.ts';
export { tracingSettings } from './tracing/settings.ts';
export {
  addAgentWork,
  beginTrace,
  childSpan,
  continueTrace,
  currentSpan,
  inSpan,
  type Span,
} from './tracing/trace.ts';
