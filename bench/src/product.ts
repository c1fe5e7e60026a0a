import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TerminalClient } from '@webxterm/terminal-client';
import WebSocket from 'ws';
import type { Shell } from './shell.ts';

/** What the load tool needs of a running product. */
export interface Product {
  readonly url: string;
  readonly token: string;
  readonly agentId: string;
}

const json = async (url: string, init: RequestInit): Promise<Record<string, unknown>> => {
  const response = await fetch(url, init);
  const body = await response.json();
  if (!response.ok || typeof body !== 'object' || body === null)
    throw new Error(`${url} answered ${response.status} ${JSON.stringify(body)}`);
  return { ...body };
};

/** Signs in and finds the first machine that is online. */
export const findProduct = async (url: string, account: { email: string; password: string }): Promise<Product> => {
  const session = await json(`${url}/api/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(account),
  });
  const token = String(session.token);
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const { machines } = await json(`${url}/api/machines?status=online`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const [first] = Array.isArray(machines) ? machines : [];
    if (typeof first?.agent_id === 'string') return { url, token, agentId: first.agent_id };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('no machine is online: is the agent running?');
};

/** A shell over the whole path, with the web's own client. */
export const openProduct = (product: Product): Promise<Shell> =>
  new Promise((resolve, reject) => {
    let listener: (bytes: Uint8Array) => void = () => {};
    const client = new TerminalClient({
      webSocketUrl: (token) =>
        `${product.url.replace(/^http/, 'ws')}/api/terminal/${product.agentId}/ws?token=${token}`,
      ticket: async (sessionId) => {
        const body = await json(`${product.url}/api/terminal/tickets`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${product.token}` },
          body: JSON.stringify({
            agent_id: product.agentId,
            ...(sessionId === undefined ? {} : { session_id: sessionId }),
          }),
        });
        return { ticket: String(body.ticket), sessionId: String(body.session_id) };
      },
      size: { cols: 80, rows: 24 },
      openSocket: (url, protocol) => new WebSocket(url, protocol, { perMessageDeflate: false }),
      handlers: {
        output: (bytes, _info, rendered) => {
          listener(bytes);
          rendered();
        },
        state: (state) => {
          if (state.state === 'live') resolve(shell);
          if (state.state === 'refused') reject(new Error(`refused: ${state.code} ${state.message}`));
        },
        gap: () => {},
        session: () => {},
        size: () => {},
        latency: () => {},
      },
    });
    const shell: Shell = {
      type: (input) => client.type(input),
      onOutput: (next) => {
        listener = next;
      },
      close: () => {
        client.type('exit\n');
        client.close();
      },
    };
    client.start();
  });

/** A data folder that goes with the run. */
export const temporaryFolder = (): { path: string; remove(): void } => {
  const path = mkdtempSync(join(tmpdir(), 'webxterm-bench-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
};
