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

/**
 * Copies HTML, and `text` for programs that take no HTML. Returns false if the browser does not allow it, as on plain http. The HTML may
 * arrive later: the browser must be asked while it handles the click.
 */
export const copyHtml = async (html: Promise<string>, text: string): Promise<boolean> => {
  const clipboard: Clipboard | undefined = navigator.clipboard;
  if (clipboard === undefined || typeof ClipboardItem === 'undefined') return false;
  const typed = (content: string, type: string): Blob => new Blob([content], { type });
  try {
    const item = new ClipboardItem({
      'text/html': html.then((content) => typed(content, 'text/html')),
      'text/plain': typed(text, 'text/plain'),
    });
    await clipboard.write([item]);
    return true;
  } catch {
    return false;
  }
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
