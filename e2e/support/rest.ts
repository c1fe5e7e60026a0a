import type { Machine, SignInAnswer } from '@webxterm/contracts/rest';
import type { z } from 'zod';
import { DocumentedAnswers } from './documented-answers.ts';

/** By the address of a gateway. */
const documents = new Map<string, DocumentedAnswers>();

/** After an upgrade of this gateway: its answers are those of the document that it has now. */
export const forgetDocument = (url: string): void => {
  documents.delete(url);
};

export interface Answer<T = Record<string, unknown>> {
  status: number;
  headers: Headers;
  body: T;
}

/** REST as a script uses it: JSON in, JSON out, whatever the status; an answer that OpenAPI does not have fails the test. */
export class Rest {
  readonly url: string;
  readonly token: string | undefined;

  constructor(url: string, token?: string) {
    this.url = url;
    this.token = token;
  }

  as(token: string): Rest {
    return new Rest(this.url, token);
  }

  async send<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const answer = { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) };
    const seen = { method, path, ...answer, body: text === '' ? undefined : answer.body };
    const missing = (await this.#documented()).missing(seen);
    if (missing !== undefined) throw new Error(missing);
    return answer;
  }

  async #documented(): Promise<DocumentedAnswers> {
    const known = documents.get(this.url) ?? (await DocumentedAnswers.of(this.url));
    documents.set(this.url, known);
    return known;
  }

  get<T = Record<string, unknown>>(path: string): Promise<Answer<T>> {
    return this.send('GET', path);
  }

  post<T = Record<string, unknown>>(path: string, body: unknown): Promise<Answer<T>> {
    return this.send('POST', path, body);
  }

  async login(account: { email: string; password: string }): Promise<z.infer<typeof SignInAnswer>> {
    const answer = await this.post<z.infer<typeof SignInAnswer>>('/api/login', account);
    if (answer.status !== 200) throw new Error(`sign-in failed: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async signup(name: string): Promise<z.infer<typeof SignInAnswer>> {
    const answer = await this.post<z.infer<typeof SignInAnswer>>('/api/signup', {
      username: name,
      email: `${name}@example.com`,
      password: 'yourpassword',
    });
    if (answer.status !== 201) throw new Error(`sign-up failed: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async machines(): Promise<Machine[]> {
    const { status, body } = await this.get<{ machines: Machine[] }>('/api/machines');
    if (status !== 200) throw new Error(`no list of machines: ${status} ${JSON.stringify(body)}`);
    return body.machines;
  }
}

/** Asks until `check` finds what it wants; the last answer is in the error. */
export const eventually = async <T>(
  what: string,
  ask: () => Promise<T | undefined>,
  timeoutMs = 30_000,
): Promise<T> => {
  const end = Date.now() + timeoutMs;
  for (;;) {
    let last: unknown;
    const found = await ask().catch((error: unknown) => {
      last = error;
      return undefined;
    });
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`${what}: not within ${timeoutMs} ms`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

export const onlineMachine = (rest: Rest): Promise<Machine> =>
  eventually('a machine comes online', async () =>
    (await rest.machines()).find((machine) => machine.status === 'online'),
  );

/** The exit code of a session, once it has ended. */
export const exitCodeOf = (rest: Rest, sessionId: string): Promise<number> =>
  eventually('the session has ended', async () => {
    const { body } = await rest.get<{ session: { exit_code: number | null } }>(`/api/sessions/${sessionId}`);
    return body.session.exit_code ?? undefined;
  });
