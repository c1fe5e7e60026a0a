import { useWindowEvent } from '@mantine/hooks';
import { keyOf } from '../terminal/shortcuts.ts';

const takesText = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));

/** Calls `open` for Ctrl+K, on a Mac also Cmd+K: by the position of the key on layouts without Latin letters. Not while a text is edited. */
export const usePaletteKey = (open: () => void): void =>
  useWindowEvent('keydown', (event) => {
    const { ctrlKey, metaKey, shiftKey, altKey, target } = event;
    if (ctrlKey === metaKey || shiftKey || altKey || keyOf(event) !== 'k' || takesText(target)) return;
    event.preventDefault();
    open();
  });
