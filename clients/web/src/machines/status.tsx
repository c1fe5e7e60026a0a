import type { MachineStatus } from '@webxterm/contracts/rest';
import classes from './status.module.css';

const words: Record<MachineStatus, string> = {
  online: 'Online',
  offline: 'Offline',
  pending: 'Waiting to connect',
  revoked: 'Removed',
};

/** A dot and a word: colour is never the only sign. */
export const Status = ({ status }: { status: MachineStatus }) => (
  <span className={classes.status} data-status={status}>
    <i className={classes.dot} aria-hidden="true" />
    {words[status]}
  </span>
);
