import { authEvents } from '@webxterm/contracts/bus';
import { type EventFollowerOptions, followEvents, type StreamFollower } from '@webxterm/shared/bus';

const subject = 'auth.apikey.rotated';
const schema = authEvents[subject];
const batchSize = 100;

export interface RevokedKeysOptions
  extends Omit<EventFollowerOptions<typeof schema>, 'subject' | 'schema' | 'batch' | 'anyAge' | 'onEvent'> {
  /** Called for each replaced key. Each start repeats the keys of the last days, so it must be idempotent. */
  readonly onRevoked: (keyId: string) => void;
  /** Called with false when replaced keys cannot be read, and with true when they can again. */
  readonly onCurrent: (current: boolean) => void;
}

/**
 * The API keys that were replaced within the retention of the stream, which is days and so exceeds the lifetime of a link pass. All
 * credentials issued under them are void. For older ones the machine record has a mark.
 */
export class RevokedKeys {
  readonly #follower: StreamFollower;
  readonly #keyIds = new Set<string>();
  readonly #complete = Promise.withResolvers<void>();

  constructor(options: RevokedKeysOptions) {
    const { onCurrent, onRevoked } = options;
    this.#follower = followEvents({
      ...options,
      subject,
      schema,
      // A key stays replaced. The event counts also if the clock of auth was wrong, and when it is read again.
      anyAge: true,
      batch: batchSize,
      onEvent: ({ old_key_id }) => {
        this.#keyIds.add(old_key_id);
        onRevoked(old_key_id);
      },
      onCurrent: (current) => {
        if (current) this.#complete.resolve();
        onCurrent(current);
      },
    });
  }

  start(): void {
    this.#follower.start();
  }

  stop(): Promise<void> {
    return this.#follower.stop();
  }

  /** Resolves when all messages that were in the stream at the start have been read. Readiness waits for it. */
  complete(): Promise<void> {
    return this.#complete.promise;
  }

  has(keyId: string): boolean {
    return this.#keyIds.has(keyId);
  }
}
