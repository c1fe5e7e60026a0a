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

/** Security headers of API responses: data that a browser must not run, frame or render. */
export const apiSecurity = (publicUrl: string): Apply =>
  helmet({
    ...common(publicUrl),
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
  });

/** The WebSocket sources of the allowed origins. CSP cannot express an IPv6 address, so such an origin relies on `'self'`. */
const webSocketSources = (origins: Iterable<string>): string[] =>
  [...origins].filter((origin) => !origin.includes('[')).map((origin) => origin.replace(/^http/, 'ws'));

/**
 * The web UI runs only its own files: no inline script, no eval, no foreign source. Inline styles are allowed because Mantine and xterm set
 * them on elements at run time. `connect-src 'self'` covers WebSockets only in newer browsers, so their sources are listed too.
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
