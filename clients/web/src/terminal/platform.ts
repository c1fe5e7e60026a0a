/** Whether the keyboard has Cmd and Option keys. */
export const isMac = (): boolean => /mac|iphone|ipad/i.test(navigator.userAgent);
