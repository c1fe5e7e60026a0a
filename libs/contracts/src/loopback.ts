/** The names of this machine that a browser, or a person, uses. As a URL has them. */
const names = ['127.0.0.1', 'localhost', '[::1]'] as const;
const byte = '(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const loopback = new RegExp(`^(localhost|::1|\\[::1\\]|127(\\.${byte}){3})$`);

/** Whether a host is this very machine, by its name or address: of a setting (`::1`) or of a URL (`[::1]`), without a port. */
export const isLoopback = (host: string): boolean => loopback.test(host);

/** The URLs under which the place of this one is reached as well: on loopback, where the host is one of its three names. */
export const alikeOnLoopback = ({ protocol, hostname, port, href }: URL): readonly URL[] =>
  names.some((name) => name === hostname)
    ? names.map((name) => new URL(`${protocol}//${name}${port === '' ? '' : `:${port}`}`))
    : [new URL(href)];
