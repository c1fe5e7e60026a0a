import { AppError, type Logger } from '@webxterm/shared';
import type { Auditor } from '@webxterm/shared/audit';
import type { ClientSession, Connection } from 'mongoose';
import { userTarget } from '../accounts/audit-target.ts';
import type { User } from '../accounts/user.ts';
import type { UserStore } from '../accounts/user-store.ts';
import { inTransaction } from '../database/transaction.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { OutboxWorker } from '../outbox/outbox-worker.ts';
import type { RootKeys } from '../root-keys/root-keys.ts';
import type { StillAllowed } from '../signins/caller-check.ts';
import { apiKeyIndexes, makeApiKey, openApiKey, rewrapApiKey, type StoredApiKey } from './api-key.ts';

export interface ApiKeysOptions {
  readonly connection: Connection;
  readonly users: UserStore;
  readonly outbox: Outbox;
  readonly worker: Pick<OutboxWorker, 'settle'>;
  readonly roots: RootKeys;
  readonly logger: Logger;
  readonly auditor: Pick<Auditor, 'recordIn'>;
  readonly now?: () => number;
}

/** The use of a key is recorded at most once in this time, in ms. */
const noteUseEveryMs = 60_000;
/** Keys in memory whose use was recorded. Above this number some uses are recorded more often. */
const maxNoted = 10_000;

/** The API keys with which agents register. */
export class ApiKeys {
  readonly #options: ApiKeysOptions;
  readonly #now: () => number;
  /** When this instance last recorded the use of each key, so that a thousand agents that register at once cost one write. */
  readonly #noted = new Map<string, number>();

  constructor(options: ApiKeysOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** A key for a new user. */
  make(userId: string): ReturnType<typeof makeApiKey> {
    return makeApiKey(this.#options.roots, userId, new Date(this.#now()));
  }

  /** The user's key in plain text. A key that cannot be decrypted (its root key is missing) is useless, so it is replaced. */
  async show(user: User): Promise<string> {
    const { roots, logger } = this.#options;
    const userId = user._id.toHexString();
    const key = openApiKey(roots, userId, user.api_key);
    if (key === undefined) {
      logger.warn(
        { user_id: userId, key_id: user.api_key.key_id },
        'an API key cannot be decrypted any more, replacing it',
      );
      return this.#replaceLost(userId, user.api_key.key_id);
    }
    const rewrapped = rewrapApiKey(roots, userId, user.api_key);
    if (rewrapped !== undefined) await this.#options.users.replaceApiKey(userId, user.api_key.key_id, rewrapped);
    return key;
  }

  /**
   * Replaces the key. The old one is invalid once this resolves.
   * @throws AppError the error of `stillAllowed`; unauthenticated when the user does not exist
   */
  async regenerate(userId: string, stillAllowed: StillAllowed): Promise<string> {
    const made = this.make(userId);
    const owed = await inTransaction(this.#options.connection, async (session) => {
      await stillAllowed(session);
      const user = await this.#options.users.byId(userId, session);
      if (user === null) throw new AppError('unauthenticated');
      return this.#replace(user, made.stored, undefined, session);
    });
    await this.#options.worker.settle(owed);
    return made.key;
  }

  /** Replaces a key that cannot be decrypted. If another request has replaced it in the meantime, returns that newer key. */
  async #replaceLost(userId: string, lostKeyId: string): Promise<string> {
    const made = this.make(userId);
    const { key, owed } = await inTransaction(this.#options.connection, async (session) => {
      const user = await this.#options.users.byId(userId, session);
      if (user === null) throw new AppError('unauthenticated');
      const newer =
        user.api_key.key_id === lostKeyId ? undefined : openApiKey(this.#options.roots, userId, user.api_key);
      if (newer !== undefined) return { key: newer, owed: [] };
      return { key: made.key, owed: await this.#replace(user, made.stored, 'undecryptable', session) };
    });
    await this.#options.worker.settle(owed);
    return key;
  }

  async #replace(user: User, key: StoredApiKey, reason: 'undecryptable' | undefined, session: ClientSession) {
    const { users, auditor, outbox } = this.#options;
    const [userId, oldKeyId] = [user._id.toHexString(), user.api_key.key_id];
    await users.replaceApiKey(userId, oldKeyId, key, session);
    await auditor.recordIn(session, {
      action: 'api_key_regenerated',
      target: userTarget(user),
      ...(reason === undefined ? {} : { reason }),
      details: { old_key_id: oldKeyId, key_id: key.key_id },
    });
    const event = { subject: 'auth.apikey.rotated' as const, body: { user_id: userId, old_key_id: oldKeyId } };
    return outbox.add([{ sid_hash: null, event }], new Date(this.#now()), session);
  }

  /**
   * The owner of the key with this SHA-256. `from`: the address of the agent that sent it.
   * @throws AppError bad_api_key, user_disabled
   */
  async verify(keySha256: string, from?: string): Promise<{ user_id: string; username: string; key_id: string }> {
    const user = await this.#options.users.byApiKeyIndexes(apiKeyIndexes(this.#options.roots, keySha256));
    if (user === null) throw new AppError('bad_api_key');
    if (user.disabled) throw new AppError('user_disabled');
    this.#noteUse(user, from ?? null);
    return { user_id: user._id.toHexString(), username: user.username, key_id: user.api_key.key_id };
  }

  #noteUse(user: User, from: string | null): void {
    const now = this.#now();
    const { key_id: keyId, last_used_at: lastUsed } = user.api_key;
    if (now - Math.max(lastUsed?.getTime() ?? 0, this.#noted.get(keyId) ?? 0) < noteUseEveryMs) return;
    if (this.#noted.size >= maxNoted) this.#noted.clear();
    this.#noted.set(keyId, now);
    this.#options.users
      .markApiKeyUsed(user._id, keyId, new Date(now), from)
      .catch((error: unknown) =>
        this.#options.logger.warn({ err: error }, 'the use of an API key could not be recorded'),
      );
  }
}
