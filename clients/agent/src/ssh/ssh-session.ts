import { randomBytes } from 'node:crypto';
import { maxWinsize } from '@webxterm/contracts/frames';
import type { PseudoTtyInfo, ServerChannel, Session } from 'ssh2';
import { openOutputPipes } from '../commands/output-pipes.ts';
import { describeError } from '../failure.ts';
import type { WindowSize } from '../session/session-kind.ts';
import { prepareProgram } from '../shell/login-shell.ts';
import type { Purpose } from '../shell/run-as.ts';
import type { Activity } from './activities.ts';
import type { Ready } from './channel-writer.ts';
import { PipedProgram } from './piped-program.ts';
import type { SshPlace } from './places.ts';
import { sftpHelper, sftpReports } from './sftp.ts';
import { type SshGrant, type SshParts, type SshRefusal, unrecorded, withoutRight } from './ssh-context.ts';
import { finish, refuse, refusedExitCode, type SshProgram } from './ssh-program.ts';
import { TerminalProgram } from './terminal-program.ts';
import { ClientVariables } from './variables.ts';

/** Those of RFC 4254, section 6.10. */
const signals: ReadonlySet<NodeJS.Signals> = new Set([
  ...(['SIGABRT', 'SIGALRM', 'SIGFPE', 'SIGHUP', 'SIGILL', 'SIGINT', 'SIGKILL'] as const),
  ...(['SIGPIPE', 'SIGQUIT', 'SIGSEGV', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const),
]);

/** The request of a client for a session channel. */
type Wanted =
  | { readonly kind: 'shell' }
  | { readonly kind: 'command'; readonly line: string }
  | { readonly kind: 'sftp' };

export type SessionOptions = {
  readonly parts: SshParts;
  readonly grant: SshGrant;
  readonly ready: Ready;
  /** Whether the connection is still there. */
  readonly isOpen: () => boolean;
  /** The channel has ended. `isLeft`: processes in the background have not, and must end with the right. */
  readonly over: (session: SshSession, isLeft: boolean) => void;
  /** A place of the connection and of its user. Otherwise a sentence that says why there is none. */
  readonly place: (place: SshPlace) => (() => void) | string;
};

/** One session channel: at most one shell, command or sftp session. */
export class SshSession {
  readonly #options: SessionOptions;
  readonly #variables = new ClientVariables();
  #terminal: { term: string; size: WindowSize } | undefined;
  #channel: ServerChannel | undefined;
  #program: SshProgram | undefined;
  #closed = false;
  /** Its pid may belong to another process by now. */
  #hasEnded = false;

  constructor(session: Session, options: SessionOptions) {
    this.#options = options;
    session.on('pty', (accept, _reject, info) => {
      this.#terminal = { term: info.term, size: sizeOf(info) };
      accept?.();
    });
    session.on('env', (accept, reject, { key, val }) => {
      if (this.#variables.add(key, val)) accept?.();
      else reject?.();
    });
    session.on('window-change', (_accept, _reject, info) => {
      if (this.#terminal !== undefined) this.#terminal.size = sizeOf(info);
      this.#program?.resize?.(sizeOf(info));
    });
    session.on('signal', (accept, reject, { name }) => {
      const signal = [...signals].find((known) => known === `SIG${name}`);
      if (signal === undefined) return reject?.();
      if (!this.#hasEnded) this.#program?.signal(signal);
      accept?.();
    });
    session.on('shell', (accept) => this.#wants(accept, { kind: 'shell' }));
    session.on('exec', (accept, _reject, { command }) => this.#wants(accept, { kind: 'command', line: command }));
    session.on('subsystem', (accept, reject, { name }) => {
      if (name === 'sftp') this.#wants(accept, { kind: 'sftp' });
      else reject?.();
    });
    session.on('close', () => {
      this.#closes();
      if (this.#channel === undefined) options.over(this, false);
    });
  }

  /** Bytes of the client that nothing has read. */
  get unread(): number {
    return this.#channel?.readableLength ?? 0;
  }

  /** Ends what it started. */
  async kill(): Promise<void> {
    this.#closed = true;
    await this.#program?.kill();
  }

  /** The connection has ended, or this channel without processes in the background. */
  leave(): void {
    this.#closes();
    void this.#program?.ended.then(() => this.#program?.leave());
  }

  #closes(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (!this.#hasEnded) this.#program?.hangUp();
  }

  /** The second request of a client on one channel is ignored: for it ssh2 returns no channel, although its type says so. */
  #wants(accept: () => ServerChannel | undefined, wanted: Wanted): void {
    const channel = this.#channel === undefined ? accept() : undefined;
    if (channel === undefined) return;
    this.#open(channel, wanted).catch((err: unknown) => {
      this.#options.parts.log.error({ err, user: this.#options.grant.owner }, 'a channel of an ssh connection failed');
      channel.close();
    });
  }

  async #open(channel: ServerChannel, wanted: Wanted): Promise<void> {
    this.#channel = channel;
    channel.on('error', () => undefined);
    const place = this.#options.place(wanted.kind === 'sftp' ? 'sftp' : 'program');
    const refusal = typeof place === 'string' ? { code: 'too_many_sessions', message: place } : this.#refusal(wanted);
    if (typeof place === 'string' || refusal !== undefined) {
      if (typeof place !== 'string') place();
      this.#report(wanted, refusal);
      if (refusal !== undefined) refuse(channel, refusal.message);
      this.#options.over(this, false);
      return;
    }
    const unaudited = this.#report(wanted, undefined);
    if (unaudited !== undefined) {
      place();
      refuse(channel, unaudited);
      this.#options.over(this, false);
      return;
    }
    try {
      const program = await this.#start(channel, wanted);
      // The channel or the connection was closed while its account was looked up.
      if (program === undefined) return;
      this.#program = program;
      const ended = await program.ended;
      this.#hasEnded = true;
      if (!this.#closed) finish(channel, ended ?? { exitCode: refusedExitCode, signal: undefined });
    } catch (error) {
      if (!this.#closed) refuse(channel, describeError(error));
    } finally {
      place();
      this.#options.over(this, this.#program?.isLeft() === true);
    }
  }

  /** A shell needs the same right with and without a terminal: the difference is only how its output looks. */
  #refusal(wanted: Wanted): SshRefusal | undefined {
    const { grant } = this.#options;
    const { kind } = wanted;
    if (wanted.kind === 'command' && /[\0\ufffd]/.test(wanted.line)) return notText;
    if (kind === 'sftp') return withoutRight(grant, 'files_write') && withoutRight(grant, 'files_read');
    const right = kind === 'shell' ? 'open' : 'command';
    const onTerminal = this.#terminal === undefined ? undefined : withoutRight(grant, 'open');
    return withoutRight(grant, right) ?? onTerminal ?? unrecorded(grant);
  }

  /** @returns a sentence that says why it must not be started, although it was not refused */
  #report(wanted: Wanted, refusal: SshRefusal | undefined): string | undefined {
    const { parts, grant } = this.#options;
    const { sessionId, owner, linuxUser } = grant;
    const activity: Activity = {
      action: wanted.kind,
      subject: wanted.kind === 'command' ? wanted.line : '',
      linuxUser,
      terminal: this.#terminal !== undefined,
      refused: refusal?.code ?? '',
    };
    if (refusal === undefined) return parts.activities.starts(sessionId, owner, activity);
    parts.activities.reports(sessionId, owner, activity);
    return undefined;
  }

  async #start(channel: ServerChannel, wanted: Wanted): Promise<SshProgram | undefined> {
    const { parts, grant, ready, isOpen } = this.#options;
    const { account, agentTag, guard, activities } = parts;
    // Unlike those of commands, so that the next agent does not end what the program leaves behind.
    const marker = `ssh-${agentTag}-${randomBytes(9).toString('hex')}`;
    const terminal = wanted.kind === 'sftp' ? undefined : this.#terminal;
    const variables = this.#variables.of(terminal?.term);
    const { launch, user } = await prepareProgram(
      purposeOf(wanted, { marker, variables, terminal: terminal !== undefined }, grant.rights),
      account,
      grant.linuxUser,
    );
    const pipes = terminal === undefined ? await openOutputPipes(user.uid) : undefined;
    if (this.#closed || !isOpen()) {
      pipes?.close();
      return undefined;
    }
    const shared = { channel, ready, launch, marker, guard };
    if (terminal !== undefined) return new TerminalProgram({ ...shared, size: terminal.size });
    if (wanted.kind !== 'sftp') return new PipedProgram({ ...shared, pipes });
    const report = (activity: Activity): void =>
      activities.reports(grant.sessionId, grant.owner, { linuxUser: grant.linuxUser, ...activity });
    return new PipedProgram({ ...shared, pipes, onStderr: sftpReports(report) });
  }
}

/** Node passes on arguments as UTF-8 only, and the kernel up to a NUL. Another command line than the client's must not run. */
const notText: SshRefusal = {
  code: 'invalid_input',
  message: 'The command line is not UTF-8, or has a NUL. Names of other bytes can be written as escapes of the shell.',
};

const purposeOf = (
  wanted: Wanted,
  own: { readonly marker: string; readonly variables: Record<string, string>; readonly terminal: boolean },
  rights: readonly string[],
): Purpose => {
  if (wanted.kind === 'sftp') return { kind: 'helper', program: sftpHelper(rights), marker: own.marker };
  // A login shell without a terminal, as sshd starts it: it reads its commands from stdin.
  if (wanted.kind === 'shell' && own.terminal) return { kind: 'login', ...own };
  return { kind: 'command', line: wanted.kind === 'shell' ? loginShell : wanted.line, ...own };
};

/** For the user's shell: replaces itself by a login shell that reads stdin. */
const loginShell = 'exec "$SHELL" -l';

const sizeOf = ({ cols, rows }: Pick<PseudoTtyInfo, 'cols' | 'rows'>): WindowSize => {
  const within = (size: number, otherwise: number): number => (size >= 1 ? Math.min(size, maxWinsize) : otherwise);
  return { cols: within(cols, 80), rows: within(rows, 24) };
};
