import type { NatsConnection } from '@nats-io/transport-node';
import { findUsers } from '@webxterm/contracts/bus';
import type { Logger } from '@webxterm/shared';
import { answer } from '@webxterm/shared/bus';
import type { UserStore } from '../accounts/user-store.ts';

/** Answers requests of other services for users by name or id. */
export const answerUsers = (
  bus: NatsConnection,
  users: Pick<UserStore, 'byUsername' | 'byEmail' | 'byIds'>,
  logger: Logger,
): void =>
  answer(bus, findUsers, logger, async ({ username, email: address, user_ids }) => {
    const named = username === undefined ? null : await users.byUsername(username.trim());
    const addressed = address === undefined ? null : await users.byEmail(address.trim());
    const found = [
      ...[named, addressed].filter((user) => user !== null),
      ...(user_ids.length === 0 ? [] : await users.byIds(user_ids)),
    ];
    return {
      users: found.map(({ _id, username: name, disabled, email, avatar_url }) => ({
        user_id: _id.toHexString(),
        username: name,
        disabled,
        email,
        avatar_url,
      })),
    };
  });
