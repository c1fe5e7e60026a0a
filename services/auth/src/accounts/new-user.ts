import { Types } from 'mongoose';
import type { ApiKeys } from '../api-keys/api-keys.ts';
import { foldEmail, storedUsername } from './names.ts';
import type { User } from './user.ts';

/** An account that is not stored yet, with its API key in plain text. */
export interface NewUser {
  readonly user: User;
  readonly apiKey: string;
}

/** `password_hash` null: the user chooses the password later, with a link. */
export const newUser = (
  apiKeys: Pick<ApiKeys, 'make'>,
  account: Pick<User, 'username' | 'email' | 'role' | 'password_hash' | 'created_at'>,
): NewUser => {
  const id = new Types.ObjectId();
  const apiKey = apiKeys.make(id.toHexString());
  const user: User = {
    _id: id,
    ...storedUsername(account.username),
    email: account.email,
    email_lower: foldEmail(account.email),
    password_hash: account.password_hash,
    role: account.role,
    disabled: false,
    avatar_url: null,
    api_key: apiKey.stored,
    second_factor: null,
    created_at: account.created_at,
    signup_open_until: null,
  };
  return { user, apiKey: apiKey.key };
};
