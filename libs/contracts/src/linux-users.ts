/** Stands in a list of accounts for any account of the machine that has a login shell, except those with uid 0. */
export const anyLinuxUser = '*';

/** Accounts in a grant, and in the list that an agent reports. */
export const maxLinuxUsers = 32;
