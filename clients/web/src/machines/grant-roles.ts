import type { GrantRole } from '@webxterm/contracts/rest';

/** The mark of a role beside the name of its user or group. */
export const roleBadges: Readonly<Record<GrantRole, { readonly color: string; readonly text: string }>> = {
  control: { color: 'blue', text: 'Terminals' },
  view: { color: 'gray', text: 'View' },
};

/** The beginning of a sentence about a grant. */
export const rolePhrases: Readonly<Record<GrantRole, string>> = {
  control: 'Opens terminals',
  view: 'Sees the machine',
};
