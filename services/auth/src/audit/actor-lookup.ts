import { type Connection, type Types, trusted } from 'mongoose';
import { accessTokenModel } from '../access-tokens/access-token.ts';
import { userModel } from '../accounts/user.ts';
import { signinModel } from '../signins/signin.ts';
import type { ActorLookup, Person } from './actor.ts';
import type { AuditModels, StoredRow } from './row.ts';

/** Looks up sign-ins and API keys in the database. An ended sign-in is found in the log, where its start is recorded. */
export const actorLookup = (connection: Connection, { rows }: AuditModels): ActorLookup => {
  const users = userModel(connection);
  const signins = signinModel(connection);
  const tokens = accessTokenModel(connection);

  const ended = async (ref: string): Promise<Person | undefined> => {
    const row = await rows
      .findOne({ 'actor.signin_ref': ref, service: 'auth' })
      .select({ actor: 1 })
      .lean<Pick<StoredRow, 'actor'>>()
      .exec();
    const userId = row?.actor.user_id ?? undefined;
    return row === null || userId === undefined ? undefined : { userId, username: row.actor.username };
  };

  const alive = async (refs: readonly string[]): Promise<[string, Person][]> => {
    const filter = { audit_ref: trusted({ $in: [...refs] }) };
    const fields = { audit_ref: 1, user_id: 1 } as const;
    const found = (
      await Promise.all([
        signins.find(filter, fields).lean<{ audit_ref: string; user_id: Types.ObjectId }[]>().exec(),
        tokens.find(filter, fields).lean<{ audit_ref: string; user_id: Types.ObjectId }[]>().exec(),
      ])
    ).flat();
    const named = await users
      .find({ _id: trusted({ $in: found.map(({ user_id }) => user_id) }) })
      .select({ username: 1 })
      .lean<{ _id: Types.ObjectId; username: string }[]>()
      .exec();
    const names = new Map(named.map(({ _id, username }) => [_id.toHexString(), username]));
    return found.map(({ audit_ref, user_id }) => {
      const userId = user_id.toHexString();
      return [audit_ref, { userId, username: names.get(userId) ?? '' }];
    });
  };

  return {
    bySigninRefs: async (refs) => {
      const people = new Map(await alive(refs));
      for (const ref of new Set(refs)) {
        const person = people.has(ref) ? undefined : await ended(ref);
        if (person !== undefined) people.set(ref, person);
      }
      return people;
    },
    byApiKeyIds: async (keyIds) => {
      const found = await users
        .find({ 'api_key.key_id': trusted({ $in: [...keyIds] }) })
        .select({ username: 1, 'api_key.key_id': 1 })
        .lean<{ _id: Types.ObjectId; username: string; api_key: { key_id: string } }[]>()
        .exec();
      return new Map(
        found.map(({ _id, username, api_key }) => [api_key.key_id, { userId: _id.toHexString(), username }]),
      );
    },
  };
};
