import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { duplexPair } from 'node:stream';
import type { SshActivity } from '@webxterm/contracts/grpc';
import { TcpMessageReader, tcpData, tcpEnd } from '@webxterm/contracts/tcp-messages';
import { pino } from 'pino';
import ssh2 from 'ssh2';
import { afterAll, expect, it, vi } from 'vitest';
import { AllowedTargets } from '../forwards/allowed-targets.ts';
import { NameLookups } from '../forwards/name-lookups.ts';
import { Guard } from '../guard/guard.ts';
import { SshActivities } from './activities.ts';
import { loadSshHostKey } from './host-key.ts';
import { SshPlaces } from './places.ts';
import { defaultUserName, SshConnection } from './ssh-connection.ts';
import { SshProcess } from './ssh-process.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'ssh-connection-'));
const log = pino({ level: 'silent' });
const guard = new Guard(log);
afterAll(() => {
  guard.close();
  rmSync(folder, { recursive: true, force: true });
});

const sessionId = Buffer.alloc(16, 1);

/** The messages and channels of a client of ssh2, by which it breaks the rules. */
type Rude = {
  protocol: {
    session(id: number, window: number, packet: number): void;
    exec(id: number, line: string, reply: boolean): void;
    shell(id: number, reply: boolean): void;
    subsystem(id: number, name: string, reply: boolean): void;
    channelClose(id: number): void;
    ping(): void;
    rekey(): void;
    directTcpip(id: number, window: number, packet: number, to: object): void;
  };
  channels: { add(opened: (error: Error | undefined, channel: { outgoing: { id: number } }) => void): number };
};

/** A client that may not start programs. */
const connected = async (...rights: string[]) => {
  const { privateKey } = await loadSshHostKey(path.join(folder, 'key'), log);
  const { username: linuxUser } = os.userInfo();
  const activities = new SshActivities(() => performance.now());
  const reports: SshActivity[] = [];
  activities.follow((report) => void reports.push(report));
  activities.attached(sessionId);
  const parts = {
    account: { linuxUsers: [linuxUser], allowSudo: true, processUid: process.getuid?.() ?? 0 },
    ...{ agentTag: 'test', guard, allowed: new AllowedTargets([]), lookups: new NameLookups(), log },
    activities,
    places: new SshPlaces(),
  };
  const grant = { sessionId, owner: 'ann', linuxUser, rights, mustRecord: false };
  const config = { hostKeys: [privateKey], algorithms: { serverHostKey: ['ssh-ed25519' as const] } };
  const served = Promise.withResolvers<SshConnection>();
  const reader = new TcpMessageReader();
  const [sock, near] = duplexPair();
  /** The client takes all output, and looks at none of it. */
  const deaf = { is: false };
  const events = {
    onOutput: (bytes: Uint8Array) => {
      // As on a network, no side is called within a write of the other.
      for (const message of reader.push(Buffer.from(bytes)))
        setImmediate(() => (message.type === 'data' ? deaf.is || near.write(message.bytes) : near.destroy()));
    },
    onEnd: () => near.destroy(),
  };
  const server = new SshProcess(
    events,
    (transport) => {
      const made = new SshConnection(new ssh2.Server(config), transport, parts, grant);
      served.resolve(made);
      return made;
    },
    () => 70 * 1024 * 1024,
  );
  near.on('data', (bytes: Buffer) => {
    for (const message of tcpData(bytes)) server.write(message);
  });
  near.once('close', () => sock.destroy());
  const client = new ssh2.Client();
  client.on('error', () => undefined);
  client.connect({ sock, username: defaultUserName });
  await once(client, 'ready');
  const { _protocol: protocol, _chanMgr: channels } = Object(client);
  const rude: Rude = { protocol, channels };
  return { connection: await served.promise, server, client, deaf, reports, ...rude };
};

/** Opens a session channel whose client takes packets of this length. @returns its number */
const openChannel = async ({ protocol, channels }: Rude, packet = 32_768): Promise<number> => {
  const opened = Promise.withResolvers<number>();
  const id = channels.add((error, channel) => (error ? opened.reject(error) : opened.resolve(channel.outgoing.id)));
  protocol.session(id, 1024 * 1024, packet);
  return opened.promise;
};

it('survives a second command, shell or subsystem on a channel that has one', async () => {
  const one = await connected('files_read');
  const id = await openChannel(one);
  one.protocol.exec(id, 'true', true);
  one.protocol.exec(id, 'true', true);
  one.protocol.shell(id, true);
  one.protocol.subsystem(id, 'sftp', true);
  expect(await openChannel(one)).toBeGreaterThan(id);
  one.connection.end();
});

it('ends a client that takes packets of no bytes, into which ssh2 would cut an output for ever', async () => {
  const one = await connected('files_read');
  const closed = once(one.client, 'close');
  one.protocol.exec(await openChannel(one, 0), 'true', true);
  await closed;
});

it.each(['rm -rf /tmp/x\0y', 'echo \ufffd'])(
  'refuses the command line %j, of which another would run',
  async (line) => {
    const one = await connected('command', 'open');
    one.protocol.exec(await openChannel(one), line, true);
    await openChannel(one);
    expect(one.reports).toMatchObject([{ action: 'command', refused: 'invalid_input' }]);
    one.connection.end();
  },
);

it('forgets the channels that a client has opened and closed', async () => {
  const one = await connected('files_read');
  for (let count = 0; count < 100; count += 1) one.protocol.channelClose(await openChannel(one));
  await openChannel(one);
  expect(one.connection.sessionCount).toBe(1);
  one.connection.end();
});

it('closes the connection of a client that ends its direction, as a killed one does', async () => {
  const one = await connected('files_read');
  const closed = once(one.client, 'close');
  await openChannel(one);
  one.server.write(tcpEnd());
  await closed;
});

it('reads no more of a client that takes no answers', async () => {
  const one = await connected('files_read');
  const before = one.connection.untaken;
  one.server.pause();
  // Each asks for an answer.
  for (let count = 0; count < 20_000 && one.connection.untaken < before + 64 * 1024; count += 1) {
    one.protocol.ping();
    if (count % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(one.connection.untaken).toBeGreaterThan(before + 64 * 1024);
  const taken = vi.spyOn(one.server, 'write');
  vi.spyOn(one.connection, 'untaken', 'get').mockReturnValue(2 * 1024 * 1024);
  for (const message of tcpData(Buffer.alloc(10))) one.server.write(message);
  expect(taken.mock.results.map(({ value }) => value)).toEqual(taken.mock.results.map(() => 0));
  one.server.kill();
});

it.each([
  [0, 10],
  [1024 * 1024, 10],
  [3 * 1024 * 1024, 0],
])(
  'reads with %i bytes unread %i more of a client while all clients together have sent too much',
  async (unread, more) => {
    const one = await connected('files_read');
    vi.spyOn(one.connection, 'unread', 'get').mockReturnValue(unread);
    expect(one.server.write(Buffer.alloc(10))).toBe(more);
    one.server.kill();
  },
);

it('reads no more of a program while a client does not complete an exchange of keys', async () => {
  const one = await connected('forward');
  let sent = 0;
  const zeros = createServer((socket) => {
    socket.on('error', () => undefined);
    const send = (): void => {
      while (
        socket.write(Buffer.alloc(65_536), () => {
          sent += 65_536;
        })
      );
    };
    socket.on('drain', send);
    send();
  }).listen(0, '127.0.0.1');
  await once(zeros, 'listening');
  const address = zeros.address();
  const dstPort = typeof address === 'object' && address !== null ? address.port : 0;
  const opened = Promise.withResolvers<void>();
  const id = one.channels.add(() => opened.resolve());
  const to = { dstIP: '127.0.0.1', dstPort, srcIP: '', srcPort: 0 };
  one.protocol.directTcpip(id, 0xffff_ffff, 32_768, to);
  await opened.promise;
  one.deaf.is = true;
  one.protocol.rekey();
  const before = sent;
  for (let round = 0; round < 20_000 && sent - before < 64 * 1024 * 1024; round += 1)
    await new Promise((resolve) => setImmediate(resolve));
  expect(sent - before).toBeLessThan(64 * 1024 * 1024);
  one.server.kill();
  zeros.close();
}, 20_000);
