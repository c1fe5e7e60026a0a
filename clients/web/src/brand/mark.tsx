import classes from './mark.module.css';

/** The product's logo: two prompts that form an X, and a cursor. Decorative, because the name is beside it. */
export const Mark = ({ size = 28 }: { size?: number }) => (
  <svg className={classes.mark} width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    <rect className={classes.ground} width="32" height="32" rx="8" />
    <path className={classes.prompts} d="m8.5 8 7 8-7 8M23.5 8l-7 8" />
    <rect className={classes.cursor} x="18.6" y="20.8" width="6.4" height="3.4" rx="1" />
  </svg>
);

/** Logo and name. */
export const Wordmark = ({ size = 28 }: { size?: number }) => (
  <span className={classes.wordmark}>
    <Mark size={size} />
    <span>
      Web<b>X</b>Term
    </span>
  </span>
);
