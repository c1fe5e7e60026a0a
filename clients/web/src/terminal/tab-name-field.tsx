import { useEffect, useRef } from 'react';
import classes from './tab-bar.module.css';
import { maxTitle } from './tab-store.ts';

/** Input field for a tab's name. Enter or leaving the field saves it, Escape cancels. */
export const TabNameField = (props: {
  name: string;
  /** `byKey`: closed by a key, so the focus is still in the field. */
  onDone: (name: string | undefined, byKey: boolean) => void;
}) => {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.select(), []);
  // Enter removes the field, which also fires a blur event.
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
