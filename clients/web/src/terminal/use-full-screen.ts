import { useFullscreenDocument } from '@mantine/hooks';
import { useEffect } from 'react';

/** The Keyboard Lock API, which only browsers of the Chromium family have. https://wicg.github.io/keyboard-lock/ */
interface LockableKeyboard {
  lock(): Promise<void>;
  unlock(): void;
}

const lockableKeyboard = (): LockableKeyboard | undefined =>
  'keyboard' in navigator ? (navigator.keyboard as LockableKeyboard) : undefined;

/**
 * Shows the page in full screen, and gives it the keys that the browser keeps otherwise, such as Ctrl+W and Ctrl+T, where the browser can.
 * Esc, held, leaves full screen then.
 */
export const useFullScreen = () => {
  const { fullscreen, toggle } = useFullscreenDocument();
  useEffect(() => {
    if (!fullscreen) return;
    const keyboard = lockableKeyboard();
    // A refusal leaves these keys with the browser, as before.
    keyboard?.lock().catch(() => undefined);
    return () => keyboard?.unlock();
  }, [fullscreen]);
  return {
    isFull: fullscreen,
    hasAllKeys: lockableKeyboard() !== undefined,
    /** Undefined: the browser has no full screen for pages, as on an iPhone. */
    toggle: document.fullscreenEnabled ? () => void toggle() : undefined,
  };
};
