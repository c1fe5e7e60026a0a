import type { Duplex } from 'node:stream';
import { TcpMessageError, TcpMessageReader, tcpData, tcpEnd, tcpReset } from '@webxterm/contracts/tcp-messages';
import type { ProcessEvents, SessionProcess } from '../session/session-kind.ts';

/** Input that is handed to the socket at once. */
const maxWrite = 64 * 1024;

/**
 * The exit code of a session of kind `tcp` in its `ended` frame. `closed`: both sides ended their direction. `broken`: the connection was
 * reset or failed, or its client has gone.
 */
const exitCodes = { closed: 0, broken: 1 } as const;

/** A TCP connection, or another stream, as the process of a session. Its input and output are the messages of tcp-messages.ts. */
export class TcpProcess implements SessionProcess {
  readonly #socket: Duplex;
  readonly #reset: () => void;
  readonly #events: ProcessEvents;
  readonly #reader = new TcpMessageReader();
  #receivedEnd = false;
  #sentEnd = false;
  #paused = false;

  /** `socket`: connected and paused. `reset`: ends it so that the peer does not take its bytes for complete. */
  constructor(socket: Duplex, events: ProcessEvents, reset: () => void) {
    this.#socket = socket;
    this.#reset = reset;
    this.#events = events;
    let reason = '';
    socket.on('data', (bytes: Buffer) => this.#output(tcpData(bytes)));
    socket.on('end', () => {
      this.#receivedEnd = true;
      this.#output([tcpEnd()]);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      reason = error.code ?? error.message;
    });
    socket.on('close', () => {
      const closed = reason === '' && this.#receivedEnd && this.#sentEnd;
      if (!closed) this.#output([tcpReset(reason === '' ? 'ECONNABORTED' : reason)]);
      events.onEnd({ exitCode: closed ? exitCodes.closed : exitCodes.broken, signal: undefined });
    });
    // After the session has been made, which takes no output before.
    setImmediate(() => {
      if (!this.#paused) socket.resume();
    });
  }

  write(bytes: Uint8Array): number {
    if (this.#socket.destroyed) return -1;
    if (this.#socket.writableNeedDrain) return 0;
    const part = bytes.slice(0, maxWrite);
    try {
      for (const message of this.#reader.push(part)) {
        if (message.type === 'data') this.#socket.write(message.bytes);
        else if (message.type === 'end') this.#end();
        else throw new TcpMessageError('a reset from the viewer');
      }
    } catch (error) {
      if (!(error instanceof TcpMessageError)) throw error;
      this.#socket.destroy(Object.assign(new Error(error.message), { code: 'EPROTO' }));
    }
    return part.length;
  }

  whenReady(ready: () => void): void {
    // Both are removed: a long transfer waits many thousand times.
    const now = (): void => {
      this.#socket.off('drain', now);
      this.#socket.off('close', now);
      ready();
    };
    this.#socket.on('drain', now);
    this.#socket.on('close', now);
  }

  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#socket.resume();
  }

  /** The viewer has gone. After a reset, the peer does not take its bytes for complete. */
  hangUp(): void {
    this.#reset();
  }

  kill(): void {
    this.#socket.destroy();
  }

  /** Connections do not survive a change of the agent's version: `adopt` of the kind reports their end. */
  handOver(): object {
    return {};
  }

  #end(): void {
    this.#sentEnd = true;
    this.#socket.end();
  }

  #output(messages: readonly Uint8Array[]): void {
    const [only, ...more] = messages;
    if (only === undefined) return;
    this.#events.onOutput(more.length === 0 ? only : Buffer.concat(messages));
  }
}

/** The process of a connection that the version of the agent before this one had. It is closed. */
export const lostByUpdate = (events: ProcessEvents): SessionProcess => {
  setImmediate(() => {
    events.onOutput(tcpReset('the agent was updated'));
    events.onEnd({ exitCode: exitCodes.broken, signal: undefined });
  });
  return {
    write: () => -1,
    pause: () => undefined,
    resume: () => undefined,
    hangUp: () => undefined,
    kill: () => undefined,
  };
};
