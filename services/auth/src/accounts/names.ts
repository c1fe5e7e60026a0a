import { foldName, nameKey } from '@webxterm/shared';
import { skeleton } from './skeleton.ts';
import type { User } from './user.ts';

/** Usernames with the same folded form are the same. */
export const foldUsername = foldName;

/**
 * The skeletons of a username. Usernames that look alike have one in common. The upper and lower case of a letter can look like different
 * letters of another script (В like B, в not like b), so there are two: one of the folded name and one of the name as displayed.
 */
export const usernameSkeletons = (username: string): string[] => [
  ...new Set([skeleton(foldUsername(username)), foldUsername(skeleton(username.normalize('NFKC')))]),
];

/** The stored forms of a username: for display, look-up, sorting and comparison. */
export const storedUsername = (
  username: string,
): Pick<User, 'username' | 'username_folded'> & Required<Pick<User, 'username_key' | 'username_skeletons'>> => ({
  username,
  username_folded: foldUsername(username),
  username_key: nameKey(username),
  username_skeletons: usernameSkeletons(username),
});

/** The folded form of an e-mail address. Addresses with the same form are the same. */
export const foldEmail = (email: string): string => email.toLowerCase();
