import { randomBytes } from 'node:crypto';
import type { AttachMode } from '@webxterm/contracts/rest';
import { AppError, type JwtKey } from '@webxterm/shared';
import { authenticate, openResumePass } from '@webxterm/shared/api';
import type { AllowList } from '@webxterm/shared/bus';
import type { Redemption } from './redemption.ts';
import { openTicket } from './ticket.ts';

/** Who comes in, and to what: what a token says, checked against the sign-ins that count. */
export interface Admission {
  readonly kind: 'jwt' | 'ticket' | 'pass';
  readonly sid: string;
  readonly userId: string;
  readonly username: string;
  /** What the token is bound to; undefined: a JWT is bound to nothing. */
  readonly agentId: string | undefined;
  readonly sessionId: string | undefined;
  readonly viewerId: string | undefined;
  readonly mode: AttachMode | undefined;
}

export interface AdmissionOptions {
  readonly jwtKeys: readonly JwtKey[];
  readonly ticketKey: Buffer;
  readonly passKey: Buffer;
  readonly allowList: Pick<AllowList, 'find'>;
  readonly redemption: Pick<Redemption, 'redeem'>;
  readonly now: () => number;
}

/** Tells who a token admits. One-use tokens are used up by it. */
export class AdmissionControl {
  readonly #options: AdmissionOptions;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** @throws AppError unauthenticated for any token that does not count; unavailable when that cannot be told */
  async admit(token: string | undefined): Promise<Admission> {
    if (token === undefined) throw new AppError('unauthenticated');
    // Which kind it is only chooses the check: the prefix is part of each MAC, and no JWT starts with one.
    if (token.startsWith('wxt_tk_')) return this.#byTicket(token);
    if (token.startsWith('wxt_rp_')) return this.#byPass(token);
    const caller = await authenticate(this.#options, token);
    return {
      kind: 'jwt',
      sid: caller.sid,
      userId: caller.userId,
      username: caller.username,
      agentId: undefined,
      sessionId: undefined,
      viewerId: undefined,
      mode: undefined,
    };
  }

  async #byTicket(token: string): Promise<Admission> {
    const ticket = openTicket(this.#options.ticketKey, token, this.#options.now());
    const username = await this.#stillCounts(ticket);
    await this.#options.redemption.redeem(ticket.jti, ticket.exp);
    return {
      kind: 'ticket',
      sid: ticket.sid,
      userId: ticket.user_id,
      username,
      agentId: ticket.agent_id,
      sessionId: ticket.session_id,
      viewerId: undefined,
      mode: ticket.mode,
    };
  }

  async #byPass(token: string): Promise<Admission> {
    const pass = openResumePass(this.#options.passKey, token, this.#options.now());
    const username = await this.#stillCounts(pass);
    await this.#options.redemption.redeem(pass.jti, pass.exp);
    return {
      kind: 'pass',
      sid: pass.sid,
      userId: pass.user_id,
      username,
      agentId: pass.agent_id,
      sessionId: pass.session_id,
      viewerId: pass.viewer_id,
      mode: pass.mode,
    };
  }

  async #stillCounts(token: { sid: string; user_id: string }): Promise<string> {
    const entry = await this.#options.allowList.find(token.sid);
    if (entry.user_id !== token.user_id) throw new AppError('unauthenticated');
    return entry.username;
  }
}

/** 128 random bits: an id, or what makes a token unlike any other. */
export const newId = (): Buffer => randomBytes(16);
