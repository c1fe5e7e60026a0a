/** Stands in a list of accounts for any account of the machine that has a login shell, except those with uid 0. */
export const anyLinuxUser = '*';

/** Accounts in a grant, and in the list that an agent reports. */
export const maxLinuxUsers = 32;

/** Bytes of UTF-8 in the name of an account: LOGIN_NAME_MAX of limits.h without its NUL. Otherwise the machine decides which names exist. */
export const maxLinuxUserName = 255;
