/** One server-sent event. */
export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** Longer than any event of the server. More characters without a line end are an error. */
const maxPending = 256 * 1024;

/**
 * Incremental parser of text/event-stream (WHATWG HTML, 9.2.6): `push` takes decoded text and returns the completed events. Comments, ids
 * and retry times are ignored, because the page resumes by fetching the whole list again.
 */
export class EventStreamParser {
  #pending = '';
  #event = '';
  #lines: string[] = [];

  push(text: string): ServerEvent[] {
    const events: ServerEvent[] = [];
    this.#pending += text;
    // A CR at the end may be the first half of a CRLF, so it waits for the next chunk.
    const parts = this.#pending.split(/\r\n|\n|\r(?!$)/);
    this.#pending = parts.pop() ?? '';
    if (this.#pending.length > maxPending) throw new Error('an event without an end');
    for (const line of parts) {
      const event = this.#line(line);
      if (event !== undefined) events.push(event);
    }
    return events;
  }

  #line(line: string): ServerEvent | undefined {
    if (line === '') {
      const complete = { event: this.#event === '' ? 'message' : this.#event, data: this.#lines.join('\n') };
      const some = this.#lines.length > 0;
      this.#event = '';
      this.#lines = [];
      return some ? complete : undefined;
    }
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.#event = value;
    if (field === 'data') this.#lines.push(value);
    return undefined;
  }
}
