import { randomBytes } from 'node:crypto';
import { AppError, hmacSha256 } from '@webxterm/shared';
import mongoose, { type Model, type QueryFilter } from 'mongoose';
import type { ShareRecord } from './record.ts';

/** Limit of shares of one session that have not ended. */
export const maxSharesPerSession = 32;
/** Limit of shares that are listed for one user. */
const maxListed = 200;

export interface NewShare
  extends Pick<
    ShareRecord,
    'session_id' | 'agent_id' | 'owner_user_id' | 'owner_username' | 'owner_signin' | 'role' | 'types_always'
  > {
  /** Undefined: a link. */
  readonly grantee: { readonly user_id: string; readonly username: string } | undefined;
  readonly uses: number;
  readonly lifeMs: number;
}

/** A user who uses a share. */
export interface Guest {
  readonly userId: string;
  readonly username: string;
}

/** The shares of sessions. */
export class ShareStore {
  readonly #model: Model<ShareRecord>;
  readonly #key: Buffer;
  readonly #now: () => number;

  /** `key`: the key of the hashes of links. */
  constructor(model: Model<ShareRecord>, key: Buffer, now: () => number) {
    this.#model = model;
    this.#key = key;
    this.#now = now;
  }

  /** @returns the share, and the secret of a link. @throws AppError too_many_shares */
  async create({ grantee, uses, lifeMs, ...share }: NewShare): Promise<{ share: ShareRecord; secret: string | null }> {
    const ofSession = { ...this.#valid(), session_id: share.session_id };
    if ((await this.#model.countDocuments(ofSession)) >= maxSharesPerSession) throw new AppError('too_many_shares');
    const secret = grantee === undefined ? randomId() : null;
    const now = this.#now();
    const record: ShareRecord = {
      ...share,
      share_id: randomId(),
      user_id: grantee?.user_id ?? null,
      username: grantee?.username ?? null,
      ...(secret === null ? {} : { secret_hash: this.#hash(secret) }),
      uses_left: secret === null ? 0 : uses,
      members: [],
      created_at: new Date(now),
      expires_at: new Date(now + lifeMs),
      revoked_at: null,
    };
    await this.#model.create(record);
    // Counted again, because others may have been made at the same moment.
    if ((await this.#model.countDocuments(ofSession)) > maxSharesPerSession) {
      await this.#model.deleteOne({ share_id: record.share_id });
      throw new AppError('too_many_shares');
    }
    return { share: record, secret };
  }

  ofSession(ownerUserId: string, sessionId: string): Promise<ShareRecord[]> {
    return this.#model
      .find({ ...this.#valid(), session_id: sessionId, owner_user_id: ownerUserId })
      .sort({ created_at: 1 })
      .limit(maxSharesPerSession)
      .lean();
  }

  /** The shares that a user has got, or has joined by a link. */
  async withUser(userId: string): Promise<ShareRecord[]> {
    return this.#model
      .find({ ...this.#valid(), ...usedBy(userId) })
      .sort({ created_at: -1 })
      .limit(maxListed)
      .lean();
  }

  /** The share, if this user may use it now. @throws AppError share_not_found */
  async usable(shareId: string, userId: string): Promise<ShareRecord> {
    const share = await this.#model.findOne({ ...this.#valid(), share_id: shareId, ...usedBy(userId) }).lean();
    if (share === null) throw new AppError('share_not_found');
    return share;
  }

  /**
   * Uses up one use of a link, in one update, unless the user has used it before.
   * @throws AppError share_not_found: the same for every link that is not valid; conflict for the owner's own link
   */
  async redeem(secret: string, { userId, username }: Guest): Promise<ShareRecord> {
    const link = { ...this.#valid(), secret_hash: this.#hash(secret) };
    const known = await this.#model.findOne(link).lean();
    if (known?.owner_user_id === userId) throw new AppError('conflict', 'This link is for a terminal of your own.');
    if (known?.members.some(({ user_id }) => user_id === userId)) return known;
    const member = { user_id: userId, username, joined_at: new Date(this.#now()) };
    const joined = await this.#model
      .findOneAndUpdate(
        { ...link, uses_left: mongoose.trusted({ $gt: 0 }), 'members.user_id': mongoose.trusted({ $ne: userId }) },
        { $inc: { uses_left: -1 }, $push: { members: member } },
        { returnDocument: 'after' },
      )
      .lean();
    if (joined === null) throw new AppError('share_not_found');
    return joined;
  }

  /** @throws AppError share_not_found, also if it has ended */
  async revoke(ownerUserId: string, sessionId: string, shareId: string): Promise<ShareRecord> {
    const whose = { share_id: shareId, session_id: sessionId, owner_user_id: ownerUserId };
    const share = await this.#model
      .findOneAndUpdate({ ...this.#valid(), ...whose }, { revoked_at: new Date(this.#now()) })
      .lean();
    if (share === null) throw new AppError('share_not_found');
    return share;
  }

  /** Those of these shares that have ended. */
  async ended(shareIds: readonly string[]): Promise<string[]> {
    const ids = mongoose.trusted({ $in: [...shareIds] });
    const valid = await this.#model.find({ ...this.#valid(), share_id: ids }, { share_id: 1 }).lean();
    const known = new Set(valid.map(({ share_id }) => share_id));
    return shareIds.filter((id) => !known.has(id));
  }

  #valid(): QueryFilter<ShareRecord> {
    return { revoked_at: null, expires_at: mongoose.trusted({ $gt: new Date(this.#now()) }) };
  }

  #hash(secret: string): string {
    return hmacSha256(this.#key, 'share link\0', secret).toString('base64url');
  }
}

/** 128 random bits. */
const randomId = (): string => randomBytes(16).toString('base64url');

const usedBy = (userId: string): QueryFilter<ShareRecord> => ({
  $or: [{ user_id: userId }, { 'members.user_id': userId }],
});
