import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { z } from 'zod';

export interface Door {
  /** PUBLIC_URL: what stands in Host. */
  readonly url: string;
  /** Where it is dialled, when that is elsewhere. */
  readonly dial?: { readonly host: string; readonly port: number };
  /** PEM of those who vouch for it; undefined: the public CAs. */
  readonly ca: readonly string[] | undefined;
}

const answerWithinMs = 15_000;
const LoginAnswer = z.looseObject({ user: z.looseObject({ api_key: z.string() }) });

/** The API key of who signs in. @throws Error that says what was answered */
export const apiKeyOf = (door: Door, account: { email: string; password: string }): Promise<string> =>
  new Promise((resolve, reject) => {
    const url = new URL('/api/login', door.url);
    const body = JSON.stringify({ email: account.email, password: account.password });
    const options = {
      method: 'POST',
      ...(door.dial === undefined ? {} : { hostname: door.dial.host, port: door.dial.port }),
      headers: { host: url.host, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      signal: AbortSignal.timeout(answerWithinMs),
      agent: false,
    } as const;
    const request =
      url.protocol === 'https:'
        ? tlsRequest(url, { ...options, ...(door.ca === undefined ? {} : { ca: [...door.ca] }) })
        : plainRequest(url, options);
    request.on('error', reject);
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode } = response;
        if (statusCode !== 200) return reject(new Error(`signing in as ${account.email} is answered ${statusCode}`));
        try {
          resolve(LoginAnswer.parse(JSON.parse(text)).user.api_key);
        } catch (error) {
          reject(error);
        }
      });
    });
    request.end(body);
  });
