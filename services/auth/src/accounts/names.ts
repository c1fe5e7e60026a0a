/**
 * What makes two usernames the same: compatibility forms, then upper and lower case (ß is ss, ς is σ). There is no case folding
 * in JavaScript; upper then lower case comes to the same but for a handful of characters, which it merges rather than keeps apart.
 */
export const foldUsername = (username: string): string =>
  username.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC');

/** What makes two e-mail addresses the same. */
export const foldEmail = (email: string): string => email.toLowerCase();
