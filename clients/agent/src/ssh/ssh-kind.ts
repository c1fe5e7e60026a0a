import type { Duplex } from 'node:stream';
import { lostByUpdate } from '../forwards/tcp-process.ts';
import { type BytesKind, SessionRefused } from '../session/session-kind.ts';
import { findAllowedUser } from '../shell/linux-users.ts';
import type { SshHostKey } from './host-key.ts';
import { SshConnection } from './ssh-connection.ts';
import type { SshParts } from './ssh-context.ts';
import { SshProcess } from './ssh-process.ts';

const bounds = { group: 'ssh connections', perUser: 16, ofAll: 48 } as const;
/** As that of forwarded connections. */
const ringSize = 256 * 1024;

const algorithms = {
  kex: ['curve25519-sha256', 'curve25519-sha256@libssh.org', 'ecdh-sha2-nistp256'],
  serverHostKey: ['ssh-ed25519'],
  // The processor does AES. chacha20-poly1305 would be computed in JavaScript.
  cipher: ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'aes128-ctr', 'aes256-ctr'],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256'],
  compress: ['none'],
} as const;

/** Sessions of kind `ssh`: a connection to the ssh server in this process. `hostKey`: made when it is first needed. */
export const sshKind = (parts: SshParts, hostKey: () => Promise<SshHostKey>): BytesKind => {
  const open = new Set<SshConnection>();
  const unreadOfAll = (): number => [...open].reduce((sum, { unread }) => sum + unread, 0);
  return {
    name: 'ssh',
    output: 'bytes',
    endsWithViewer: true,
    lossless: true,
    unrecorded: true,
    ringSize,
    bounds,
    notStarted: { code: 'shell_not_started', what: 'the ssh server' },
    prepare: async ({ sessionId, linuxUser: requested, owner, rights, mustRecord }) => {
      if (rights.length === 0) throw new SessionRefused('view_only', 'You may do nothing on this machine by ssh.');
      const { name: linuxUser } = await findAllowedUser(parts.account.linuxUsers, requested);
      // Loaded when it is needed: it takes 6 MB.
      const [{ default: ssh2 }, { privateKey }] = await Promise.all([import('ssh2'), hostKey()]);
      const hostKeys = [privateKey];
      const config = { hostKeys, ident: 'WebXTerm', algorithms: mutable(algorithms) };
      const grant = { sessionId, owner, linuxUser, rights, mustRecord };
      const serve = (transport: Duplex): SshConnection => {
        const connection = new SshConnection(new ssh2.Server(config), transport, parts, grant);
        open.add(connection);
        transport.once('close', () => open.delete(connection));
        return connection;
      };
      return (events) => new SshProcess(events, serve, unreadOfAll);
    },
    adopt: (_handed, events) => lostByUpdate(events),
  };
};

const mutable = <T extends Record<string, readonly string[]>>(lists: T): { [K in keyof T]: T[K][number][] } => {
  const copies = Object.entries(lists).map(([name, list]) => [name, [...list]]);
  return Object.fromEntries(copies);
};
