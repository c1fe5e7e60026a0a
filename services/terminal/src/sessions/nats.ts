import type { NatsConnection } from '@nats-io/transport-node';
import { sessionsOfUser } from '@webxterm/contracts/bus';
import type { Logger } from '@webxterm/shared';
import { answer } from '@webxterm/shared/bus';
import type { SessionStore } from './store.ts';

/** Answers bus requests for the number of a user's live sessions. */
export const answerSessions = (bus: NatsConnection, store: Pick<SessionStore, 'liveCount'>, logger: Logger): void =>
  answer(bus, sessionsOfUser, logger, async ({ user_id }) => ({ live: await store.liveCount(user_id) }));
