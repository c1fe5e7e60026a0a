import { randomBytes } from 'node:crypto';
import type { AttachMode } from '@webxterm/contracts/rest';
import { defaultKind } from '@webxterm/contracts/session-kinds';
import { AppError, type JwtKey } from '@webxterm/shared';
import { authenticate, openResumePass } from '@webxterm/shared/api';
import type { AllowList } from '@webxterm/shared/bus';
import type { Redemption } from './redemption.ts';
import { openTicket } from './ticket.ts';

/** The claims of a token, verified against the allow-list: who may attach, and to which session. */
export interface Admission {
  readonly kind: 'jwt' | 'ticket' | 'pass';
  readonly sid: string;
  readonly userId: string;
  readonly username: string;
  /** The machine of the token. This field and the next three are undefined if the token is not bound to one, like a JWT. */
  readonly agentId: string | undefined;
  readonly sessionId: string | undefined;
  readonly viewerId: string | undefined;
  readonly mode: AttachMode | undefined;
  /** Whether the session of a resume pass is recorded. Undefined: it is not, or the token is none. */
  readonly recording?: 'on' | 'required' | undefined;
  /** The kind of the session of the token. */
  readonly sessionKind: string | undefined;
}

export interface AdmissionOptions {
  readonly jwtKeys: readonly JwtKey[];
  readonly ticketKey: Buffer;
  readonly passKey: Buffer;
  readonly allowList: Pick<AllowList, 'find'>;
  readonly redemption: Pick<Redemption, 'redeem'>;
  readonly now: () => number;
}

/** Verifies tokens of upgrades, and redeems one-use tokens. */
export class AdmissionControl {
  readonly #options: AdmissionOptions;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** @throws AppError unauthenticated for an invalid token; unavailable if it cannot be checked */
  async admit(token: string | undefined): Promise<Admission> {
    if (token === undefined) throw new AppError('unauthenticated');
    // The prefix only selects the check. It is part of each MAC, and no JWT starts with one.
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
      sessionKind: undefined,
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
      sessionKind: ticket.kind ?? defaultKind,
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
      recording: pass.recording,
      sessionKind: pass.kind ?? defaultKind,
    };
  }

  async #stillCounts(token: { sid: string; user_id: string }): Promise<string> {
    const entry = await this.#options.allowList.find(token.sid);
    if (entry.user_id !== token.user_id) throw new AppError('unauthenticated');
    return entry.username;
  }
}

/** 128 random bits for an id or a `jti`. */
export const newId = (): Buffer => randomBytes(16);
