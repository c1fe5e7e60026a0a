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
/** Names that are tried for the machine: the name, then with -2, -3 … */
const maxNames = 20;
const LoginAnswer = z.looseObject({ token: z.string() });
const MachineAnswer = z.looseObject({ registration_token: z.string() });

/** The gateway rejected the request. A retry would give the same result, and a sign-in would count against the account. */
class Refused extends Error {}

/**
 * Signs in and adds a machine of the account. Returns its registration token. The account's API key would work, too, but a machine that
 * enrols by API key is shown to its owner as a new one, to be confirmed.
 * @param patience default: no retry
 * @throws Error with the response of the gateway
 */
export const registrationTokenOf = async (
  gateway: GatewayAddress,
  account: Account,
  machineName: string,
  patience?: GatewayPatience,
): Promise<string> => {
  const startedAt = performance.now();
  let saidAt = Number.NEGATIVE_INFINITY;
  for (;;) {
    try {
      return await addMachine(gateway, await signIn(gateway, account), machineName);
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

interface Answer {
  readonly status: number;
  readonly text: string;
}

const post = (gateway: GatewayAddress, path: string, content: object, token?: string): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const url = new URL(path, gateway.url);
    const body = JSON.stringify(content);
    const options = {
      method: 'POST',
      ...(gateway.dial === undefined ? {} : { hostname: gateway.dial.host, port: gateway.dial.port }),
      headers: {
        host: url.host,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
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
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.end(body);
  });

const failed = (what: string, { status }: Answer): Error => {
  const said = `${what} is answered ${status}`;
  return status >= 500 ? new Error(said) : new Refused(said);
};

const signIn = async (gateway: GatewayAddress, { email, password }: Account): Promise<string> => {
  const answer = await post(gateway, '/api/login', { email, password });
  if (answer.status !== 200) throw failed(`signing in as ${email}`, answer);
  return LoginAnswer.parse(JSON.parse(answer.text)).token;
};

const addMachine = async (gateway: GatewayAddress, token: string, machineName: string): Promise<string> => {
  for (let attempt = 1; ; attempt += 1) {
    const name = attempt === 1 ? machineName : `${machineName}-${attempt}`;
    const answer = await post(gateway, '/api/machines', { name }, token);
    if (answer.status === 201) return MachineAnswer.parse(JSON.parse(answer.text)).registration_token;
    // Another machine has the name: the data of the agent was deleted, or restored from a backup.
    if (answer.status !== 409 || attempt === maxNames) throw failed(`adding the machine ${name}`, answer);
  }
};
