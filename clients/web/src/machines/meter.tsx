import classes from './meter.module.css';

const toneOf = (percent: number): string => (percent >= 90 ? 'high' : percent >= 75 ? 'raised' : 'calm');

/** A percentage as a thin bar with its number. `percent` undefined: not known yet. */
export const Meter = ({ label, percent, short }: { label: string; percent: number | undefined; short?: string }) => {
  const value = percent === undefined ? 0 : Math.min(100, Math.max(0, percent));
  const text = percent === undefined ? '–' : `${Math.round(value)} %`;
  return (
    <span className={classes.meter}>
      <span className={classes.label}>
        <span aria-hidden={short !== undefined}>{short ?? label}</span>
        <span className={classes.value}>{text}</span>
      </span>
      <meter className="wx-unseen" aria-label={label} min={0} max={100} value={value}>
        {text}
      </meter>
      <span className={classes.track} aria-hidden="true">
        <span className={classes.fill} data-tone={toneOf(value)} style={{ width: `${value}%` }} />
      </span>
    </span>
  );
};
