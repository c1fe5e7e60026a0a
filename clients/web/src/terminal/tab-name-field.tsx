import { useEffect, useRef } from 'react';
import classes from './tab-bar.module.css';
import { maxTitle } from './tab-store.ts';

/** A tab's name while it is written: Enter or leaving the field keeps it, Escape does not. */
export const TabNameField = (props: {
  name: string;
  /** `byKey`: the focus is still here. */
  onDone: (name: string | undefined, byKey: boolean) => void;
}) => {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.select(), []);
  // Enter takes the field away, and that is a blur too.
  const done = useRef(false);
  const finish = (written: string | undefined, byKey: boolean): void => {
    if (done.current) return;
    done.current = true;
    props.onDone(written, byKey);
  };
  return (
    <input
      ref={field}
      className={classes.field}
      aria-label="Name of this shell"
      defaultValue={props.name}
      maxLength={maxTitle}
      onBlur={(event) => finish(event.currentTarget.value, false)}
      onKeyDown={(event) => {
        if (event.key === 'Enter') finish(event.currentTarget.value, true);
        if (event.key === 'Escape') finish(undefined, true);
      }}
    />
  );
};
