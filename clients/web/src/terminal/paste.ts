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

/** When to ask before text is pasted: see the preference of this name. */
export type PasteQuestion = 'auto' | 'always' | 'never';

/**
 * Whether to ask before safe text is pasted. Without bracketed paste (`bracketed`) a program takes each newline for Enter, and a shell
 * executes the line.
 */
export const asksBeforePaste = (text: string, question: PasteQuestion, bracketed: boolean): boolean =>
  question !== 'never' && text.includes('\n') && (question === 'always' || !bracketed);

/** The text on one line: what a newline separated is separated by a blank. */
export const asOneLine = (text: string): string => text.trim().replaceAll(/\s*\n\s*/g, ' ');
