import { randomBytes, randomUUID } from 'node:crypto';
import { jetstream } from '@nats-io/jetstream';
import type { KV } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import {
  findUsers,
  signinBeatKey,
  signinBucket,
  signinEpochKey,
  signinKey,
  verifyApiKey,
} from '@webxterm/contracts/bus';
import { AppError, type JwtKey, type Logger } from '@webxterm/shared';
import { hashSid, signAccessToken } from '@webxterm/shared/api';
import { answer, connectBus, EntrySigner, openBucket, sealMessage } from '@webxterm/shared/bus';
import { sha256Hex } from '../agent-links/machine-credential.ts';
import { signerRoot } from './test-hub.ts';

export interface TestUser {
  readonly userId: string;
  readonly username: string;
  readonly role: 'user' | 'admin';
  readonly apiKey: string;
}

export interface TestSignin {
  readonly user: TestUser;
  readonly sid: string;
  readonly token: string;
}

/** A request of a hub to auth. */
type Question = 'verify' | 'find';

/** Stands in for auth on the bus: answers requests for API keys and users, and writes the allow-list. */
export class AuthStandIn {
  readonly #bus: NatsConnection;
  readonly #signins: KV;
  readonly #jwtKeys: readonly JwtKey[];
  readonly #epoch = randomUUID();
  readonly #signer = new EntrySigner(signerRoot);
  #lastAt = 0;
  /** How many ms the clock of auth is ahead. */
  aheadMs = 0;
  readonly #users = new Map<string, TestUser>();
  readonly #disabled = new Set<string>();
  readonly #holds: { what: Question; skip: number; arrived: () => void; released: Promise<void> }[] = [];
  readonly #beat: NodeJS.Timeout;

  private constructor(bus: NatsConnection, signins: KV, jwtKeys: readonly JwtKey[], logger: Logger) {
    this.#bus = bus;
    this.#signins = signins;
    this.#jwtKeys = jwtKeys;
    answer(bus, verifyApiKey, logger, async ({ key_sha256 }) => {
      const user = this.#users.get(key_sha256);
      await this.#heldBack('verify');
      if (user === undefined) throw new AppError('bad_api_key');
      if (this.#disabled.has(user.userId)) throw new AppError('user_disabled');
      return { user_id: user.userId, username: user.username, key_id: `key-${user.userId}` };
    });
    answer(bus, findUsers, logger, async ({ username, user_ids }) => {
      const users = [...this.#users.values()]
        .filter((user) => user.username === username || user_ids.includes(user.userId))
        .map(({ userId, username }) => ({
          user_id: userId,
          username,
          disabled: this.#disabled.has(userId),
          email: `${username}@example.com`,
          avatar_url: null,
        }));
      await this.#heldBack('find');
      return { users };
    });
    this.#beat = setInterval(() => this.#sendBeat().catch(() => {}), 1000);
  }

  static async start(
    options: { url: string; password: string; jwtKeys: readonly JwtKey[] },
    logger: Logger,
  ): Promise<AuthStandIn> {
    const bus = await connectBus({ urls: [options.url], user: 'auth', password: options.password, logger });
    const auth = new AuthStandIn(bus, await openBucket(bus, signinBucket), options.jwtKeys, logger);
    await auth.rebuildList();
    return auth;
  }

  /** Writes the entries of these sign-ins and then the epoch, as auth does after the bucket was lost. */
  async rebuildList(...signins: readonly TestSignin[]): Promise<void> {
    await this.#sendBeat();
    for (const { sid, user } of signins) await this.#write(sid, user, false);
    await this.#put(signinEpochKey, { epoch: this.#epoch, complete_at: new Date().toISOString() });
  }

  addUser(username: string, role: 'user' | 'admin' = 'user'): TestUser {
    const apiKey = `vsay_ak_${randomBytes(16).toString('hex')}`;
    const user = { userId: randomBytes(12).toString('hex'), username, role, apiKey };
    this.#users.set(sha256Hex(apiKey), user);
    return user;
  }

  /** Makes the user's API key invalid, without a new one. */
  async rotateKey(user: TestUser): Promise<void> {
    this.#users.delete(sha256Hex(user.apiKey));
    const body = { user_id: user.userId, old_key_id: `key-${user.userId}` };
    await this.#publish('auth.apikey.rotated', body);
  }

  /**
   * Holds back one complete answer until `release`: the next one, or the one after `skip` others. So a test can change the state between
   * the check of a hub and the action that follows it.
   */
  hold(what: Question, skip = 0): { readonly arrived: Promise<void>; release(): void } {
    let arrive = (): void => {};
    let release = (): void => {};
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    this.#holds.push({ what, skip, arrived: arrive, released });
    return { arrived, release };
  }

  async #heldBack(what: Question): Promise<void> {
    const hold = this.#holds.find((each) => each.what === what);
    if (hold === undefined) return;
    if (hold.skip > 0) {
      hold.skip -= 1;
      return;
    }
    this.#holds.splice(this.#holds.indexOf(hold), 1);
    hold.arrived();
    await hold.released;
  }

  /** Publishes that the user was disabled or deleted. */
  async userChanged(user: TestUser, change: { deleted: boolean; machines_to?: string | null }): Promise<void> {
    if (change.deleted) this.#users.delete(sha256Hex(user.apiKey));
    else this.#disabled.add(user.userId);
    const body = { user_id: user.userId, role: user.role, disabled: !change.deleted, machines_to: null, ...change };
    await this.#publish('auth.user.changed', body);
  }

  /** Publishes any bytes, without a signature, on a subject of auth. */
  async publishJunk(subject: string, payload: string | Uint8Array): Promise<void> {
    await jetstream(this.#bus).publish(subject, payload);
  }

  async #publish(subject: string, body: object): Promise<void> {
    const payload = JSON.stringify({ v: 1, request_id: 'test', body });
    const headers = sealMessage(this.#signer, subject, payload, Date.now());
    await jetstream(this.#bus).publish(subject, payload, { headers });
  }

  async signIn(user: TestUser): Promise<TestSignin> {
    const sid = randomBytes(16).toString('base64url');
    await this.#write(sid, user, false);
    const seconds = Math.floor(Date.now() / 1000);
    const token = signAccessToken(this.#jwtKeys, {
      userId: user.userId,
      sid,
      expiresAt: seconds + 3600,
      now: seconds,
    });
    return { user, sid, token };
  }

  async signOut({ sid }: TestSignin): Promise<void> {
    await this.#put(signinKey(hashSid(sid)), null);
  }

  async disable({ sid, user }: TestSignin): Promise<void> {
    await this.#write(sid, user, true);
  }

  async changeRole({ sid, user }: TestSignin, role: 'user' | 'admin'): Promise<void> {
    await this.#write(sid, { ...user, role }, false);
  }

  async stop(): Promise<void> {
    clearInterval(this.#beat);
    await this.#bus.close();
  }

  async #write(sid: string, user: TestUser, disabled: boolean): Promise<void> {
    const entry = {
      user_id: user.userId,
      username: user.username,
      role: user.role,
      disabled,
      exp: Math.floor(Date.now() / 1000) + 86_400,
      epoch: this.#epoch,
    };
    await this.#put(signinKey(hashSid(sid)), entry);
  }

  async #sendBeat(): Promise<void> {
    await this.#put(signinBeatKey, { epoch: this.#epoch, at: new Date().toISOString() });
  }

  async #put(key: string, value: unknown): Promise<void> {
    const at = this.aheadMs === 0 ? Math.max(Date.now(), this.#lastAt + 1) : Date.now() + this.aheadMs;
    if (this.aheadMs === 0) this.#lastAt = at;
    await this.#signins.put(key, this.#signer.sign(key, at, value));
  }
}
