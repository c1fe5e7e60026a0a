import { useRef, useState } from 'react';
import { controlled } from './control-key.ts';

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
