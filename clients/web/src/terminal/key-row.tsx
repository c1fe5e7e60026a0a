import { useRef, useState } from 'react';
import { controlled } from './control-key.ts';
import classes from './key-row.module.css';

export interface StickyControl {
  readonly held: boolean;
  toggle(): void;
  /** Applies Ctrl to the text if it is held, and releases it. */
  applyTo(text: string): string;
}

/** A Ctrl key that stays pressed until the next key. */
export const useStickyControl = (): StickyControl => {
  const [held, setHeld] = useState(false);
  const now = useRef(false);
  const set = (next: boolean): void => {
    now.current = next;
    setHeld(next);
  };
  return {
    held,
    toggle: () => set(!now.current),
    applyTo: (text) => {
      if (!now.current) return text;
      set(false);
      return controlled(text);
    },
  };
};

const plainKeys: readonly { readonly name: string; readonly label: string; readonly sends: string }[] = [
  { name: 'Escape', label: 'Esc', sends: '\x1b' },
  { name: 'Tab', label: 'Tab', sends: '\t' },
];
const arrows: readonly { readonly name: string; readonly label: string; readonly final: string }[] = [
  { name: 'Arrow left', label: '←', final: 'D' },
  { name: 'Arrow up', label: '↑', final: 'A' },
  { name: 'Arrow down', label: '↓', final: 'B' },
  { name: 'Arrow right', label: '→', final: 'C' },
];
const signs: readonly string[] = ['/', '-', '|', '~'];

/** Keys that the keyboard of a phone lacks. Shown on touch screens. */
export const KeyRow = (props: {
  control: StickyControl;
  applicationCursorKeys: () => boolean;
  onPress: (sequence: string) => void;
}) => {
  const key = (name: string, label: string, sends: () => string) => (
    // The terminal keeps the focus, otherwise the phone's keyboard would close.
    <button
      key={name}
      type="button"
      className={classes.key}
      aria-label={name}
      onPointerDown={(event) => event.preventDefault()}
      onClick={() => props.onPress(sends())}
    >
      {label}
    </button>
  );
  return (
    <div className={classes.row} role="toolbar" aria-label="Keys">
      {plainKeys.map(({ name, label, sends }) => key(name, label, () => sends))}
      <button
        type="button"
        className={classes.key}
        aria-pressed={props.control.held}
        onPointerDown={(event) => event.preventDefault()}
        onClick={() => props.control.toggle()}
      >
        Ctrl
      </button>
      {arrows.map(({ name, label, final }) =>
        key(name, label, () => (props.applicationCursorKeys() ? `\x1bO${final}` : `\x1b[${final}`)),
      )}
      {signs.map((sign) => key(sign, sign, () => sign))}
    </div>
  );
};
