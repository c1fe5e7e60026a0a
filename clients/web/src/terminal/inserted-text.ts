/**
 * Takes text that is inserted without keys: dictation, an emoji picker, an input method. In screen reader mode, xterm.js leaves it in its
 * text area, where it is lost.
 * @returns a function that stops it
 */
export const takeInsertedText = (
  textarea: HTMLTextAreaElement,
  wanted: () => boolean,
  take: (text: string) => void,
): (() => void) => {
  let keyDown = false;
  const down = (): void => {
    keyDown = true;
  };
  const up = (): void => {
    keyDown = false;
  };
  const input = (event: Event): void => {
    if (!(event instanceof InputEvent) || event.inputType !== 'insertText' || event.data === null) return;
    if (!wanted() || (event.composed && keyDown)) return;
    take(event.data);
  };
  textarea.addEventListener('keydown', down, { capture: true });
  textarea.addEventListener('keyup', up, { capture: true });
  // The key of a shortcut that moves the focus is released elsewhere, and a pane that moves gets no blur event.
  textarea.addEventListener('focus', up);
  textarea.addEventListener('input', input, { capture: true });
  return () => {
    textarea.removeEventListener('keydown', down, { capture: true });
    textarea.removeEventListener('keyup', up, { capture: true });
    textarea.removeEventListener('focus', up);
    textarea.removeEventListener('input', input, { capture: true });
  };
};
