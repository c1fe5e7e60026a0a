import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NatsConnection } from '@nats-io/transport-node';
import type { BusUser } from '@webxterm/contracts/bus';
import { tokenProtocol } from '@webxterm/contracts/frames';
import { createLogger } from '@webxterm/shared';
import { connectBus } from '@webxterm/shared/bus';
import { until } from '@webxterm/shared/testing';
import { startStack } from '@webxterm/stack';
import {
  TerminalClient,
  type TerminalClientOptions,
  type TerminalHandlers,
  TerminalRefusal,
  type TerminalState,
} from '@webxterm/terminal-client';
import { WebSocket } from 'ws';

type Stack = Awaited<ReturnType<typeof startStack>>;

const credentialsOf = (username: string): Record<string, string> => ({
  email: `${username}@example.com`,
  password: 'secret-password',
});

/** The whole stack with an agent on this machine and a signed-in admin. */
export class World {
  readonly stack: Stack;
  readonly token: string;
  readonly agentId: string;
  readonly #dataDir: string;
  readonly #ends: (() => void)[] = [];

  private constructor(dataDir: string, stack: Stack, token: string, agentId: string) {
    this.#dataDir = dataDir;
    this.stack = stack;
    this.token = token;
    this.agentId = agentId;
  }

  static async start(
    options: Pick<Parameters<typeof startStack>[0], 'serviceEnvironment' | 'tracing'> = {},
  ): Promise<World> {
    const dataDir = mkdtempSync(join(tmpdir(), 'terminal-test-'));
    const stack = await startStack({ dataDir, agent: true, ...options });
    const { token } = await json(await post(`${stack.url}/api/login`, stack.admin));
    let agentId: unknown;
    await until(async () => {
      const answer = await fetch(`${stack.url}/api/machines`, { headers: { authorization: `Bearer ${token}` } });
      const { machines } = await json(answer);
      const machine = Array.isArray(machines) ? machines[0] : undefined;
      agentId = machine?.agent_id;
      return machine?.status === 'online';
    }, 30_000);
    return new World(dataDir, stack, String(token), String(agentId));
  }

  async stop(): Promise<void> {
    for (const end of this.#ends) end();
    // Waits until each shell has read its profile, if that happens in time.
    for (const { session_id } of await this.#sessions().catch(() => []))
      await this.shell({ session_id }).catch(() => undefined);
    await this.stack.stop();
    rmSync(this.#dataDir, { recursive: true, force: true });
  }

  async #sessions(): Promise<{ session_id: string }[]> {
    const { sessions } = await json(await this.api('GET', 'terminal/sessions'));
    return Array.isArray(sessions) ? sessions : [];
  }

  api(method: string, path: string, body?: unknown, token = this.token): Promise<Response> {
    return fetch(`${this.stack.url}/api/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  /** A secret of the stack, by the name of its file. */
  secret(name: string): string {
    return readFileSync(join(this.#dataDir, 'secrets', name), 'utf8').trim();
  }

  /** A bus connection with the rights of one of the services. */
  async bus(user: BusUser): Promise<NatsConnection> {
    const port = this.stack.processes.find(({ name }) => name === 'nats')?.port;
    const bus = await connectBus({
      urls: [`127.0.0.1:${port}`],
      user,
      password: this.secret(`nats-${user}`),
      logger: createLogger({ service: user, level: 'silent' }),
    });
    this.#ends.push(() => void bus.close());
    return bus;
  }

  /** Creates a signed-in user. @returns the token */
  /** @returns the token. @throws Error when the account or its sign-in was refused */
  signUp(username: string): Promise<string> {
    return this.#tokenOf('signup', { username, ...credentialsOf(username) });
  }

  /** Signs in an account of `signUp`. @returns the token. @throws Error when that was refused */
  signIn(username: string): Promise<string> {
    return this.#tokenOf('login', credentialsOf(username));
  }

  async #tokenOf(route: 'signup' | 'login', body: Record<string, string>): Promise<string> {
    const answer = await post(`${this.stack.url}/api/${route}`, body);
    if (!answer.ok) throw new Error(`${route} was answered with ${answer.status}: ${await answer.text()}`);
    return String((await json(answer)).token);
  }

  wsUrl(query: Record<string, string>, agentId = this.agentId): string {
    return `${this.stack.url.replace('http', 'ws')}/api/terminal/${agentId}/ws?${new URLSearchParams(query)}`;
  }

  async ticket(sessionId?: string, token = this.token): Promise<{ ticket: string; sessionId: string }> {
    const body = { agent_id: this.agentId, ...(sessionId === undefined ? {} : { session_id: sessionId }) };
    const answer = await this.api('POST', 'terminal/tickets', body, token);
    const read = await json(answer);
    if (answer.status === 201) return { ticket: String(read.ticket), sessionId: String(read.session_id) };
    if (answer.status === 503) throw new Error(String(read.error));
    throw new TerminalRefusal(String(read.code), String(read.error));
  }

  /** Opens a WebSocket. @returns whether it was opened or refused */
  async dial(query: Record<string, string>, protocol?: string, agentId?: string): Promise<Dialled> {
    const socket = new WebSocket(this.wsUrl(query, agentId), protocol === undefined ? [] : [protocol]);
    this.#ends.push(() => {
      if (socket.readyState === socket.OPEN) socket.terminate();
    });
    const client = new RawClient(socket);
    const headers = new Promise<Record<string, unknown>>((resolve) =>
      socket.once('upgrade', (response) => resolve(response.headers)),
    );
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.once('open', () => {
        void headers.then((read) => resolve({ opened: true, client, headers: read }));
      });
      socket.once('unexpected-response', (_request, response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += String(chunk);
        });
        response.on('end', () => resolve({ opened: false, status: response.statusCode ?? 0, body: JSON.parse(text) }));
      });
    });
  }

  /**
   * A raw client whose shell has read its profile. A shell that is killed while it reads its profile leaves files behind, such as lock
   * files of version managers that the profile starts.
   */
  async shell(query: Record<string, string> = {}): Promise<RawClient> {
    const client = await this.raw(query);
    client.send('echo shell-is-$((0+1))\n');
    await client.says('shell-is-1');
    return client;
  }

  async raw(query: Record<string, string> = {}, protocol?: string): Promise<RawClient> {
    const dialled = await this.dial({ token: this.token, ...query }, protocol);
    if (!dialled.opened) throw new Error(`refused: ${dialled.status} ${JSON.stringify(dialled.body)}`);
    dialled.client.headers = dialled.headers;
    return dialled.client;
  }

  viewer(
    options: Partial<TerminalClientOptions> = {},
    token = this.token,
    more: Pick<TerminalHandlers, 'recorded' | 'presence'> = {},
  ): Viewer {
    const viewer = new Viewer(this, options, token, more);
    this.#ends.push(() => viewer.client.close());
    return viewer;
  }
}

export type Dialled =
  | { opened: true; client: RawClient; headers: Record<string, unknown> }
  | { opened: false; status: number; body: Record<string, unknown> };

/** A raw client, which uses no frames. */
export class RawClient {
  readonly socket: WebSocket;
  readonly closed: Promise<{ code: number; reason: string }>;
  headers: Record<string, unknown> = {};
  #chunks: Buffer[] = [];
  length = 0;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (message: Buffer) => {
      this.#chunks.push(message);
      this.length += message.length;
    });
    socket.on('error', () => {});
    this.closed = new Promise((resolve) =>
      socket.once('close', (code, reason) => resolve({ code, reason: String(reason) })),
    );
  }

  get bytes(): Buffer {
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }

  get text(): string {
    return this.bytes.toString('utf8');
  }

  send(data: string | Buffer): void {
    this.socket.send(data);
  }

  says(text: string, timeoutMs?: number): Promise<void> {
    return until(() => this.text.includes(text), timeoutMs);
  }
}

/** A `webxterm.v1` viewer in Node that reports output as rendered at once. */
export class Viewer {
  readonly client: TerminalClient;
  readonly states: TerminalState[] = [];
  readonly gaps: [number, number][] = [];
  readonly sockets: WebSocket[] = [];
  ids: { sessionId: string; viewerId: string; created: boolean } | undefined;
  size: { cols: number; rows: number; driver: boolean } | undefined;
  rtt: number | undefined;
  next = 0;
  #chunks: Buffer[] = [];

  constructor(world: World, options: Partial<TerminalClientOptions>, token: string, more: Partial<TerminalHandlers>) {
    this.client = new TerminalClient({
      webSocketUrl: () => world.wsUrl({}),
      ticket: (sessionId) => world.ticket(sessionId, token),
      size: { cols: 80, rows: 24 },
      openSocket: (url, protocol, ticket) => {
        const socket = new WebSocket(url, [protocol, tokenProtocol(ticket)]);
        this.sockets.push(socket);
        return socket;
      },
      handlers: {
        ...more,
        output: (bytes, { offset }, rendered) => {
          if (this.#chunks.length > 0 && offset !== this.next) throw new Error(`output at ${offset}, not ${this.next}`);
          this.#chunks.push(Buffer.from(bytes));
          this.next = offset + bytes.length;
          rendered();
        },
        gap: (from, to) => this.gaps.push([from, to]),
        state: (state) => this.states.push(state),
        session: (ids) => {
          this.ids = ids;
        },
        size: (cols, rows, driver) => {
          this.size = { cols, rows, driver };
        },
        latency: (rtt) => {
          this.rtt = rtt;
        },
      },
      ...options,
    });
    this.client.start();
  }

  get state(): TerminalState['state'] {
    return this.client.state.state;
  }

  get text(): string {
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined.toString('utf8');
  }

  says(text: string, timeoutMs?: number): Promise<void> {
    return until(() => this.text.includes(text), timeoutMs);
  }

  live(timeoutMs?: number): Promise<void> {
    return until(() => this.state === 'live', timeoutMs);
  }
}

export const json = async (response: Response): Promise<Record<string, unknown>> => {
  const read: unknown = await response.json();
  return typeof read === 'object' && read !== null ? { ...read } : {};
};

const post = (url: string, body: unknown): Promise<Response> =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
