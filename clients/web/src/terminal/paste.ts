// C0 and C1 but tab and newline, and DEL.
const controls = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/**
 * Clipboard text as it may go to a shell: no control character but tab and newline. A pasted `ESC [ 201 ~` would end
 * bracketed paste early, and what follows it would run.
 */
export const safePaste = (text: string): string => text.replace(/\r\n?/g, '\n').replace(controls, '');

/** Gives `paste` what is pasted into `element`, before the emulator sees it. @returns what ends it */
export const takePastes = (element: HTMLElement, paste: (text: string) => void): (() => void) => {
  const take = (event: ClipboardEvent): void => {
    event.preventDefault();
    event.stopPropagation();
    paste(event.clipboardData?.getData('text/plain') ?? '');
  };
  element.addEventListener('paste', take, { capture: true });
  return () => element.removeEventListener('paste', take, { capture: true });
};
