import type { NatsConnection } from '@nats-io/transport-node';
import { findUsers } from '@webxterm/contracts/bus';
import type { z } from 'zod';
import { AppError } from '../errors.ts';
import { ask } from './request-reply.ts';

type FoundUser = z.output<typeof findUsers.reply>['users'][number];

/** The user with this name, or with this e-mail address if one is given. @throws AppError not_found, unavailable */
export const findUser = async (
  bus: NatsConnection,
  by: { readonly username: string; readonly email?: string },
): Promise<FoundUser> => {
  const { users } = await ask(bus, findUsers, by);
  const [user] = users;
  if (user === undefined) throw new AppError('not_found', `There is no user called "${by.username}".`);
  return user;
};
