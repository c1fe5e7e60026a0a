import type { Participant } from '@webxterm/contracts/frames';
import { TerminalClient, type TerminalState } from '@webxterm/terminal-client';
import WebSocket from 'ws';
import type { Rest } from './rest.ts';

export interface NodeTerminalOptions {
  /** Port of this machine on which the gateway is reached; default: its own. */
  readonly gatewayPort?: number;
  readonly mode?: 'control' | 'view';
  /** Attach to this session instead of opening one. */
  readonly sessionId?: string;
  /** Attach as a guest by this share. */
  readonly shareId?: string;
  /** Takes the output, which is not kept then; `rendered` lets more come. */
  readonly take?: (bytes: Uint8Array, rendered: () => void) => void;
  /** Default: a gap is an error. */
  readonly gap?: (from: number, to: number) => void;
  /** The events of the connection, in their order. */
  readonly reported?: (state: TerminalState) => void;
}

interface Joined {
  readonly ticket: string;
  readonly share: { readonly session_id: string };
}

/** The web's own client (`webxterm.v1`) in Node: what it was given, in order, once. */
export class NodeTerminal {
  /** How often the connection broke. */
  breaks = 0;
  state: TerminalState = { state: 'connecting' };
  /** The users who are attached, once there was a guest. */
  people: readonly Participant[] = [];
  readonly #client: TerminalClient;
  #output = Buffer.alloc(0);
  #changed: () => void = () => {};

  constructor(rest: Rest, agentId: string, options: NodeTerminalOptions = {}) {
    const host = new URL(rest.url).host;
    const gateway = options.gatewayPort === undefined ? host : `127.0.0.1:${options.gatewayPort}`;
    this.#client = new TerminalClient({
      webSocketUrl: (token) =>
        `${rest.url.replace(/^http(.*)\/\/.*$/, 'ws$1')}//${gateway}/api/terminal/${agentId}/ws?token=${token}`,
      ticket: async (known) => {
        const sessionId = known ?? options.sessionId;
        if (options.shareId !== undefined) {
          const { body } = await rest.send<Joined>('POST', `/api/terminal/shares/${options.shareId}/join`);
          return { ticket: body.ticket, sessionId: body.share.session_id };
        }
        const answer = await rest.post<{ ticket: string; session_id: string }>('/api/terminal/tickets', {
          agent_id: agentId,
          ...(sessionId === undefined ? {} : { session_id: sessionId }),
          ...(options.mode === undefined ? {} : { mode: options.mode }),
        });
        if (answer.status !== 201) throw new Error(`no ticket: ${answer.status}`);
        return { ticket: answer.body.ticket, sessionId: answer.body.session_id };
      },
      size: { cols: 80, rows: 24 },
      openSocket: (url, protocol) => new WebSocket(url, protocol, { perMessageDeflate: false, headers: { host } }),
      handlers: {
        output: (bytes, _info, rendered) => {
          if (options.take !== undefined) {
            options.take(bytes, rendered);
            return;
          }
          this.#output = Buffer.concat([this.#output, bytes]);
          rendered();
          this.#changed();
        },
        gap:
          options.gap ??
          ((from, to) => {
            throw new Error(`a gap from ${from} to ${to}`);
          }),
        state: (state) => {
          if (state.state === 'reconnecting' && this.state.state !== 'reconnecting') this.breaks += 1;
          this.state = state;
          options.reported?.(state);
          this.#changed();
        },
        session: () => {},
        size: () => {},
        presence: (participants) => {
          this.people = participants;
        },
        latency: () => {},
      },
    });
    this.#client.start();
  }

  get sessionId(): string | undefined {
    return this.#client.sessionId;
  }

  text(): string {
    return this.#output.toString('latin1');
  }

  type(input: string | Uint8Array): void {
    this.#client.type(input);
  }

  resize(cols: number, rows: number): void {
    this.#client.resize(cols, rows);
  }

  close(): void {
    this.#client.close();
  }

  async until(what: string, found: () => boolean, timeoutMs = 20_000): Promise<void> {
    const late = AbortSignal.timeout(timeoutMs);
    while (!found()) {
      await new Promise<void>((resolve, reject) => {
        this.#changed = resolve;
        late.onabort = () =>
          reject(
            new Error(
              `${what}: not within ${timeoutMs} ms; ${JSON.stringify(this.state)}, after ${JSON.stringify(this.text().slice(-300))}`,
            ),
          );
      });
    }
  }

  untilLive(): Promise<void> {
    return this.until('live', () => this.state.state === 'live');
  }

  untilText(text: string, timeoutMs?: number): Promise<void> {
    return this.until(`output of ${JSON.stringify(text)}`, () => this.text().includes(text), timeoutMs);
  }

  /** Runs a line and waits until it is done; its own echo cannot be mistaken for the mark. */
  async run(line: string): Promise<void> {
    const mark = `done${Math.random().toString(36).slice(2)}`;
    this.type(`${line}; printf '%s.%s\\n' ${mark} x\n`);
    await this.untilText(`${mark}.x`, 60_000);
  }
}
