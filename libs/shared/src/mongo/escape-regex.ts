/** The text as a part of a regular expression of MongoDB that matches this text only. */
export const escapeRegex = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
