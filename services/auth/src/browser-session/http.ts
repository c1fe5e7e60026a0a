import { browserSession, login } from '@webxterm/contracts/rest';
import { AppError } from '@webxterm/shared';
import type { Api, RequestContext } from '@webxterm/shared/api';
import { type Auditor, auditSigninRef } from '@webxterm/shared/audit';
import type { AllowList } from '@webxterm/shared/bus';
import type { UserStore } from '../accounts/user-store.ts';
import type { FactorPolicies } from '../factor-policy/factor-policies.ts';
import type { Signins } from '../signins/signins.ts';
import { tokenExpiry } from '../signins/token-life.ts';
import type { KnownDevices } from '../throttling/known-devices.ts';
import type { BrowserSessions } from './browser-sessions.ts';
import { readCookie, setCookie } from './cookie.ts';
import { readPair } from './pair.ts';

export interface BrowserSessionRoutes {
  readonly browsers: BrowserSessions;
  readonly signins: Signins;
  readonly users: UserStore;
  readonly policies: Pick<FactorPolicies, 'requiredFrom'>;
  readonly allowList: Pick<AllowList, 'find'>;
  readonly auditor: Pick<Auditor, 'count'>;
  readonly origins: ReadonlySet<string>;
  readonly cookieName: string;
  readonly devices: KnownDevices;
  readonly deviceCookieName: string;
  /** PUBLIC_URL is https: the cookie is always Secure, whatever a proxy reports. */
  readonly alwaysSecure: boolean;
}

/** A page of another origin cannot send this header without a CORS preflight. */
const browserHeader = 'x-webxterm-browser';

/** `POST /api/auth/session`: keeps the web UI signed in across a reload. */
export const mountBrowserSession = (api: Api, options: BrowserSessionRoutes): void => {
  const { browsers, signins, users, allowList, cookieName } = options;

  api.mount(browserSession, async ({ body, caller, context }) => {
    requireOurPage(context, options.origins);
    const held = caller === undefined ? await pickUp(body.half, context) : await browsers.bind(caller.sid);
    // The allow-list decides: a sign-in whose end is in progress is not returned again.
    const entry = await allowList.find(held.sid, { enrolling: true });
    const user = await users.byId(entry.user_id);
    if (user === null) throw new AppError('unauthenticated');
    if (caller === undefined) {
      const signin_ref = auditSigninRef(held.sid);
      const actor = { kind: 'user', user_id: entry.user_id, username: user.username, signin_ref } as const;
      await options.auditor.count(signin_ref, { action: 'token_refresh', actor, details: { by: 'browser' } });
    }
    const endsAt = tokenExpiry(Math.floor(Date.now() / 1000), entry.exp);
    const secure = options.alwaysSecure || context.proto === 'https';
    const { path } = browserSession;
    setCookie(context.response, cookieName, held.pair.cookie, { path, secure, expires: held.signin.expires_at });
    if (caller !== undefined) {
      const { cookie, expires } = options.devices.makeCookie(user, held.sid, Date.now());
      setCookie(context.response, options.deviceCookieName, cookie, { path: login.path, secure, expires });
    }
    return {
      token: signins.token(entry.user_id, held.sid, entry.exp),
      half: held.pair.half,
      expires_at: new Date(endsAt * 1000).toISOString(),
      user: {
        id: entry.user_id,
        username: user.username,
        email: user.email,
        role: user.role,
        avatar_url: user.avatar_url,
      },
      second_factor: {
        required_from: options.policies.requiredFrom(user)?.toISOString() ?? null,
        reset_at: user.second_factor?.reset_at?.toISOString() ?? null,
      },
    };
  });

  const pickUp = (half: string | undefined, context: RequestContext) => {
    const pair = readPair(readCookie(context.request.headers.cookie, cookieName), half);
    if (pair === undefined) throw new AppError('unauthenticated', 'This browser is not signed in.');
    return browsers.pickUp(pair);
  };
};

const requireOurPage = (context: RequestContext, origins: ReadonlySet<string>): void => {
  const { origin } = context.request.headers;
  if (origin === undefined || !origins.has(origin)) throw new AppError('origin_not_allowed');
  if (context.request.headers[browserHeader] !== '1')
    throw new AppError(
      'origin_not_allowed',
      `This route is only for the web UI: the header ${browserHeader}: 1 is missing.`,
    );
};
