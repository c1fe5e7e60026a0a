import { X509Certificate } from 'node:crypto';
import type { IncomingMessage, RequestOptions } from 'node:http';
import { http, https, tls } from './node-http.ts';
import { type ProxySettings, proxyFor, whyNotThrough } from './proxy.ts';

const timeoutMs = 5000;
const maxAnswer = 64 * 1024;

/** CAs accepted for a host: the public ones, those and a private one (PEM), or any. Any CA is accepted only to ask for the private CA. */
export type Trust = 'public' | 'anyone' | { ca: string };

export type HostAnswer = {
  status: number;
  body: string;
  /** Target of a redirect. */
  location: string | undefined;
  /** The server's clock, ms since 1970. */
  date: number | undefined;
};

/**
 * GET through the proxy, if one is set. Follows no redirect.
 * @throws Error of the connection (with `code`) or of the proxy, or if the answer takes longer than 5 s or exceeds 64 KiB
 */
export const askHost = async (url: string, trust: Trust, settings: ProxySettings = {}): Promise<HostAnswer> => {
  const { protocol, hostname, port } = new URL(url);
  const target = `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`;
  const proxy = proxyFor(target, settings);
  try {
    return await get(url, trust, proxy?.url);
  } catch (error) {
    // Node's error message of a proxy contains its password.
    const reason = proxy === undefined ? undefined : await whyNotThrough(proxy, target);
    throw reason === undefined ? error : new Error(reason.replace(/\.$/, ''));
  }
};

const open = (url: string, trust: Trust, proxy: string | undefined, more: RequestOptions) => {
  const encrypted = url.startsWith('https:');
  const proxyEnv = proxy === undefined ? {} : { HTTP_PROXY: proxy, HTTPS_PROXY: proxy };
  const options: RequestOptions & { ca?: string[]; rejectUnauthorized?: boolean } = {
    ...more,
    agent: new (encrypted ? https : http).Agent({ keepAlive: false, proxyEnv }),
    ...(trust === 'anyone' ? { rejectUnauthorized: false } : {}),
    ...(typeof trust === 'object' ? { ca: [...tls.getCACertificates('default'), trust.ca] } : {}),
  };
  return (encrypted ? https : http).request(url, options);
};

/**
 * GET of a body of any length, through the proxy if one is set. Follows no redirect. The caller reads or destroys the body.
 * @throws Error of the connection. The body ends with an error if no byte arrives for `silentMs`.
 */
export const requestHost = (
  url: string,
  options: { trust: Trust; proxy: ProxySettings; silentMs: number; headers?: Record<string, string> },
): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const { hostname, port, protocol } = new URL(url);
    const proxy = proxyFor(`${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`, options.proxy);
    const request = open(url, options.trust, proxy?.url, { headers: options.headers ?? {} });
    const silence = (): Error => new Error(`no byte for ${options.silentMs / 1000} s`);
    request.setTimeout(options.silentMs, () => request.destroy(silence()));
    request.on('error', reject);
    request.on('response', resolve);
    request.end();
  });

const get = (url: string, trust: Trust, proxy: string | undefined): Promise<HostAnswer> =>
  new Promise((resolve, reject) => {
    const request = open(url, trust, proxy, { signal: AbortSignal.timeout(timeoutMs) });
    request.on('error', (error) =>
      reject(error.name === 'AbortError' ? new Error(`no answer within ${timeoutMs / 1000} s`) : error),
    );
    request.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('error', reject);
      response.on('data', (chunk: string) => {
        body += chunk;
        if (body.length > maxAnswer) response.destroy(new Error(`the answer is longer than ${maxAnswer / 1024} KiB`));
      });
      response.on('end', () => {
        const { location, date } = response.headers;
        const at = date === undefined ? Number.NaN : Date.parse(date);
        resolve({ status: response.statusCode ?? 0, body, location, date: Number.isNaN(at) ? undefined : at });
      });
    });
    request.end();
  });

const untrusted = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Whether the host's certificate is from an untrusted CA. */
export const isUntrusted = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && untrusted.has(String(error.code));

/**
 * `sha256:` and 64 hexadecimal digits, computed from the certificate's DER bytes, for users to compare. @throws Error if the text is no
 * certificate
 */
export const fingerprintOf = (pem: string): string =>
  `sha256:${new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase()}`;
