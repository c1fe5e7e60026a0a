import { eventStream } from '@webxterm/contracts/bus';
import type { z } from 'zod';
import { StreamFollower, type StreamFollowerOptions } from './follow-stream.ts';
import { MessageReader, type MessageReaderOptions } from './message-reader.ts';

export interface EventFollowerOptions<S extends z.ZodType>
  extends Omit<MessageReaderOptions<S>, 'channel'>,
    Omit<StreamFollowerOptions, 'stream' | 'subject' | 'ackWaitMs' | 'onMessage'> {
  /** The subject of the events. */
  readonly subject: string;
  /** Processes an event. If it throws, the event is delivered again. */
  readonly onEvent: (event: z.output<S>) => void | Promise<void>;
}

const ackWaitMs = 30_000;

/** Follows the authentic events of one subject of the stream EVENTS. Other messages are acknowledged and counted as refusals. */
export const followEvents = <S extends z.ZodType>(options: EventFollowerOptions<S>): StreamFollower => {
  const reader = new MessageReader({ ...options, channel: options.subject });
  return new StreamFollower({
    ...options,
    stream: eventStream.name,
    ackWaitMs,
    onMessage: async (message) => {
      const event = reader.stored(message);
      if (event !== undefined) await options.onEvent(event);
      message.ack();
    },
  });
};
