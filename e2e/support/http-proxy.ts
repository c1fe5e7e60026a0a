import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** An HTTP proxy (CONNECT) that a test can cut. */
export class HttpProxy {
  readonly port: number;
  /** Targets of CONNECT, as host:port. */
  readonly targets: string[] = [];
  /** How often it was cut. */
  cuts = 0;
  #cutEvery = Number.POSITIVE_INFINITY;
  #cutsLeft = 0;
  /** Bytes from the targets since the last cut. */
  #passed = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static start(): Promise<HttpProxy> {
    return new Promise((resolve, reject) => {
      let proxy: HttpProxy;
      const server = createServer((_request, response) => {
        response.writeHead(405).end();
      });
      server.on('connect', (request, near, head) => proxy.#join(request.url ?? '', near, head));
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        if (address === null || typeof address === 'string') return reject(new Error('the proxy has no port'));
        proxy = new HttpProxy(server, address.port);
        resolve(proxy);
      });
    });
  }

  /** Breaks every connection. New ones are accepted. */
  cut(): void {
    this.cuts += 1;
    this.#passed = 0;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Cuts by itself, so many times, whenever so many bytes have come from the targets. */
  cutEvery(bytes: number, times: number): void {
    this.#cutEvery = bytes;
    this.#cutsLeft = times;
    this.#passed = 0;
  }

  close(): void {
    this.#server.close();
    this.cut();
    this.#server.closeAllConnections();
  }

  #join(target: string, near: Duplex, head: Buffer): void {
    this.targets.push(target);
    const [host = '', port = ''] = target.split(':');
    const far = connect({ host, port: Number(port), noDelay: true }, () => {
      near.write('HTTP/1.1 200 Connection established\r\n\r\n');
      if (head.length > 0) far.write(head);
      near.pipe(far).pipe(near);
    });
    this.#sockets.add(far);
    far.on('data', (bytes) => {
      this.#passed += bytes.length;
      if (this.#passed < this.#cutEvery || this.#cutsLeft === 0) return;
      this.#cutsLeft -= 1;
      this.cut();
    });
    far.on('error', () => near.destroy());
    near.on('error', () => far.destroy());
    far.on('close', () => {
      this.#sockets.delete(far);
      near.destroy();
    });
    near.on('close', () => far.destroy());
  }
}
