import type { ServerChannel } from 'ssh2';
import { Ownership } from '../commands/ownership.ts';
import type { Guard } from '../guard/guard.ts';
import type { WindowSize } from '../session/session-kind.ts';
import { childOf, type ExitResult } from '../shell/controlled-start.ts';
import { InputPump } from '../shell/input-pump.ts';
import { readProcess } from '../shell/processes.ts';
import { Pty } from '../shell/pty.ts';
import type { Launch } from '../shell/run-as.ts';
import { ChannelWriter, type Ready } from './channel-writer.ts';
import type { SshProgram } from './ssh-program.ts';

/** Output that waits for the client. Above it the terminal is not read. */
const maxWaiting = 64 * 1024;
const killAfterMs = 500;
const noProcess = -1;

type Start = {
  readonly channel: ServerChannel;
  readonly ready: Ready;
  readonly launch: Launch;
  readonly marker: string;
  readonly guard: Guard;
  readonly size: WindowSize;
};

/** A program on a pseudo-terminal. */
export class TerminalProgram implements SshProgram {
  readonly #pty: Pty;
  readonly #marker: string;
  readonly #startedAt: number;
  readonly #heldBySu: boolean;
  readonly #takeFromGuard: () => void;
  #hasEnded = false;
  readonly ended: Promise<ExitResult | undefined>;

  /** @throws Error if the machine cannot create another pseudo-terminal or process */
  constructor({ channel, ready, launch, marker, guard, size }: Start) {
    const writer = new ChannelWriter(channel, ready);
    const ended = Promise.withResolvers<ExitResult | undefined>();
    let waiting = 0;
    let last: Promise<void> = Promise.resolve();
    const pty = new Pty(launch, size, {
      onOutput: (view) => {
        const bytes = Buffer.from(view);
        waiting += bytes.length;
        if (waiting > maxWaiting) pty.pause();
        last = writer.write(bytes).then(() => {
          waiting -= bytes.length;
          if (waiting <= maxWaiting / 2) pty.resume();
        });
      },
      onEnd: (result) => void last.then(() => ended.resolve(result)),
    });
    this.#pty = pty;
    this.#marker = marker;
    this.ended = ended.promise;
    this.#startedAt = readProcess(pty.pid)?.startedAt ?? 0;
    this.#heldBySu = launch.login !== undefined;
    const held = { pid: pty.pid, startedAt: this.#startedAt, heldBySu: this.#heldBySu };
    this.#takeFromGuard = guard.hold({ kind: 'shell', ...held });
    void this.ended.then(() => {
      this.#hasEnded = true;
      this.#takeFromGuard();
    });
    const input = new InputPump(pty);
    channel.on('data', (bytes: Buffer) => {
      channel.pause();
      let left = bytes.length;
      const onApplied = (count: number): void => {
        left -= count;
        if (left === 0) channel.resume();
      };
      input.push({ bytes, discard: false, onApplied });
    });
  }

  resize(size: WindowSize): void {
    this.#pty.resize(size);
  }

  signal(signal: NodeJS.Signals): void {
    this.#pty.kill(signal);
  }

  hangUp(): void {
    this.#pty.hangUp();
  }

  async kill(): Promise<void> {
    this.#pty.hangUp();
    const { pid } = this.#pty;
    // su is not signalled: it ends after its child.
    const running = this.#heldBySu ? { main: childOf(pid) ?? pid, holder: pid } : { main: pid };
    // Of a program that has ended, the kernel may have given the pid away: what it has left behind is found by the marker.
    const found = this.#hasEnded ? { main: noProcess } : running;
    await new Ownership({ ...found, marker: this.#marker, startedAt: this.#startedAt }).end(killAfterMs);
    this.#pty.kill();
  }

  isLeft(): boolean {
    return new Ownership({ main: noProcess, marker: this.#marker, startedAt: this.#startedAt }).pids().length > 0;
  }

  leave(): void {
    this.#takeFromGuard();
  }
}
