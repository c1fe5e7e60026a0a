import type { NatsConnection } from '@nats-io/transport-node';
import { verifyApiKey } from '@webxterm/contracts/bus';
import type { Logger } from '@webxterm/shared';
import { answer } from '@webxterm/shared/bus';
import type { ApiKeys } from './api-keys.ts';

/** Answers agent-hub's requests for the owner of an API key. */
export const answerApiKeys = (bus: NatsConnection, apiKeys: ApiKeys, logger: Logger): void =>
  answer(bus, verifyApiKey, logger, (body) => apiKeys.verify(body.key_sha256, body.ip_address));
