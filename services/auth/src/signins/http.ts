import { endOtherSignins, endSignin, listSignins, logout, refresh } from '@webxterm/contracts/rest';
import type { JwtKey } from '@webxterm/shared';
import { type Api, authenticate, hashSid } from '@webxterm/shared/api';
import { type Auditor, auditSigninRef } from '@webxterm/shared/audit';
import type { AllowList } from '@webxterm/shared/bus';
import { forgetCookie } from '../browser-session/cookie.ts';
import type { LastSeen } from './last-seen.ts';
import type { Signins } from './signins.ts';

export interface SigninRoutes {
  readonly signins: Signins;
  readonly allowList: Pick<AllowList, 'find' | 'require'>;
  readonly jwtKeys: readonly JwtKey[];
  readonly lastSeen: LastSeen;
  readonly cookieName: string;
  readonly auditor: Pick<Auditor, 'count'>;
}

/** Routes for refresh, sign-out, and the list of sign-ins. */
export const mountSignins = (api: Api, options: SigninRoutes): void => {
  const { signins, allowList, jwtKeys, lastSeen, cookieName, auditor } = options;

  // Needs only the allow-list, so tokens are refreshed while the database is unavailable.
  api.mount(refresh, async ({ body }) => {
    const caller = await authenticate({ jwtKeys, allowList }, body.token, { enrolling: true });
    lastSeen.note(hashSid(caller.sid));
    const token = signins.token(caller.userId, caller.sid, allowList.require(caller.sid, { enrolling: true }).exp);
    const { userId: user_id, username } = caller;
    const signin_ref = auditSigninRef(caller.sid);
    await auditor.count(signin_ref, {
      action: 'token_refresh',
      actor: { kind: 'user', user_id, username, signin_ref },
    });
    return { token };
  });

  api.mount(logout, async ({ caller, context }) => {
    await signins.endBySid(caller.sid, 'signed_out');
    forgetCookie(context.response, cookieName);
    return undefined;
  });

  api.mount(listSignins, async ({ caller }) => ({
    sessions: (await signins.list(caller.userId)).map((signin) => ({
      id: signin._id.toHexString(),
      current: signin.sid_hash === hashSid(caller.sid),
      created_at: signin.created_at.toISOString(),
      last_seen_at: signin.last_seen_at.toISOString(),
      expires_at: signin.expires_at.toISOString(),
      ip_address: signin.ip,
      user_agent: signin.user_agent,
    })),
  }));

  api.mount(endOtherSignins, async ({ caller }) => ({ ended: await signins.endOthers(caller) }));

  api.mount(endSignin, async ({ caller, params }) => {
    await signins.endOne(caller.userId, params.id);
    return undefined;
  });
};
