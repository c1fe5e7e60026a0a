import { createHash, randomBytes } from 'node:crypto';
import type { createEnrolmentToken, EnrolmentToken } from '@webxterm/contracts/rest';
import { AppError } from '@webxterm/shared';
import type { Caller } from '@webxterm/shared/api';
import type { Auditor } from '@webxterm/shared/audit';
import mongoose from 'mongoose';
import type { z } from 'zod';
import type { People } from '../access/people.ts';
import { grantTags } from '../machines/grant-tags.ts';
import type { MachineModels } from '../machines/record.ts';
import type { EnrolmentTokenRecord } from './enrolment-token-record.ts';

const prefix = 'wxt_et_';
/** Limit of tokens of one user that are neither revoked nor expired. */
const maxUsable = 50;
const maxListed = 100;

export const isEnrolmentToken = (text: string): boolean => /^wxt_et_[A-Za-z0-9_-]{43}$/.test(text);

/** The hash has a prefix of its own, so that it differs from the hashes of other kinds of secrets. */
export const enrolmentTokenHash = (token: string): string =>
  createHash('sha256').update(`enrolment ${token}`).digest('hex');

export interface EnrolmentTokensOptions {
  readonly models: Pick<MachineModels, 'enrolmentTokens'>;
  readonly people: Pick<People, 'prepare' | 'restOn'>;
  readonly auditor: Pick<Auditor, 'recordIn'>;
  readonly now: () => number;
}

/** The enrolment tokens of users. `redeemEnrolmentToken` uses them up. */
export class EnrolmentTokens {
  readonly #options: EnrolmentTokensOptions;

  constructor(options: EnrolmentTokensOptions) {
    this.#options = options;
  }

  /** @throws AppError too_many_enrolment_tokens; unauthenticated if the user was deleted meanwhile */
  async create(
    caller: Caller,
    { name, machines, expires_in_hours, name_pattern, tags }: z.output<typeof createEnrolmentToken.body>,
  ): Promise<{ enrolment_token: EnrolmentToken; token: string }> {
    const { models, people, auditor, now } = this.#options;
    await people.prepare(caller.userId);
    const token = `${prefix}${randomBytes(32).toString('base64url')}`;
    const at = new Date(now());
    const record: EnrolmentTokenRecord = {
      token_id: `et_${randomBytes(16).toString('hex')}`,
      owner_id: caller.userId,
      owner_username: caller.username,
      name,
      hash: enrolmentTokenHash(token),
      machines,
      left: machines,
      name_pattern,
      tags,
      grant_tags: grantTags(caller, tags),
      created_at: at,
      expires_at: new Date(at.getTime() + expires_in_hours * 3_600_000),
      last_used: null,
      revoked_at: null,
    };
    await models.enrolmentTokens.db.transaction(async (session) => {
      // Also makes concurrent calls of one user conflict, so that the limit holds.
      if ((await people.restOn(caller.userId, session)) === undefined) throw new AppError('unauthenticated');
      const usable = { owner_id: caller.userId, revoked_at: null, expires_at: mongoose.trusted({ $gt: at }) };
      if ((await models.enrolmentTokens.countDocuments(usable, { session })) >= maxUsable)
        throw new AppError('too_many_enrolment_tokens');
      await models.enrolmentTokens.create([record], { session });
      const details = { token: record.token_id, name, machines, expires_at: record.expires_at.toISOString() };
      await auditor.recordIn(session, { action: 'enrolment_token_created', details });
    });
    return { enrolment_token: viewOf(record), token };
  }

  async list(ownerId: string): Promise<EnrolmentToken[]> {
    const { enrolmentTokens } = this.#options.models;
    const found = await enrolmentTokens.find({ owner_id: ownerId }).sort({ created_at: -1 }).limit(maxListed).lean();
    return found.map(viewOf);
  }

  /** @throws AppError enrolment_token_not_found */
  async revoke(caller: Caller, tokenId: string): Promise<void> {
    const { models, auditor, now } = this.#options;
    await models.enrolmentTokens.db.transaction(async (session) => {
      const revoked = await models.enrolmentTokens
        .findOneAndUpdate(
          { token_id: tokenId, owner_id: caller.userId, revoked_at: null },
          { $set: { revoked_at: new Date(now()) } },
          { returnDocument: 'after', session },
        )
        .lean();
      if (revoked === null) throw new AppError('enrolment_token_not_found');
      const details = { token: tokenId, name: revoked.name, enrolled: revoked.machines - revoked.left };
      await auditor.recordIn(session, { action: 'enrolment_token_revoked', details });
    });
  }
}

const viewOf = (record: EnrolmentTokenRecord): EnrolmentToken => ({
  token_id: record.token_id,
  name: record.name,
  last_used: record.last_used?.toISOString() ?? null,
  machines: record.machines,
  enrolled: record.machines - record.left,
  name_pattern: record.name_pattern,
  tags: record.tags,
  created_at: record.created_at.toISOString(),
  expires_at: record.expires_at.toISOString(),
  revoked_at: record.revoked_at?.toISOString() ?? null,
});
