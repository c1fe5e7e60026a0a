import type { MachineStatus } from '@webxterm/contracts/rest';
import classes from './status.module.css';

const words: Record<MachineStatus, string> = {
  online: 'Online',
  offline: 'Offline',
  pending: 'Waiting to connect',
  revoked: 'Removed',
};

/** The status as a coloured dot and a word, because colour alone is not accessible. */
export const Status = ({ status }: { status: MachineStatus }) => (
  <span className={classes.status} data-status={status}>
    <i className={classes.dot} aria-hidden="true" />
    {words[status]}
  </span>
);
