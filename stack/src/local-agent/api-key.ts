import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { setTimeout as passed } from 'node:timers/promises';
import { z } from 'zod';
import { reasonOf } from '../failure.ts';

export interface GatewayAddress {
  /** PUBLIC_URL, the value of the Host header. */
  readonly url: string;
  /** Address to connect to, if it differs from the URL. */
  readonly dial?: { readonly host: string; readonly port: number };
  /** PEM of the accepted CAs. Undefined: the public CAs. */
  readonly ca: readonly string[] | undefined;
}

export interface Account {
  readonly email: string;
  readonly password: string;
}

/** How long to wait for a gateway that does not respond yet. */
export interface GatewayPatience {
  readonly withinMs: number;
  /** Called at intervals with the reason of the wait. */
  readonly say: (why: string) => void;
}

const answerWithinMs = 15_000;
const retryMs = 1000;
const sayAgainMs = 15_000;
const LoginAnswer = z.looseObject({ user: z.looseObject({ api_key: z.string() }) });

/** The gateway rejected the sign-in. A retry would give the same result and count against the account. */
class Refused extends Error {}

/**
 * Signs in and returns the API key of the account.
 * @param patience default: no retry
 * @throws Error with the response of the gateway
 */
export const apiKeyOf = async (
  gateway: GatewayAddress,
  account: Account,
  patience?: GatewayPatience,
): Promise<string> => {
  const startedAt = performance.now();
  let saidAt = Number.NEGATIVE_INFINITY;
  for (;;) {
    try {
      return await signIn(gateway, account);
    } catch (error) {
      const now = performance.now();
      if (patience === undefined || error instanceof Refused || now - startedAt > patience.withinMs) throw error;
      if (now - saidAt > sayAgainMs) {
        saidAt = now;
        patience.say(reasonOf(error));
      }
      await passed(retryMs);
    }
  }
};

const signIn = (gateway: GatewayAddress, account: Account): Promise<string> =>
  new Promise((resolve, reject) => {
    const url = new URL('/api/login', gateway.url);
    const body = JSON.stringify({ email: account.email, password: account.password });
    const options = {
      method: 'POST',
      ...(gateway.dial === undefined ? {} : { hostname: gateway.dial.host, port: gateway.dial.port }),
      headers: { host: url.host, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      signal: AbortSignal.timeout(answerWithinMs),
      agent: false,
    } as const;
    const request =
      url.protocol === 'https:'
        ? tlsRequest(url, { ...options, ...(gateway.ca === undefined ? {} : { ca: [...gateway.ca] }) })
        : plainRequest(url, options);
    request.on('error', reject);
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () => {
        try {
          resolve(apiKeyIn(response.statusCode ?? 0, text, account.email));
        } catch (error) {
          reject(error);
        }
      });
    });
    request.end(body);
  });

const apiKeyIn = (status: number, text: string, email: string): string => {
  if (status === 200) return LoginAnswer.parse(JSON.parse(text)).user.api_key;
  const said = `signing in as ${email} is answered ${status}`;
  throw status >= 500 ? new Error(said) : new Refused(said);
};
