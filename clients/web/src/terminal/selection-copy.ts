import type { Terminal } from '@xterm/xterm';
import { copyText } from '../clipboard/clipboard.ts';

/**
 * Copies text when the user has selected it by mouse, pen or finger, if `wanted`. A selection that a search makes is not copied.
 *
 * @returns a function that stops it
 */
export const copySelections = (
  element: HTMLElement,
  terminal: Terminal,
  on: { wanted: () => boolean; failed: () => void },
): (() => void) => {
  const start = (): void => {
    const before = terminal.getSelection();
    // The pointer may be released anywhere.
    document.addEventListener('pointerup', () => copyChange(before), { once: true });
  };
  const copyChange = (before: string): void => {
    if (!on.wanted()) return;
    // The emulator completes the selection in its own handler of the same event.
    setTimeout(() => {
      const text = terminal.getSelection();
      if (text !== '' && text !== before) void copyText(text).then((copied) => copied || on.failed());
    });
  };
  element.addEventListener('pointerdown', start, { capture: true });
  return () => element.removeEventListener('pointerdown', start, { capture: true });
};
