/** A keyboard with Cmd and Option. */
export const isMac = (): boolean => /mac|iphone|ipad/i.test(navigator.userAgent);
