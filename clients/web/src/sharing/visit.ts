import type { Server } from '../api/server.ts';

/** How a window shows the session of another user, as a guest. */
export interface Visit {
  /** The username of the owner of the session. */
  readonly owner: string;
  /** Gets a ticket by a share or by the right to watch. */
  readonly ticket: Server['ticket'];
}
