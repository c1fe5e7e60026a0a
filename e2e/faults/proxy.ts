import { connect, createServer, type Socket } from 'node:net';

/** A TCP balancer whose connections a test can cut, or let die without a word. */
export interface FaultyProxy {
  readonly port: number;
  /** Resets every connection that there is; new ones pass. */
  cut(): void;
  /** Every connection that there is turns half-open: it stays, and nothing passes any more in either direction. New ones pass. */
  swallow(): void;
  close(): Promise<void>;
}

interface Pair {
  readonly sockets: readonly [Socket, Socket];
  swallowed: boolean;
}

const tie = (pairs: Set<Pair>, client: Socket, upstream: Socket): void => {
  const pair: Pair = { sockets: [client, upstream], swallowed: false };
  pairs.add(pair);
  for (const [from, to] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    from.on('data', (bytes: Buffer) => {
      if (pair.swallowed || to.write(bytes)) return;
      from.pause();
      to.once('drain', () => from.resume());
    });
    from.on('end', () => pair.swallowed || to.end());
    from.on('error', () => {});
    from.on('close', () => {
      if (pair.swallowed) return;
      to.destroy();
      pairs.delete(pair);
    });
  }
};

/** Connects to the next target that takes it. */
const reach = (
  targets: readonly number[],
  at: number,
  tries: number,
  reached: (socket: Socket | undefined) => void,
): void => {
  if (tries === 0) {
    reached(undefined);
    return;
  }
  const socket = connect({ port: targets[at % targets.length] ?? 0, host: '127.0.0.1', noDelay: true });
  const refused = (): void => reach(targets, at + 1, tries - 1, reached);
  socket.once('error', refused);
  socket.once('connect', () => {
    socket.off('error', refused);
    reached(socket);
  });
};

/** `targets`: ports of this machine, taken in turn. */
export const startFaultyProxy = async (targets: readonly number[]): Promise<FaultyProxy> => {
  const pairs = new Set<Pair>();
  let turn = 0;
  const server = createServer({ noDelay: true, pauseOnConnect: true }, (client) => {
    client.on('error', () => {});
    turn += 1;
    reach(targets, turn, targets.length, (upstream) => {
      if (upstream === undefined) {
        client.destroy();
        return;
      }
      tie(pairs, client, upstream);
      client.resume();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  const cut = (): void => {
    for (const pair of [...pairs]) for (const socket of pair.sockets) socket.resetAndDestroy();
    pairs.clear();
  };
  return {
    port: address.port,
    cut,
    swallow: () => {
      for (const pair of pairs) pair.swallowed = true;
    },
    close: () => {
      cut();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
};
