import { skeleton } from './skeleton.ts';

/**
 * What makes two usernames the same: compatibility forms, then upper and lower case (ß is ss, ς is σ). There is no case folding
 * in JavaScript; upper then lower case comes to the same but for a handful of characters, which it merges rather than keeps apart.
 */
export const foldUsername = (username: string): string =>
  username.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');

/**
 * What two usernames that look alike have in common. Upper and lower case of a letter look like different letters of another script (В
 * like B, в not like b), so there are two: of the name without upper and lower case, and of the name as it is shown.
 */
export const usernameSkeletons = (username: string): string[] => [
  ...new Set([skeleton(foldUsername(username)), foldUsername(skeleton(username.normalize('NFKC')))]),
];

/** What makes two e-mail addresses the same. */
export const foldEmail = (email: string): string => email.toLowerCase();
