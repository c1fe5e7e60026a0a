/** Longest name or title of a session, and name of its program, in code units. */
export const maxSessionTitle = 80;
/** Longest working directory of a session, in code units. Of a longer one, the end is kept. */
export const maxSessionDirectory = 256;
