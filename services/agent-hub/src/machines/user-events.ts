import { authEvents } from '@webxterm/contracts/bus';
import { type EventFollowerOptions, followEvents, type StreamFollower } from '@webxterm/shared/bus';
import type { UserChanged } from './departures.ts';

const subject = 'auth.user.changed';
const schema = authEvents[subject];
/** One durable consumer for all hubs, so that one hub handles each event. */
const durable = 'hub-users';

export interface UserEventsOptions
  extends Omit<EventFollowerOptions<typeof schema>, 'subject' | 'schema' | 'durable' | 'batch' | 'onEvent'> {
  readonly onChange: (change: UserChanged) => Promise<void>;
}

/** Follows the events of disabled and deleted users, including events published while no hub was running. */
export const followUserEvents = (options: UserEventsOptions): StreamFollower =>
  followEvents({ ...options, subject, schema, durable, batch: 1, onEvent: options.onChange });
