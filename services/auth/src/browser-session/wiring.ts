import type { Api } from '@webxterm/shared/api';
import type { Core } from '../core.ts';
import type { SigninParts } from '../signins/wiring.ts';
import type { ThrottlingParts } from '../throttling/wiring.ts';
import { allowedOrigins } from './allowed-origins.ts';
import { BrowserSessions } from './browser-sessions.ts';
import { mountBrowserSession } from './http.ts';

/** The session of a browser, kept in a cookie, and its routes. */
export const wireBrowserSessions = (parts: Core & SigninParts & ThrottlingParts) => {
  const { PUBLIC_URL, EXTRA_ORIGINS } = parts.settings;
  const browsers = new BrowserSessions(parts);
  return {
    mountBrowserSession: (api: Api): void =>
      mountBrowserSession(api, {
        ...parts,
        browsers,
        origins: allowedOrigins(PUBLIC_URL, EXTRA_ORIGINS),
        alwaysSecure: PUBLIC_URL.startsWith('https:'),
      }),
  };
};
