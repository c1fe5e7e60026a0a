import { connect, createServer, type Socket } from 'node:net';

/** Stands between NATS and its clients, and can part some of them from it without a word. */
export interface NatsGate {
  /** host:port */
  readonly address: string;
  /** Nothing passes any more to or from these users, also when they connect anew; no connection ends. */
  cutOff(...users: string[]): void;
  /** Resets what they hold, and lets them pass. */
  letIn(...users: string[]): void;
  close(): Promise<void>;
}

interface Passage {
  readonly client: Socket;
  readonly server: Socket;
  /** As the client has said in its CONNECT. */
  user: string | undefined;
}

const userOf = (bytes: Buffer): string | undefined =>
  /^CONNECT .*"user":"([^"]+)"/m.exec(bytes.toString('latin1'))?.[1];

/** @param target where NATS listens, host:port */
export const startNatsGate = async (target: string): Promise<NatsGate> => {
  const [host = '', port = ''] = target.split(':');
  const passages = new Set<Passage>();
  const away = new Set<string>();
  const isAway = ({ user }: Passage): boolean => user !== undefined && away.has(user);
  const gate = createServer({ noDelay: true }, (client) => {
    const server = connect({ host, port: Number(port), noDelay: true });
    const passage: Passage = { client, server, user: undefined };
    passages.add(passage);
    client.on('data', (bytes: Buffer) => {
      passage.user ??= userOf(bytes);
      if (!isAway(passage)) server.write(bytes);
    });
    server.on('data', (bytes: Buffer) => {
      if (!isAway(passage)) client.write(bytes);
    });
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      socket.on('error', () => {});
      socket.on('close', () => {
        if (isAway(passage) && socket === server) return;
        other.destroy();
        passages.delete(passage);
      });
    }
  });
  await new Promise<void>((resolve) => gate.listen(0, '127.0.0.1', resolve));
  const address = gate.address();
  if (address === null || typeof address === 'string') throw new Error('the gate has no port');
  const reset = (chosen: (passage: Passage) => boolean): void => {
    for (const passage of [...passages].filter(chosen)) {
      passage.client.resetAndDestroy();
      passage.server.resetAndDestroy();
    }
  };
  return {
    address: `127.0.0.1:${address.port}`,
    cutOff: (...users) => {
      for (const user of users) away.add(user);
    },
    letIn: (...users) => {
      reset(isAway);
      for (const user of users) away.delete(user);
    },
    close: () => {
      reset(() => true);
      return new Promise((resolve) => gate.close(() => resolve()));
    },
  };
};
