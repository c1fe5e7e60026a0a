const loopbackHosts = ['127.0.0.1', 'localhost', '[::1]'];

/** Which Origin headers are ours: PUBLIC_URL's, the extra ones, and on loopback every name of this machine with our port. */
export const allowedOrigins = (publicUrl: string, extra: readonly string[]): ReadonlySet<string> => {
  const { protocol, hostname, port, origin } = new URL(publicUrl);
  const names = loopbackHosts.includes(hostname)
    ? loopbackHosts.map((name) => new URL(`${protocol}//${name}${port === '' ? '' : `:${port}`}`).origin)
    : [];
  return new Set([origin, ...extra.map((text) => new URL(text).origin), ...names]);
};
