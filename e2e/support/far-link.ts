import { connect, createServer, type Server, type Socket } from 'node:net';

/** A long wire in the hands of a test: every byte arrives late, and what comes back can be held until the test lets it go. */
export class FarLink {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #held: (() => void)[] | undefined;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** `delayMs` each way, to `target` on loopback. Resolves once it listens. */
  static start(target: number, delayMs: number): Promise<FarLink> {
    return new Promise((resolve, reject) => {
      const server = createServer({ noDelay: true }, (near) => link.#join(near, target, delayMs));
      let link: FarLink;
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        if (address === null || typeof address === 'string') return reject(new Error('the far link has no port'));
        link = new FarLink(server, address.port);
        resolve(link);
      });
    });
  }

  /** From now on nothing comes back from the server until it is released. */
  hold(): void {
    this.#held ??= [];
  }

  /** Lets the held bytes arrive, in order. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const deliver of held) deliver();
  }

  /** Breaks every connection, as a network that goes away. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.#server.close();
    this.cut();
  }

  #join(near: Socket, target: number, delayMs: number): void {
    const far = connect({ port: target, host: '127.0.0.1', noDelay: true });
    for (const [from, to, back] of [
      [near, far, false],
      [far, near, true],
    ] as const) {
      this.#sockets.add(from);
      const deliver = (act: () => void): void => {
        setTimeout(() => (back && this.#held !== undefined ? void this.#held.push(act) : act()), delayMs);
      };
      from.on('data', (bytes) => deliver(() => void to.write(bytes)));
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        deliver(() => void to.end());
      });
    }
  }
}
