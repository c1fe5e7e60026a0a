// C0 and C1 but tab and newline, and DEL.
const controls = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/**
 * Clipboard text as it may go to a shell: no control character but tab and newline. A pasted `ESC [ 201 ~` would end
 * bracketed paste early, and what follows it would run.
 */
export const safePaste = (text: string): string => text.replace(/\r\n?/g, '\n').replace(controls, '');
