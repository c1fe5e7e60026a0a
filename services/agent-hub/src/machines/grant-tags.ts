import { foldName } from '@webxterm/shared';
import type { Caller } from '@webxterm/shared/api';

/**
 * Which of the tags that a caller sets count for grants on tags: all that a signed-in user sets. An access token may keep those that counted
 * before, and add none, because a grant on a tag may give more than the token has. `before`: those that counted.
 */
export const grantTags = (
  { token }: Pick<Caller, 'token'>,
  tags: readonly string[],
  before: readonly string[] = [],
): string[] => {
  const folded = [...new Set(tags.map(foldName))];
  return token === undefined ? folded : folded.filter((tag) => before.includes(tag));
};
