import { randomBytes } from 'node:crypto';
import { type AttachMode, createTicket } from '@webxterm/contracts/rest';
import { defaultKind, sshKind, sshRights, tcpKind } from '@webxterm/contracts/session-kinds';
import { scopesFor, type TokenScope } from '@webxterm/contracts/token-scopes';
import { AppError, type JwtKey } from '@webxterm/shared';
import {
  authenticateAny,
  isPersonalToken,
  type KnownTokens,
  openResumePass,
  requireAddress,
  requireScope,
} from '@webxterm/shared/api';
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
  /** The share of the token, by which a guest attaches to the session of another user. */
  readonly shareId?: string | undefined;
  /** The token is for the session of another user, to view it by the right `watch`. */
  readonly watches?: boolean | undefined;
  /** The kind of the session of the token. */
  readonly sessionKind: string | undefined;
}

export interface AdmissionOptions {
  readonly jwtKeys: readonly JwtKey[];
  readonly ticketKey: Buffer;
  readonly passKey: Buffer;
  readonly allowList: Pick<AllowList, 'find'>;
  readonly accessTokens?: Pick<KnownTokens, 'find'>;
  readonly redemption: Pick<Redemption, 'redeem'>;
  readonly now: () => number;
}

/** The token of an upgrade, and where it came from. */
export interface PresentedToken {
  readonly token: string | undefined;
  readonly clientIp: string;
  /** It was the parameter `token` of the URL. */
  readonly inUrl: boolean;
  readonly purpose?: Purpose;
}

/**
 * The purpose of a WebSocket. A forwarded TCP connection is admitted by an access token with the scope `forward`, an ssh connection by one with
 * any of its rights. Neither is admitted by a ticket.
 */
export type Purpose = 'terminal' | 'forward' | 'ssh';

const scopesOf: Readonly<Record<Purpose, readonly TokenScope[]>> = {
  terminal: scopesFor(createTicket.id),
  forward: ['forward'],
  ssh: sshRights,
};
const kindsOfPurpose: ReadonlyMap<string, Purpose> = new Map([
  [tcpKind, 'forward'],
  [sshKind, 'ssh'],
]);

/** Verifies tokens of upgrades, and redeems one-use tokens. */
export class AdmissionControl {
  readonly #options: AdmissionOptions;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** @throws AppError unauthenticated for an invalid token; unavailable if it cannot be checked */
  async admit({ token, clientIp, inUrl, purpose = 'terminal' }: PresentedToken): Promise<Admission> {
    if (token === undefined) throw new AppError('unauthenticated');
    // The prefix only selects the check. It is part of each MAC, and no JWT starts with one.
    if (token.startsWith('wxt_tk_')) return forPurpose(purpose, await this.#byTicket(token, clientIp));
    if (token.startsWith('wxt_rp_')) return forPurpose(purpose, await this.#byPass(token, clientIp));
    // Servers and proxies log URLs, and an access token is valid for months.
    if (inUrl && isPersonalToken(token))
      throw new AppError('unauthenticated', 'Send an access token in the Authorization header, not in the URL.');
    const caller = await authenticateAny(this.#options, token, clientIp);
    requireScope(caller.token, scopesOf[purpose]);
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

  async #byTicket(token: string, clientIp: string): Promise<Admission> {
    const ticket = openTicket(this.#options.ticketKey, token, this.#options.now());
    const username = await this.#stillCounts(ticket, clientIp);
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
      shareId: ticket.share_id,
      watches: ticket.watch,
      sessionKind: ticket.kind ?? defaultKind,
    };
  }

  async #byPass(token: string, clientIp: string): Promise<Admission> {
    const pass = openResumePass(this.#options.passKey, token, this.#options.now());
    const username = await this.#stillCounts(pass, clientIp);
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
      shareId: pass.share_id,
      watches: pass.watch,
      recording: pass.recording,
      sessionKind: pass.kind ?? defaultKind,
    };
  }

  async #stillCounts(token: { sid: string; user_id: string }, clientIp: string): Promise<string> {
    const entry = await this.#options.allowList.find(token.sid);
    if (entry.user_id !== token.user_id) throw new AppError('unauthenticated');
    if (entry.token !== undefined) requireAddress(entry.token, clientIp);
    return entry.username;
  }
}

/** A ticket or pass for a terminal admits to no forwarded connection, and one for a connection to no terminal. @throws AppError unauthenticated */
const forPurpose = (purpose: Purpose, admission: Admission): Admission => {
  if (purpose !== (kindsOfPurpose.get(admission.sessionKind ?? defaultKind) ?? 'terminal'))
    throw new AppError('unauthenticated', 'The token is for a session of another kind.');
  return admission;
};

/** 128 random bits for an id or a `jti`. */
export const newId = (): Buffer => randomBytes(16);
