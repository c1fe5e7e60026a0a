import { useRef, useState } from 'react';

type Modifier = 'control' | 'alt';

export interface StickyKeys {
  readonly held: ReadonlySet<Modifier>;
  toggle(modifier: Modifier): void;
  /** Applies the held modifiers to the text, and releases them. */
  applyTo(text: string): string;
}

const none: ReadonlySet<Modifier> = new Set();

/** On-screen Ctrl and Alt, which stay pressed until the next key. */
export const useStickyKeys = (): StickyKeys => {
  const [held, setHeld] = useState(none);
  const now = useRef(none);
  const set = (next: ReadonlySet<Modifier>): void => {
    now.current = next;
    setHeld(next);
  };
  return {
    held,
    toggle: (modifier) => {
      const next = new Set(now.current);
      if (!next.delete(modifier)) next.add(modifier);
      set(next);
    },
    applyTo: (text) => {
      const pressed = now.current;
      if (pressed.size === 0) return text;
      set(none);
      const changed = pressed.has('control') ? controlled(text) : text;
      return pressed.has('alt') ? `\x1b${changed}` : changed;
    },
  };
};

/** The character of a key with Ctrl: `c` gives 0x03, Space gives 0x00. Text without such a form is returned unchanged. */
export const controlled = (text: string): string => {
  if (text === ' ') return '\0';
  if (text === '?') return '\x7f';
  return /^[@-_a-z]$/.test(text) ? String.fromCharCode(text.toUpperCase().charCodeAt(0) & 0x1f) : text;
};
