/** The text on the clipboard. The browser may ask its user. @throws if it is not allowed, as on plain http */
export const readClipboard = async (): Promise<string> => navigator.clipboard.readText();
