import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { setTimeout as passed } from 'node:timers/promises';
import { z } from 'zod';
import { reasonOf } from '../failure.ts';

export interface Door {
  /** PUBLIC_URL: what stands in Host. */
  readonly url: string;
  /** Where it is dialled, when that is elsewhere. */
  readonly dial?: { readonly host: string; readonly port: number };
  /** PEM of those who vouch for it; undefined: the public CAs. */
  readonly ca: readonly string[] | undefined;
}

export interface Account {
  readonly email: string;
  readonly password: string;
}

/** How long whoever asks waits for a door that does not answer yet. */
export interface DoorPatience {
  readonly withinMs: number;
  /** Told once in a while why it waits. */
  readonly say: (why: string) => void;
}

const answerWithinMs = 15_000;
const retryMs = 1000;
const sayAgainMs = 15_000;
const LoginAnswer = z.looseObject({ user: z.looseObject({ api_key: z.string() }) });

/** The door answered, and meant it: asking again changes nothing, and counts against the account. */
class Refused extends Error {}

/**
 * The API key of who signs in.
 * @param patience default: the door answers now @throws Error that says what was answered
 */
export const apiKeyOf = async (door: Door, account: Account, patience?: DoorPatience): Promise<string> => {
  const startedAt = performance.now();
  let saidAt = Number.NEGATIVE_INFINITY;
  for (;;) {
    try {
      return await signIn(door, account);
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

const signIn = (door: Door, account: Account): Promise<string> =>
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
