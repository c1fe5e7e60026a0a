import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { hostname } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { beginProgramLogin, programLoginSeconds, redeemProgramLogin } from '@webxterm/contracts/rest';
import { plainText } from '@webxterm/contracts/text';
import type { TokenScope } from '@webxterm/contracts/token-scopes';
import { ask } from '@webxterm/rest-client';
import { exitCode, Failure, systemCode } from '../failure.ts';
import { say } from '../output/print.ts';
import type { Server } from '../server/server.ts';
import { openInBrowser } from './open-page.ts';

const askAgainMs = 2000;

/** A verifier, and its challenge (RFC 7636, S256). */
const newVerifier = (): { verifier: string; challenge: string } => {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
};

const thisHost = (): string => plainText(hostname(), 64) || 'a computer';

/** An access token that the user agrees to in the browser of this computer, or by a code that is typed into the page. */
export const loginInBrowser = (server: Server, scopes: TokenScope[], browser: boolean): Promise<string> =>
  browser ? throughBrowser(server, scopes) : byCode(server, scopes);

const throughBrowser = async (server: Server, scopes: TokenScope[]): Promise<string> => {
  const { verifier, challenge } = newVerifier();
  const loopback = await Loopback.start();
  try {
    const body = { host: thisHost(), scopes, code_challenge: challenge, redirect_uri: loopback.address };
    const { request, expires_in } = await ask(server.fetcher, beginProgramLogin, { body });
    const page = new URL('/authorize', server.url);
    page.searchParams.set('request', request);
    say(
      `Agree in the browser. If it does not open, go to\n  ${page.href}\nor log in from another computer with --no-browser.`,
    );
    await openInBrowser(page.href);
    const code = await loopback.code(expires_in * 1000);
    const { token } = await ask(server.fetcher, redeemProgramLogin, {
      body: { request, code_verifier: verifier, code },
    });
    if (token === null) throw new Failure('The server has not received your answer. Log in again.');
    return token;
  } finally {
    loopback.close();
  }
};

const byCode = async (server: Server, scopes: TokenScope[]): Promise<string> => {
  const { verifier, challenge } = newVerifier();
  const body = { host: thisHost(), scopes, code_challenge: challenge };
  const { request, user_code, expires_in } = await ask(server.fetcher, beginProgramLogin, { body });
  say(`Open ${new URL('/authorize', server.url).href} in a browser, and type the code\n\n  ${user_code}\n`);
  const endsAt = performance.now() + expires_in * 1000;
  while (performance.now() < endsAt) {
    const { token } = await ask(server.fetcher, redeemProgramLogin, { body: { request, code_verifier: verifier } });
    if (token !== null) return token;
    await wait(askAgainMs);
  }
  throw late();
};

const late = (): Failure =>
  new Failure(`Nobody agreed within ${programLoginSeconds / 60} minutes. Log in again.`, exitCode.signedOut);

/** A server of this computer to which the browser brings the code. It is at a path that nobody else knows. */
class Loopback {
  readonly #server = createServer((request, response) => this.#answer(request, response));
  readonly #path = `/${randomBytes(16).toString('base64url')}`;
  readonly #code = Promise.withResolvers<string>();
  #host = '';

  static async start(): Promise<Loopback> {
    const loopback = new Loopback();
    // A refusal may come before the code is waited for.
    loopback.#code.promise.catch(() => {});
    loopback.#server.listen(0, '127.0.0.1');
    await once(loopback.#server, 'listening').catch((error: unknown) => {
      throw new Failure(
        `The browser cannot bring its answer: ${systemCode(error) ?? String(error)}. Log in with --no-browser.`,
      );
    });
    const address = loopback.#server.address();
    if (address === null || typeof address === 'string') throw new Error('a listener has no port');
    loopback.#host = `127.0.0.1:${address.port}`;
    return loopback;
  }

  get address(): string {
    return `http://${this.#host}${this.#path}`;
  }

  /** The code that the browser brings. @throws Failure if the user refuses, or does not answer in this time */
  async code(withinMs: number): Promise<string> {
    const timer = setTimeout(() => this.#code.reject(late()), withinMs);
    try {
      return await this.#code.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = URL.parse(request.url ?? '', `http://${this.#host}`);
    // Another host is a name that an attacker's page made to lead here (DNS rebinding).
    if (url?.pathname !== this.#path || request.headers.host !== this.#host || request.method !== 'GET') {
      response.writeHead(404).end();
      return;
    }
    const code = url.searchParams.get('code');
    const sentence = code === null ? 'You refused. vsay is not logged in.' : 'vsay is logged in.';
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
      connection: 'close',
    });
    response.end(`<!doctype html><title>vsay</title><p>${sentence} You can close this page.</p>`, () => {
      if (code === null) this.#code.reject(new Failure('You refused in the browser.', exitCode.refused));
      else this.#code.resolve(code);
    });
  }
}
