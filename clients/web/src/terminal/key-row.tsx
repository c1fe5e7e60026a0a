import { IconClipboardText } from '@tabler/icons-react';
import { type PointerEvent, type ReactNode, useEffect, useRef } from 'react';
import classes from './key-row.module.css';
import type { StickyKeys } from './sticky-keys.ts';

interface Key {
  readonly name: string;
  readonly label: string;
  /** `application`: the program has asked for application cursor keys. */
  sends(application: boolean): string;
  /** Holding it down repeats it. */
  readonly repeats?: boolean;
}

const plain = (name: string, label: string, sends: string, repeats = false): Key => ({
  name,
  label,
  sends: () => sends,
  repeats,
});
const cursor = (name: string, label: string, final: string, repeats = false): Key => ({
  name,
  label,
  sends: (application) => (application ? `\x1bO${final}` : `\x1b[${final}`),
  repeats,
});

const first: readonly Key[] = [plain('Escape', 'Esc', '\x1b'), plain('Tab', 'Tab', '\t')];
const rest: readonly Key[] = [
  plain('Ctrl C', '^C', '\x03'),
  cursor('Arrow left', '←', 'D', true),
  cursor('Arrow up', '↑', 'A', true),
  cursor('Arrow down', '↓', 'B', true),
  cursor('Arrow right', '→', 'C', true),
  cursor('Home', 'Home', 'H'),
  cursor('End', 'End', 'F'),
  plain('Page up', 'PgUp', '\x1b[5~', true),
  plain('Page down', 'PgDn', '\x1b[6~', true),
  ...['/', '-', '|', '~'].map((sign) => plain(sign, sign, sign)),
];

/** As the repetition of a keyboard, ms. */
const firstRepeatMs = 400;
const repeatMs = 50;

/** Keys that the keyboard of a phone lacks. Shown on touch screens. */
export const KeyRow = (props: {
  sticky: StickyKeys;
  applicationCursorKeys: () => boolean;
  onPress: (sequence: string) => void;
  onPaste: () => void;
}) => {
  const { sticky } = props;
  const button = (key: Key) => (
    <KeyButton
      key={key.name}
      name={key.name}
      repeats={key.repeats === true}
      onPress={() => props.onPress(key.sends(props.applicationCursorKeys()))}
    >
      {key.label}
    </KeyButton>
  );
  return (
    <div className={classes.row} role="toolbar" aria-label="Keys">
      {first.map(button)}
      <KeyButton held={sticky.held.has('control')} onPress={() => sticky.toggle('control')}>
        Ctrl
      </KeyButton>
      <KeyButton held={sticky.held.has('alt')} onPress={() => sticky.toggle('alt')}>
        Alt
      </KeyButton>
      <KeyButton name="Paste" onPress={props.onPaste}>
        <IconClipboardText size={18} stroke={1.8} aria-hidden />
      </KeyButton>
      {rest.map(button)}
    </div>
  );
};

const KeyButton = (props: {
  name?: string;
  repeats?: boolean;
  /** Undefined: not a key that stays pressed. */
  held?: boolean;
  onPress: () => void;
  children: ReactNode;
}) => {
  const { repeats = false, onPress } = props;
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const stop = (): void => clearTimeout(timer.current);
  useEffect(() => () => clearTimeout(timer.current), []);
  const down = (event: PointerEvent): void => {
    // The terminal keeps the focus, otherwise the phone's keyboard would close.
    event.preventDefault();
    if (!repeats) return;
    onPress();
    const again = (): void => {
      onPress();
      timer.current = setTimeout(again, repeatMs);
    };
    timer.current = setTimeout(again, firstRepeatMs);
  };
  return (
    <button
      type="button"
      className={classes.key}
      aria-label={props.name}
      aria-pressed={props.held}
      onPointerDown={down}
      onPointerUp={stop}
      onPointerLeave={stop}
      onPointerCancel={stop}
      onContextMenu={(event) => event.preventDefault()}
      // A key that repeats was pressed by the pointer already. A click without a pointer comes from a keyboard or a screen reader.
      onClick={(event) => {
        if (!repeats || event.detail === 0) onPress();
      }}
    >
      {props.children}
    </button>
  );
};
