import { X509Certificate } from 'node:crypto';
import { request as plainRequest, type RequestOptions } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { getCACertificates } from 'node:tls';

const timeoutMs = 5000;
const maxAnswer = 64 * 1024;

/** Who may vouch for a host: the public CAs, those and a private one (PEM), or, to ask for that one, anyone. */
export type Trust = 'public' | 'anyone' | { ca: string };

export type HostAnswer = { status: number; body: string };

/**
 * GET, without following anything.
 * @throws Error of the connection, with `code`; when the answer takes longer than 5 s or is longer than 64 KiB
 */
export const askHost = (url: string, trust: Trust): Promise<HostAnswer> =>
  new Promise((resolve, reject) => {
    const options: RequestOptions & { ca?: string[]; rejectUnauthorized?: boolean } = {
      signal: AbortSignal.timeout(timeoutMs),
      agent: false,
      ...(trust === 'anyone' ? { rejectUnauthorized: false } : {}),
      ...(typeof trust === 'object' ? { ca: [...getCACertificates('default'), trust.ca] } : {}),
    };
    const request = url.startsWith('https:') ? tlsRequest(url, options) : plainRequest(url, options);
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
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
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

/** The host has a certificate, but of a CA that is not trusted. */
export const isUntrusted = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && untrusted.has(String(error.code));

/** `sha256:` and 64 hexadecimal digits of the certificate's DER bytes: what people compare. @throws Error for what is none */
export const fingerprintOf = (pem: string): string =>
  `sha256:${new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase()}`;
