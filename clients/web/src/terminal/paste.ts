// C0 and C1 except tab and newline, and DEL.
const controls = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/**
 * Makes clipboard text safe for a shell: removes control characters except tab and newline. A pasted `ESC [ 201 ~` would end bracketed
 * paste early, and the shell would execute the text after it.
 */
export const safePaste = (text: string): string => text.replace(/\r\n?/g, '\n').replace(controls, '');

/** Calls `paste` with text that is pasted into `element`, before the emulator gets the event. @returns a function that stops it */
export const takePastes = (element: HTMLElement, paste: (text: string) => void): (() => void) => {
  const take = (event: ClipboardEvent): void => {
    event.preventDefault();
    event.stopPropagation();
    paste(event.clipboardData?.getData('text/plain') ?? '');
  };
  element.addEventListener('paste', take, { capture: true });
  return () => element.removeEventListener('paste', take, { capture: true });
};
