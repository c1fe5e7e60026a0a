import classes from './player.module.css';

/** How much was shown when, as bars above the slider. */
export const ActivityStrip = ({ activity }: { activity: readonly number[] }) => (
  <svg
    className={classes.activity}
    viewBox={`0 0 ${Math.max(1, activity.length)} 1`}
    preserveAspectRatio="none"
    aria-hidden="true"
    data-testid="activity"
  >
    <path d={activity.map((part, x) => `M${x} 1V${1 - part}H${x + 1}V1Z`).join('')} />
  </svg>
);
