import helmet from 'helmet';

type Apply = ReturnType<typeof helmet>;

const common = (publicUrl: string) => ({
  strictTransportSecurity: publicUrl.startsWith('https:')
    ? { maxAge: 31_536_000, includeSubDomains: false }
    : (false as const),
  referrerPolicy: { policy: 'no-referrer' as const },
  xFrameOptions: { action: 'deny' as const },
  crossOriginResourcePolicy: { policy: 'same-origin' as const },
  xPoweredBy: false,
});

/** Answers of the API are data: nothing in them may run, be framed or be shown. */
export const apiSecurity = (publicUrl: string): Apply =>
  helmet({
    ...common(publicUrl),
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
  });

/** The WebSocket sources of our origins. A policy has no way to write an IPv6 address: there `'self'` must do. */
const webSocketSources = (origins: Iterable<string>): string[] =>
  [...origins].filter((origin) => !origin.includes('[')).map((origin) => origin.replace(/^http/, 'ws'));

/**
 * The web UI runs its own files only: no inline script, no eval, nothing from elsewhere. Styles may be inline, for Mantine and
 * xterm set them on elements at run time. `connect-src 'self'` covers WebSockets only in newer browsers, so they are named too.
 */
export const pageSecurity = (publicUrl: string, origins: Iterable<string>): Apply =>
  helmet({
    ...common(publicUrl),
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        scriptSrcAttr: ["'none'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'"],
        fontSrc: ["'self'"],
        connectSrc: ["'self'", ...webSocketSources(origins)],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
  });
