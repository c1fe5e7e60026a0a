import { randomBytes, timingSafeEqual } from 'node:crypto';
import { hmacSha256, networkOf } from '@webxterm/shared';
import { type Connection, type Model, Schema } from 'mongoose';
import type { RootKeys } from '../root-keys/root-keys.ts';

const rememberedMs = 30 * 24 * 3_600_000;
/** A device cookie lives longer than any sign-in: it is for those who come back. */
export const deviceLifeMs = 400 * 24 * 3_600_000;

interface SeenNetwork {
  _id: string;
  expires_at: Date;
}

const seenNetworkSchema = new Schema<SeenNetwork>(
  { _id: { type: String, required: true }, expires_at: { type: Date, required: true } },
  { versionKey: false, strict: 'throw' },
).index({ expires_at: 1 }, { expireAfterSeconds: 0 });

/** From where an account was signed in: whoever guesses from elsewhere cannot lock its owner out. */
export class KnownDevices {
  readonly #networks: Model<SeenNetwork>;
  readonly #roots: RootKeys;

  constructor(connection: Connection, roots: RootKeys) {
    this.#networks = connection.model<SeenNetwork>('seen_network', seenNetworkSchema, 'seen_networks');
    this.#roots = roots;
  }

  /** A signed-in device gets this to be known by when it signs in again: `<user id>.<device>.<MAC>`. It is good for nothing else. */
  makeCookie(userId: string): string {
    const device = `${userId}.${randomBytes(16).toString('base64url')}`;
    return `${device}.${hmacSha256(this.#roots.current.deviceCookie, device).toString('base64url')}`;
  }

  /** The device of a cookie that we made for this user; undefined for any other. */
  readCookie(userId: string, cookie: string | undefined): string | undefined {
    const [owner, device, mac = ''] = (cookie ?? '').split('.');
    if (owner !== userId || device === undefined) return undefined;
    const given = Buffer.from(mac, 'base64url');
    const ours = this.#roots.all.some((root) => {
      const wanted = hmacSha256(root.deviceCookie, `${owner}.${device}`);
      return given.length === wanted.length && timingSafeEqual(given, wanted);
    });
    return ours ? device : undefined;
  }

  async noteNetwork(userId: string, ip: string, now: number): Promise<void> {
    const expiresAt = new Date(now + rememberedMs);
    await this.#networks
      .updateOne({ _id: `${userId} ${networkOf(ip)}` }, { $set: { expires_at: expiresAt } }, { upsert: true })
      .exec();
  }

  async knowsNetwork(userId: string, ip: string): Promise<boolean> {
    return (await this.#networks.exists({ _id: `${userId} ${networkOf(ip)}` }).exec()) !== null;
  }
}
