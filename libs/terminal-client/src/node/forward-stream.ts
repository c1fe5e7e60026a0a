import { Duplex } from 'node:stream';
import { closeCode, type EndCause } from '@webxterm/contracts/frames';
import { TcpMessageReader, type TcpPart, tcpData, tcpEnd } from '@webxterm/contracts/tcp-messages';
import { type TerminalClientOptions, TerminalRefusal, type TerminalState } from '../api.ts';
import { idToText, newId } from '../id-text.ts';
import { TerminalClient } from '../terminal-client.ts';
import { openGlobalSocket } from '../web-socket.ts';

interface StreamOptions {
  /** The address of the installation, such as `https://webxterm.example.org`. */
  readonly url: string;
  readonly agentId: string;
  /** A JWT, or an access token with the scope. Must reject with TerminalRefusal if a retry is useless. */
  readonly token: () => Promise<string>;
  /** Default: the global WebSocket, with the token as a subprotocol. */
  readonly openSocket?: TerminalClientOptions['openSocket'];
  /** Gives up if the machine is not reached for this time. The machine waits 30 s for a client whose connection broke. */
  readonly giveUpAfterMs?: number;
}

/** A TCP connection from the machine. */
export interface ForwardOptions extends StreamOptions {
  /** Resolved on the machine. */
  readonly host: string;
  readonly port: number;
}

/** A connection to the ssh server of the agent. */
export interface SshOptions extends StreamOptions {
  /** Undefined: the default of the machine. */
  readonly linuxUser: string | undefined;
}

/** The connection was refused, was lost, or was reset. `code` is from the error list of the API, or that of a system call, as ECONNRESET. */
export class ForwardError extends Error {
  override readonly name = 'ForwardError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Written bytes that the machine has not taken. Above it, a write waits. */
const maxUnapplied = 256 * 1024;
/** The machine sends at most this much that is not acknowledged. With a larger window, acknowledgements would come too late. */
const maxWindow = 128 * 1024;
const defaultGiveUpMs = 30_000;

const socketUrl = (options: ForwardOptions | SshOptions, sessionId: string): string => {
  const { url, agentId } = options;
  const query = new URLSearchParams();
  if ('host' in options) {
    query.set('host', options.host);
    query.set('port', String(options.port));
  } else if (options.linuxUser !== undefined) query.set('linux_user', options.linuxUser);
  query.set('session_id', sessionId);
  const path = `/api/terminal/${encodeURIComponent(agentId)}/${'host' in options ? 'tcp' : 'ssh'}`;
  return `${url.replace(/^http/, 'ws').replace(/\/$/, '')}${path}?${query}`;
};

/** Time limit for the report of the machine that a connection has ended, after both of its directions have. */
const reportedWithinMs = 2000;

/**
 * A TCP connection that a machine makes, or one to the ssh server of its agent, as a stream of Node with half-close (`allowHalfOpen`). It continues over broken connections to the
 * server: no byte is lost or doubled. It is destroyed with a ForwardError if the target is refused or resets the connection. Emits
 * `connect` once the machine is connected.
 */
export class ForwardStream extends Duplex {
  readonly #client: TerminalClient;
  readonly #reader = new TcpMessageReader();
  readonly #giveUpAfterMs: number;
  /** Called when the machine has taken bytes, or the stream is destroyed. */
  #onApplied: (() => void) | undefined;
  #applied = 0;
  /** Let the server send more, once the bytes are read. Output that the window allows arrives meanwhile. */
  #onRead: (() => void)[] = [];
  #giveUp: NodeJS.Timeout | undefined;
  #connected = false;
  #remoteEnded = false;
  /** The machine has reported the end of the connection, or the server has refused it. */
  #over = false;
  #onOver: (() => void) | undefined;
  /** The server has ended the sign-in. */
  #signedOut: string | undefined;

  constructor(options: ForwardOptions | SshOptions) {
    super({ allowHalfOpen: true, readableHighWaterMark: 64 * 1024, writableHighWaterMark: 64 * 1024 });
    this.#giveUpAfterMs = options.giveUpAfterMs ?? defaultGiveUpMs;
    const sessionId = idToText(newId());
    const { openSocket = openGlobalSocket } = options;
    this.#client = new TerminalClient({
      webSocketUrl: () => socketUrl(options, sessionId),
      ticket: async () => {
        if (this.#signedOut !== undefined) throw new TerminalRefusal('unauthenticated', this.#signedOut);
        return { ticket: await options.token(), sessionId };
      },
      size: { cols: 80, rows: 24 },
      maxWindow,
      openSocket: (url, protocol, token) => {
        const socket = openSocket(url, protocol, token);
        socket.addEventListener('close', ({ code, reason }) => {
          if (code === closeCode.unauthenticated) this.#signedOut = reason;
        });
        return socket;
      },
      handlers: {
        output: (bytes, _at, rendered) => this.#take(bytes, rendered),
        inputApplied: (bytes) => {
          this.#applied = bytes;
          this.#onApplied?.();
        },
        gap: () => this.destroy(new ForwardError('unavailable', 'The machine no longer has the bytes that follow.')),
        state: (state) => this.#became(state),
        session: () => {},
        size: () => {},
        latency: () => {},
      },
    });
    this.#startGivingUp();
    this.#client.start();
  }

  override _read(): void {
    for (const read of this.#onRead.splice(0)) read();
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.#send(chunk, 0, done);
  }

  /** Sends the rest of a chunk, which may be larger than the queue of the client. */
  #send(chunk: Buffer, from: number, done: () => void): void {
    const to = Math.min(chunk.length, from + maxUnapplied);
    for (const message of tcpData(chunk.subarray(from, to))) this.#client.type(message);
    this.#whenApplied(maxUnapplied, to === chunk.length ? done : () => this.#send(chunk, to, done));
  }

  /** Waits until the machine has the end, because destroying the stream leaves the connection. */
  override _final(done: (error?: Error) => void): void {
    this.#client.type(tcpEnd());
    this.#whenApplied(0, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#giveUp);
    this.#onApplied = undefined;
    const close = (): void => {
      clearTimeout(late);
      this.#onOver = undefined;
      this.#client.close();
      done(error);
    };
    const isWhole = error === null && this.#remoteEnded && this.writableFinished;
    // The machine reports the end next. A client that left before would be in the audit log as one that broke off.
    const late = isWhole && !this.#over ? setTimeout(close, reportedWithinMs) : undefined;
    if (late === undefined) close();
    else this.#onOver = close;
  }

  #whenApplied(left: number, done: () => void): void {
    const look = (): void => {
      if (this.#client.inputTaken - this.#applied > left) return;
      this.#onApplied = undefined;
      done();
    };
    this.#onApplied = look;
    look();
  }

  #take(bytes: Uint8Array, rendered: () => void): void {
    let room = true;
    try {
      for (const part of this.#reader.push(bytes)) room = this.#pass(part);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.destroy(new ForwardError('internal', `The machine sent invalid data: ${message}.`));
      return;
    }
    if (room || this.#remoteEnded) rendered();
    else this.#onRead.push(rendered);
  }

  /** @returns whether more may be passed on now */
  #pass(part: TcpPart): boolean {
    if (part.type === 'data')
      return this.push(Buffer.from(part.bytes.buffer, part.bytes.byteOffset, part.bytes.length));
    this.#remoteEnded = true;
    if (part.type === 'end') this.push(null);
    else this.destroy(new ForwardError('ECONNRESET', `The connection on the machine broke: ${part.reason}.`));
    return true;
  }

  #became(state: TerminalState): void {
    if (state.state === 'ended' || state.state === 'refused') {
      this.#over = true;
      this.#onOver?.();
    }
    if (state.state === 'live') {
      clearTimeout(this.#giveUp);
      this.#giveUp = undefined;
      if (!this.#connected) {
        this.#connected = true;
        this.emit('connect');
      }
    } else if (state.state === 'refused') this.destroy(new ForwardError(state.code, state.message));
    else if (state.state === 'ended') this.#ended(state);
    else this.#startGivingUp();
  }

  #ended({ cause, exitCode }: Extract<TerminalState, { state: 'ended' }>): void {
    if (exitCode === 0 && cause === 'shell_exit') {
      // The last acknowledgement may be missing, but the connection ends only after its end was taken.
      this.#applied = this.#client.inputTaken;
      this.#onApplied?.();
      return;
    }
    if (this.#remoteEnded && cause === 'shell_exit') return;
    this.destroy(new ForwardError('ECONNRESET', `The connection was ended: ${endings[cause]}.`));
  }

  #startGivingUp(): void {
    this.#giveUp ??= setTimeout(
      () => this.destroy(new ForwardError('ETIMEDOUT', 'The server or the machine was not reached for too long.')),
      this.#giveUpAfterMs,
    );
  }
}

const endings: Readonly<Record<EndCause, string>> = {
  shell_exit: 'it broke on the machine',
  ended_by_user: 'you or an administrator ended it',
  access_revoked: 'your right to it has ended',
  machine_deleted: 'the machine was removed',
  user_disabled: 'the account is disabled',
  idle_timeout: 'it was not used for too long',
  detach_timeout: 'the machine waited 30 s for this client',
  agent_stopped: 'the agent of the machine stopped',
  spawn_failed: 'the machine could not make it',
  unknown: 'the machine waited 30 s for this client, or has restarted',
};
