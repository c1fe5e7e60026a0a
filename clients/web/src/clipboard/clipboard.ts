/**
 * Copies text to the clipboard. Returns false if the browser does not allow it. Plain http has no clipboard API, so it uses execCommand
 * there.
 */
export const copyText = async (text: string): Promise<boolean> => {
  const clipboard: Clipboard | undefined = navigator.clipboard;
  if (clipboard !== undefined) {
    try {
      await clipboard.writeText(text);
      return true;
    } catch {
      // No permission, or the page has lost focus. execCommand needs neither.
    }
  }
  return copyBySelection(text);
};

const copyBySelection = (text: string): boolean => {
  const field = document.createElement('textarea');
  field.value = text;
  field.setAttribute('aria-hidden', 'true');
  field.style.position = 'fixed';
  field.style.opacity = '0';
  const focused = document.activeElement;
  document.body.append(field);
  field.select();
  try {
    return document.execCommand('copy');
  } finally {
    field.remove();
    if (focused instanceof HTMLElement) focused.focus();
  }
};

/** The text on the clipboard. The browser may ask its user. @throws if it is not allowed, as on plain http */
export const readClipboard = async (): Promise<string> => navigator.clipboard.readText();
