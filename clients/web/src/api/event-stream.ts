import { createParser } from 'eventsource-parser';

/** One server-sent event. */
export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** In characters. Longer than any event of the server. */
const longestEvent = 256 * 1024;

/**
 * Reads text/event-stream in pieces of any size. Ids and retry times are ignored, because the page resumes by fetching the whole list.
 * @returns a function that takes the next piece and throws when an event is longer than 256 Ki characters
 */
export const eventReader = (onEvent: (event: ServerEvent) => void): ((text: string) => void) => {
  const parser = createParser({
    maxBufferSize: longestEvent,
    onEvent: ({ event = 'message', data }) => onEvent({ event, data }),
    onError: (error) => {
      // The stream may contain fields of a later version.
      if (error.type === 'max-buffer-size-exceeded') throw error;
    },
  });
  return (text) => parser.feed(text);
};
