import type { Socket } from 'node:net';
import { joinHostAndPort } from '@webxterm/contracts/host-and-port';
import type { ServerChannel, TcpipRequestInfo } from 'ssh2';
import { connectTarget } from '../forwards/connect-target.ts';
import { SessionRefused } from '../session/session-kind.ts';
import { ChannelWriter, type Ready } from './channel-writer.ts';
import { type SshGrant, type SshParts, withoutRight } from './ssh-context.ts';

export type ForwardOptions = {
  readonly parts: Pick<SshParts, 'allowed' | 'lookups' | 'activities'>;
  readonly grant: SshGrant;
  readonly ready: Ready;
  readonly isOpen: () => boolean;
};

/** A connection of -L or -D, under the rules of forwarded connections: what agent.yaml allows, with the right `forward`. */
export class ForwardedConnection {
  readonly #options: ForwardOptions;
  #channel: ServerChannel | undefined;
  #socket: Socket | undefined;

  constructor(options: ForwardOptions) {
    this.#options = options;
  }

  /** Bytes of the client that nothing has read. */
  get unread(): number {
    return this.#channel?.readableLength ?? 0;
  }

  /** Resolves when the connection has ended, or was refused. */
  async run(
    { destIP, destPort }: Pick<TcpipRequestInfo, 'destIP' | 'destPort'>,
    accept: () => ServerChannel,
    reject: () => void,
  ): Promise<void> {
    const { parts, grant, isOpen } = this.#options;
    const { sessionId, owner, linuxUser } = grant;
    const target = joinHostAndPort(destIP, destPort);
    const activity = { action: 'forward', subject: target, linuxUser };
    const refusal = withoutRight(grant, 'forward');
    if (refusal !== undefined) {
      parts.activities.reports(sessionId, owner, { ...activity, refused: refusal.code });
      return reject();
    }
    // Before the connection: otherwise ports that are closed could be tried without a limit.
    if (parts.activities.mayStart(owner) !== undefined) return reject();
    try {
      const socket = await connectTarget(target, parts.allowed, (host, late) =>
        parts.lookups.addressesOf(host, owner, late),
      );
      // It is audited before a byte of it is passed on.
      const unaudited = isOpen() ? parts.activities.begins(sessionId, owner, activity) : '';
      if (unaudited !== undefined) {
        socket.destroy();
        return reject();
      }
      await this.#carry(socket, accept());
    } catch (error) {
      const refused = error instanceof SessionRefused ? error.code : 'forward_failed';
      parts.activities.reports(sessionId, owner, { ...activity, refused });
      reject();
    }
  }

  end(): void {
    this.#socket?.destroy();
  }

  /** Each direction ends by itself. */
  async #carry(socket: Socket, channel: ServerChannel): Promise<void> {
    this.#socket = socket;
    this.#channel = channel;
    const writer = new ChannelWriter(channel, this.#options.ready);
    channel.on('error', () => undefined);
    channel.once('close', () => socket.destroy());
    channel.pipe(socket);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await writer.copy(socket);
    // ssh2 would close both directions by `end`.
    channel.eof();
    await closed;
    channel.close();
  }
}
