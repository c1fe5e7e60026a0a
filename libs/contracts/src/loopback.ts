/** Loopback host names that browsers and people use, as written in a URL. */
const names = ['127.0.0.1', 'localhost', '[::1]'] as const;
const byte = '(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const loopback = new RegExp(`^(localhost|::1|\\[::1\\]|127(\\.${byte}){3})$`);

/** Whether a host is loopback, by name or address. Accepts the form of a setting (`::1`) and of a URL (`[::1]`), without a port. */
export const isLoopback = (host: string): boolean => loopback.test(host);

/**
 * All URLs that reach the same place. If the host is one of the three loopback names: the origin with each of them. Otherwise only the URL
 * itself.
 */
export const alikeOnLoopback = ({ protocol, hostname, port, href }: URL): readonly URL[] =>
  names.some((name) => name === hostname)
    ? names.map((name) => new URL(`${protocol}//${name}${port === '' ? '' : `:${port}`}`))
    : [new URL(href)];
