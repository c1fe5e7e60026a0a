import type { User } from './user.ts';

/** A user who has just signed in, with the first token. */
export interface SignedIn {
  readonly token: string;
  readonly user: User;
  readonly apiKey: string;
}
