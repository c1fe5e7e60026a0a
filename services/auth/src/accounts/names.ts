import { foldName } from '@webxterm/shared';
import { skeleton } from './skeleton.ts';

/** Usernames that are equal folded are the same. */
export const foldUsername = foldName;

/**
 * What two usernames that look alike have in common. Upper and lower case of a letter look like different letters of another script (В
 * like B, в not like b), so there are two: of the name without upper and lower case, and of the name as it is shown.
 */
export const usernameSkeletons = (username: string): string[] => [
  ...new Set([skeleton(foldUsername(username)), foldUsername(skeleton(username.normalize('NFKC')))]),
];

/** What makes two e-mail addresses the same. */
export const foldEmail = (email: string): string => email.toLowerCase();
