import { AppError } from '@webxterm/shared';

/** A JWT in `?token=` has at most 4096 characters. The remainder is for the path and a few short parameters. */
export const maxTarget = 8192;

export interface Target {
  /** Starts with one slash; no empty, dot or encoded-unreserved segments. */
  readonly path: string;
  /** Without the question mark; '' when there is none. */
  readonly query: string;
}

// RFC 3986, 3.3 `pchar`. Percent-encoding is checked separately.
const plainPath = /^\/[A-Za-z0-9\-._~!$&'()*+,;=:@/%]*$/;
// Encoded characters that two parsers could interpret differently: slash, backslash, percent, NUL, control characters, and every unreserved
// character (RFC 3986, 6.2.2.2), including the dot of dot segments.
const ambiguous =
  /%(?![0-9A-Fa-f]{2})|%(2[Ff]|5[Cc]|25|[01][0-9A-Fa-f]|7[Ff]|2[DdEe]|3[0-9]|4[1-9A-Fa-f]|5[0-9Aa]|5[Ff]|6[1-9A-Fa-f]|7[0-9AaEe])/;
const emptyOrDots = /\/(\.{0,2}\/|\.{1,2}$)/;

const refuse = (what: string): never => {
  throw new AppError('bad_request', `The request's path is not in its canonical form: ${what}.`);
};

/**
 * Parses a request target that every downstream router interprets in the same way: the matched path is the forwarded path.
 * @throws AppError uri_too_long, bad_request
 */
export const canonicalTarget = (target: string): Target => {
  if (target.length > maxTarget) throw new AppError('uri_too_long', `The address is over ${maxTarget} characters.`);
  if (!target.startsWith('/')) refuse('it must start with a slash, without scheme and host');
  const mark = target.indexOf('?');
  const path = mark === -1 ? target : target.slice(0, mark);
  const query = mark === -1 ? '' : target.slice(mark + 1);
  if (!plainPath.test(path)) refuse('it holds a character that must be percent-encoded');
  if (emptyOrDots.test(path)) refuse('it holds an empty or dot segment');
  if (path.includes('%')) {
    if (ambiguous.test(path)) refuse('it holds an encoded slash, backslash, dot, control or ordinary character');
    try {
      decodeURIComponent(path);
    } catch {
      refuse('its percent-encoding is not UTF-8');
    }
  }
  if (query.includes('#') || query.includes('\0')) refuse('it holds a fragment or NUL');
  return { path, query };
};
