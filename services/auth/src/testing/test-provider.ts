import { createServer, type Server } from 'node:http';
import { freePort } from '@webxterm/stack';
import Provider from 'oidc-provider';

/** A person at the provider. */
export interface TestPerson {
  readonly sub: string;
  readonly email: string;
  readonly verified?: boolean;
  readonly username?: string;
}

/** A real OpenID provider over a socket, without pages: `person` is signed in at once. */
export class TestProvider {
  readonly issuer: string;
  readonly #server: Server;
  /** The person who signs in. */
  person: TestPerson = { sub: 'nobody', email: 'nobody@example.com' };

  private constructor(issuer: string, redirectUri: string, port: number) {
    this.issuer = issuer;
    const provider = new Provider(issuer, {
      clients: [{ client_id: 'webxterm', client_secret: 'the secret', redirect_uris: [redirectUri] }],
      pkce: { required: () => true },
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['preferred_username'] },
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
      findAccount: (_context, accountId) => ({ accountId, claims: async () => this.#claims(accountId) }),
      loadExistingGrant: async ({ oidc }) => {
        const grant = new oidc.provider.Grant({
          clientId: oidc.client?.clientId ?? '',
          accountId: oidc.session?.accountId ?? '',
        });
        grant.addOIDCScope('openid email profile');
        await grant.save();
        return grant;
      },
      cookies: { keys: ['a key of the tests'] },
      ttl: { AccessToken: 60, Grant: 600, IdToken: 60, Interaction: 60, Session: 600 },
    });
    const answer = provider.callback();
    this.#server = createServer((request, response) => {
      if (!request.url?.startsWith('/interaction/')) return void answer(request, response);
      const result = { login: { accountId: this.person.sub } };
      provider.interactionFinished(request, response, result).catch(() => response.writeHead(500).end());
    }).listen(port, '127.0.0.1');
  }

  static async start(redirectUri: string, at?: number): Promise<TestProvider> {
    const port = at ?? (await freePort());
    const provider = new TestProvider(`http://127.0.0.1:${port}`, redirectUri, port);
    await new Promise((resolve) => provider.#server.once('listening', resolve));
    return provider;
  }

  /** A browser of its own in which this person signs in. @returns the query with which the provider sends the browser back */
  async signIn(page: string, person: TestPerson): Promise<string> {
    this.person = person;
    const cookies = new Map<string, string>();
    let url = page;
    for (let step = 0; step < 10; step += 1) {
      const response = await fetch(url, {
        redirect: 'manual',
        headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      });
      for (const cookie of response.headers.getSetCookie()) {
        const [name = '', value = ''] = (cookie.split(';')[0] ?? '').split('=');
        cookies.set(name, value);
      }
      const location = response.headers.get('location');
      if (location === null) throw new Error(`the provider answered ${response.status}: ${await response.text()}`);
      const next = new URL(location, url);
      if (next.origin !== this.issuer) return next.search.slice(1);
      url = next.href;
    }
    throw new Error('the provider redirects without an end');
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #claims(sub: string) {
    const { email, verified = true, username } = this.person;
    return {
      sub,
      email,
      email_verified: verified,
      ...(username === undefined ? {} : { preferred_username: username }),
    };
  }
}
