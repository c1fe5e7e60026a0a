import { foldName, nameKey } from '@webxterm/shared';
import { skeleton } from './skeleton.ts';
import type { User } from './user.ts';

/** Usernames that are equal folded are the same. */
export const foldUsername = foldName;

/**
 * What two usernames that look alike have in common. Upper and lower case of a letter look like different letters of another script (В
 * like B, в not like b), so there are two: of the name without upper and lower case, and of the name as it is shown.
 */
export const usernameSkeletons = (username: string): string[] => [
  ...new Set([skeleton(foldUsername(username)), foldUsername(skeleton(username.normalize('NFKC')))]),
];

/** A username as it is stored: with what it is found, ordered and compared by. */
export const storedUsername = (
  username: string,
): Pick<User, 'username' | 'username_folded'> & Required<Pick<User, 'username_key' | 'username_skeletons'>> => ({
  username,
  username_folded: foldUsername(username),
  username_key: nameKey(username),
  username_skeletons: usernameSkeletons(username),
});

/** What makes two e-mail addresses the same. */
export const foldEmail = (email: string): string => email.toLowerCase();
