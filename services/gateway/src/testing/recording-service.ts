import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { WebSocketServer } from 'ws';

export interface Recorded {
  readonly kind: 'request' | 'upgrade';
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;
type OnUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** A real HTTP server in place of a service: records requests, answers with `answer`, and echoes WebSocket messages. */
export class RecordingService {
  readonly recorded: Recorded[] = [];
  answer: Answer = (_request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  onUpgrade: OnUpgrade | undefined;
  readonly server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true });

  constructor() {
    this.server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8');
      request.on('data', (chunk: string) => {
        body += chunk;
      });
      request.on('end', () => {
        this.#record('request', request, body);
        this.answer(request, response, body);
      });
    });
    this.server.on('upgrade', (request, socket, head) => {
      this.#record('upgrade', request, '');
      if (this.onUpgrade !== undefined) return this.onUpgrade(request, socket, head);
      this.echo(request, socket, head);
    });
  }

  /** Accepts the upgrade and echoes every message. */
  echo(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#sockets.handleUpgrade(request, socket, head, (client) => {
      client.on('message', (message, isBinary) => client.send(message, { binary: isBinary }));
      client.on('error', () => undefined);
    });
  }

  #record(kind: Recorded['kind'], { method = '', url = '', headers }: IncomingMessage, body: string): void {
    this.recorded.push({ kind, method, url, headers, body });
  }

  /** The last recorded request. */
  get last(): Recorded {
    const last = this.recorded.at(-1);
    if (last === undefined) throw new Error('nothing has arrived');
    return last;
  }

  async start(port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    return this;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  reset(): void {
    this.recorded.length = 0;
    this.onUpgrade = undefined;
    this.answer = (_request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  }

  async stop(): Promise<void> {
    for (const client of this.#sockets.clients) client.terminate();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** Two services for the tests of a file: started before them, and reset before each. Their servers stop after what the file starts later. */
export const useRecordingServices = (): readonly [RecordingService, RecordingService] => {
  const services = [new RecordingService(), new RecordingService()] as const;
  beforeAll(async () => {
    for (const service of services) await service.start();
  });
  beforeEach(() => {
    for (const service of services) service.reset();
  });
  afterAll(async () => {
    for (const service of services) await service.stop();
  });
  return services;
};
