import { jittered, waitAfter } from '@webxterm/contracts/back-off';
import { eventReader, type ServerEvent } from './event-stream.ts';
import { SignedOutError } from './signed-out-error.ts';

/** The hub sends a comment every 15 s. After two missed ones the stream is dead, even if TCP still looks connected. */
const silenceMs = 35_000;
const backOff = { firstMs: 1_000, longestMs: 30_000 };

export interface EventFollower {
  readonly open: (signal: AbortSignal) => Promise<Response>;
  readonly onOpened: () => void;
  readonly onEvent: (event: ServerEvent) => void;
  /** The stream has ended, and is opened again after some time. */
  readonly onLost: () => void;
}

/** Reads a stream of server-sent events, and opens it again whenever it ends. Resolves at the signal, or when the user has signed out. */
export const followEvents = async (signal: AbortSignal, follower: EventFollower): Promise<void> => {
  let failures = 0;
  while (!signal.aborted) {
    try {
      await readStream(signal, {
        ...follower,
        onOpened: () => {
          failures = 0;
          follower.onOpened();
        },
      });
    } catch (error) {
      if (error instanceof SignedOutError) return;
    }
    if (signal.aborted) return;
    follower.onLost();
    failures += 1;
    await pause(jittered(waitAfter(backOff, failures), Math.random()), signal);
  }
};

const readStream = async (
  signal: AbortSignal,
  { open, onOpened, onEvent }: Omit<EventFollower, 'onLost'>,
): Promise<void> => {
  const silence = new AbortController();
  const response = await open(AbortSignal.any([signal, silence.signal]));
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  onOpened();
  const read = eventReader(onEvent);
  const decoder = new TextDecoder();
  for (;;) {
    const timer = setTimeout(() => silence.abort(), silenceMs);
    const { done, value } = await reader.read().finally(() => clearTimeout(timer));
    if (done) return;
    read(decoder.decode(value, { stream: true }));
  }
};

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
