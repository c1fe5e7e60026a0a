import { setTimeout as delay } from 'node:timers/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { z } from 'zod';

/** The parts of a running product that the load tool needs. */
export interface Product {
  readonly url: string;
  readonly token: string;
  readonly agentId: string;
}

export interface Account {
  readonly email: string;
  readonly password: string;
}

/** From now on what this process asks of a stack with TLS is vouched for by its private CA (PEM) too. */
export const trustAuthority = (ca: string | undefined): void => {
  if (ca !== undefined) setDefaultCACertificates([...getCACertificates('default'), ca]);
};

const Login = z.looseObject({ token: z.string(), user: z.looseObject({ api_key: z.string() }) });
const Machines = z.looseObject({ machines: z.array(z.looseObject({ agent_id: z.string(), name: z.string() })) });
const Ticket = z.looseObject({ ticket: z.string(), session_id: z.string() });

const onlineWithinMs = 30_000;

/** @throws Error with status and body for every response other than 2xx */
const ask = async (url: string, init: RequestInit): Promise<unknown> => {
  const response = await fetch(url, init);
  const body: unknown = await response.json();
  if (!response.ok) throw new Error(`${url} answered ${response.status} ${JSON.stringify(body)}`);
  return body;
};

const posted = (body: unknown, token?: string): RequestInit => ({
  method: 'POST',
  headers: {
    'content-type': 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  },
  body: JSON.stringify(body),
});

export const signIn = async (url: string, account: Account): Promise<{ token: string; apiKey: string }> => {
  const { token, user } = Login.parse(await ask(`${url}/api/login`, posted(account)));
  return { token, apiKey: user.api_key };
};

/** Waits for a machine to be online: the one of this name, or the first. A service that is not ready yet is waited for too. */
export const findMachine = async (url: string, token: string, name?: string): Promise<string> => {
  const giveUpAt = performance.now() + onlineWithinMs;
  let problem: unknown;
  while (performance.now() < giveUpAt) {
    try {
      const answer = await ask(`${url}/api/machines?status=online`, { headers: { authorization: `Bearer ${token}` } });
      const { machines } = Machines.parse(answer);
      const found = machines.find((machine) => name === undefined || machine.name === name);
      if (found !== undefined) return found.agent_id;
    } catch (error) {
      problem = error;
    }
    await delay(100);
  }
  throw new Error('the machine is not online: does the agent run?', { cause: problem });
};

/** A one-use ticket for a session of the product's machine: this one, or a new one. */
export const getTicket = async (
  { url, token, agentId }: Product,
  sessionId?: string,
): Promise<{ ticket: string; sessionId: string }> => {
  const wanted = { agent_id: agentId, ...(sessionId === undefined ? {} : { session_id: sessionId }) };
  const answer = Ticket.parse(await ask(`${url}/api/terminal/tickets`, posted(wanted, token)));
  return { ticket: answer.ticket, sessionId: answer.session_id };
};

export const socketUrl = ({ url, agentId }: Product, token: string): string =>
  `${url.replace(/^http/, 'ws')}/api/terminal/${agentId}/ws?token=${token}`;

/** Ends a shell: it hangs up, and what runs in it goes. */
export const endSession = async ({ url, token }: Product, sessionId: string): Promise<void> => {
  const authorization = `Bearer ${token}`;
  const response = await fetch(`${url}/api/terminal/sessions/${sessionId}`, {
    method: 'DELETE',
    headers: { authorization },
  });
  await response.body?.cancel();
};
