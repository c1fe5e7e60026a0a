import { timingSafeEqual } from 'node:crypto';
import { hmacSha256, networkOf, senderKey } from '@webxterm/shared';
import { type Connection, type Model, Schema, trusted } from 'mongoose';
import type { User } from '../accounts/user.ts';
import type { RootKey, RootKeys } from '../root-keys/root-keys.ts';

const rememberedMs = 30 * 24 * 3_600_000;
/** Lifetime of a device cookie in ms. It is longer than any sign-in, because it identifies devices that return. */
export const deviceLifeMs = 180 * 24 * 3_600_000;

interface SeenNetwork {
  _id: string;
  expires_at: Date;
}

const seenNetworkSchema = new Schema<SeenNetwork>(
  { _id: { type: String, required: true }, expires_at: { type: Date, required: true } },
  { versionKey: false, strict: 'throw' },
).index({ expires_at: 1 }, { expireAfterSeconds: 0 });

/** The devices and networks from which an account was signed in. An attacker elsewhere cannot lock its owner out. */
export class KnownDevices {
  readonly #networks: Model<SeenNetwork>;
  readonly #roots: RootKeys;

  constructor(connection: Connection, roots: RootKeys) {
    this.#networks = connection.model<SeenNetwork>('seen_network', seenNetworkSchema, 'seen_networks');
    this.#roots = roots;
  }

  /**
   * The cookie that identifies a device when it signs in again: `<device>.<end, s>.<MAC>`. It has no other use, and it becomes invalid when
   * the password changes. One sign-in always gets the same device, however often it requests a cookie.
   */
  makeCookie(user: CookieOwner, sid: string, now: number): { cookie: string; expires: Date } {
    const end = Math.floor((now + deviceLifeMs) / 1000);
    const device = hmacSha256(this.#roots.current.deviceCookie, `sign-in ${sid}`).toString('base64url').slice(0, 22);
    const mac = macOf(this.#roots.current, user, device, end).toString('base64url');
    return { cookie: `${device}.${end}.${mac}`, expires: new Date(end * 1000) };
  }

  /** The device of a cookie that was made for this user, otherwise undefined. */
  readCookie(user: CookieOwner, cookie: string | undefined, now: number): string | undefined {
    const [device = '', end = '', mac = ''] = (cookie ?? '').split('.');
    if (!/^\d{1,11}$/.test(end) || Number(end) * 1000 <= now) return undefined;
    const given = Buffer.from(mac, 'base64url');
    const ours = this.#roots.all.some((root) => {
      const wanted = macOf(root, user, device, Number(end));
      return given.length === wanted.length && timingSafeEqual(given, wanted);
    });
    return ours ? device : undefined;
  }

  async noteNetwork(userId: string, ip: string, now: number): Promise<void> {
    const update = { $set: { expires_at: new Date(now + rememberedMs) } };
    await this.#networks.bulkWrite(
      [...new Set([senderKey(ip), networkOf(ip)])].map((seen) => ({
        updateOne: { filter: { _id: `${userId} ${seen}` }, update, upsert: true },
      })),
      { ordered: false },
    );
  }

  /** Whether the account was signed in from this address, from another one of its network, or from neither. */
  async findNetwork(userId: string, ip: string): Promise<'address' | 'network' | undefined> {
    const [address, network] = [`${userId} ${senderKey(ip)}`, `${userId} ${networkOf(ip)}`];
    const found = await this.#networks
      .find({ _id: trusted({ $in: [address, network] }) })
      .lean<SeenNetwork[]>()
      .exec();
    if (found.some(({ _id }) => _id === address)) return 'address';
    return found.length > 0 ? 'network' : undefined;
  }
}

/** The user of a cookie, with the current password hash. */
export type CookieOwner = Pick<User, '_id' | 'password_hash'>;

const macOf = (root: RootKey, user: CookieOwner, device: string, end: number): Buffer =>
  hmacSha256(root.deviceCookie, `${user._id.toHexString()}.${device}.${end}.${user.password_hash}`);
