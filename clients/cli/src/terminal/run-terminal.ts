import { randomBytes } from 'node:crypto';
import { createTicket, type Machine } from '@webxterm/contracts/rest';
import { plainText } from '@webxterm/contracts/text';
import { ApiError, ask } from '@webxterm/rest-client';
import { TerminalClient, TerminalRefusal, type TerminalState, type TerminalTicket } from '@webxterm/terminal-client';
import { exitCode, Failure } from '../failure.ts';
import { codeOfRefusal, reportOf } from '../server/report.ts';
import type { Server } from '../server/server.ts';
import { codeOfSignal, type Ending, endingOf, endingSignals } from './ending.ts';
import { EscapeScanner, type EscapeStep } from './escape.ts';
import { LocalTerminal } from './local-terminal.ts';
import { ReplayFilter } from './replay.ts';

export interface RemoteTerminal {
  readonly machine: Pick<Machine, 'agent_id' | 'name'>;
  /** Attach to this session. Undefined: open a new one. */
  readonly sessionId: string | undefined;
  /** The Linux user of a new session. Undefined: the default. */
  readonly linuxUser: string | undefined;
  /** The escape character. Undefined: none. */
  readonly escape: string | undefined;
}

/** Statuses of the ticket route for which a retry is useless. */
const finalStatuses: readonly number[] = [400, 401, 403, 404];

/** Shows a terminal of a machine in this one, until its shell ends or the user leaves. @throws Failure if it is refused */
export const runTerminal = (server: Server, remote: RemoteTerminal): Promise<Ending> => {
  if (!LocalTerminal.there)
    throw new Failure('This needs a terminal. To run a command from a program, use vsay exec.', exitCode.usage);
  return new Session(server, remote).run();
};

/** An id may begin with a dash. */
const attachLine = (sessionId: string): string => `vsay attach ${sessionId.startsWith('-') ? '-- ' : ''}${sessionId}`;

class Session {
  readonly #server: Server;
  readonly #remote: RemoteTerminal;
  readonly #local = new LocalTerminal();
  readonly #client: TerminalClient;
  readonly #escape: EscapeScanner | undefined;
  readonly #replay = new ReplayFilter();
  readonly #end = Promise.withResolvers<Ending>();
  #live = false;

  constructor(server: Server, remote: RemoteTerminal) {
    this.#server = server;
    this.#remote = remote;
    this.#escape = remote.escape === undefined ? undefined : new EscapeScanner(remote.escape);
    const { agent_id: agentId } = remote.machine;
    const address = new URL(`/api/terminal/${encodeURIComponent(agentId)}/ws`, server.url);
    address.protocol = server.url.protocol === 'https:' ? 'wss:' : 'ws:';
    this.#client = new TerminalClient({
      webSocketUrl: () => address.href,
      ticket: (sessionId) => this.#ticket(sessionId),
      size: this.#local.size,
      ...(remote.sessionId !== undefined && {
        resume: { sessionId: remote.sessionId, viewerId: randomBytes(16).toString('base64url') },
      }),
      handlers: {
        output: (bytes, { live }, rendered) => this.#show(bytes, live, rendered),
        snapshot: (part, first, rendered) => {
          if (first) this.#local.clear();
          this.#show(part, false, rendered);
        },
        gap: (_from, _to, repainted) => {
          if (!repainted) this.#local.note(['[vsay: a part of the output is no longer kept]']);
        },
        state: (state) => this.#became(state),
        session: () => {},
        size: () => {},
        latency: () => {},
      },
    });
  }

  async run(): Promise<Ending> {
    const onSignal = (signal: NodeJS.Signals): void => this.#leave(codeOfSignal(signal));
    for (const name of endingSignals) process.on(name, onSignal);
    try {
      this.#local.enter(
        (typed) => this.#typed(typed),
        () => this.#client.resize(this.#local.size.cols, this.#local.size.rows),
      );
      this.#client.start();
      return await this.#end.promise;
    } finally {
      this.#client.close();
      this.#local.restore();
      for (const name of endingSignals) process.off(name, onSignal);
    }
  }

  #show(bytes: Uint8Array, live: boolean, rendered: () => void): void {
    const shown = live ? Buffer.concat([this.#replay.end(), bytes]) : this.#replay.push(bytes);
    this.#local.show(shown, rendered);
  }

  #typed(bytes: Uint8Array): void {
    for (const step of this.#escape?.push(bytes) ?? [bytes]) this.#act(step);
  }

  #act(step: EscapeStep): void {
    if (step === 'leave') this.#leave(0);
    else if (step === 'help') this.#local.note(this.#help());
    // Refused as a whole when 64 MiB wait for the machine.
    else if (!this.#client.type(step)) process.stdout.write('\x07');
  }

  /** The shell goes on without this viewer. */
  #leave(code: number): void {
    const { sessionId } = this.#client;
    const sentence =
      sessionId === undefined
        ? 'Left before the shell was opened.'
        : `The shell on ${plainText(this.#remote.machine.name, 64)} keeps running. Back to it: ${attachLine(sessionId)}`;
    this.#end.resolve({ exitCode: code, sentence });
  }

  #help(): string[] {
    const key = this.#remote.escape ?? '';
    return [
      'Supported escape sequences:',
      ` ${key}.  - leave; the shell keeps running`,
      ` ${key}?  - this message`,
      ` ${key}${key}  - send the escape character`,
      '(Escapes are recognized at the start of a line only.)',
      `Connection: ${this.#client.state.state}. Session: ${this.#client.sessionId ?? 'none yet'}.`,
    ];
  }

  #became(state: TerminalState): void {
    const name = plainText(this.#remote.machine.name, 64);
    if (state.state === 'live') {
      this.#live = true;
      this.#local.showCut(undefined);
    } else if (state.state === 'unreachable' && !this.#live)
      this.#end.reject(new Failure(`${name} is offline: its agent is not connected.`, exitCode.unreachable));
    else if (state.state === 'unreachable') this.#local.showCut(`vsay: ${name} is offline`);
    // Before the first attach there is no screen to disturb.
    else if (state.state === 'reconnecting' && this.#live)
      this.#local.showCut(`vsay: the connection to ${name} is cut`);
    else if (state.state === 'ended') this.#end.resolve(endingOf(state));
    else if (state.state === 'refused')
      this.#end.reject(new Failure(plainText(state.message, 500), codeOfRefusal(state.code)));
  }

  /** A ticket by REST. Before the first attach, every error is final: the user is there and can try again. */
  async #ticket(known: string | undefined): Promise<TerminalTicket> {
    const session = known ?? this.#remote.sessionId;
    const { linuxUser, machine } = this.#remote;
    try {
      const answer = await ask(this.#server.fetcher, createTicket, {
        body: {
          agent_id: machine.agent_id,
          ...(session !== undefined && { session_id: session }),
          ...(session === undefined && linuxUser !== undefined && { linux_user: linuxUser }),
        },
      });
      return { ticket: answer.ticket, sessionId: answer.session_id };
    } catch (error) {
      if (this.#live && !(error instanceof ApiError && finalStatuses.includes(error.status))) throw error;
      const code = error instanceof ApiError ? error.code : 'unavailable';
      throw new TerminalRefusal(code, reportOf(error).text);
    }
  }
}
