import { connect, createServer, type Server } from 'node:net';
import { Client, type ClientDuplexStream, credentials } from '@grpc/grpc-js';
import { type AgentMessage, AgentServiceService, type ServerMessage } from '@webxterm/contracts/grpc';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/rest.ts';
import { hubAddress, type World } from './world.ts';

/** As many dials of one address as a hub greets at once. */
const maxGreetingsPerAddress = 500;

type Dial = ClientDuplexStream<AgentMessage, ServerMessage>;

const dial = (client: Client): Dial => {
  const { path, requestSerialize, responseDeserialize } = AgentServiceService.stream;
  const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  stream.on('error', () => undefined);
  return stream;
};

const firstWord = (stream: Dial): Promise<ServerMessage['message']> =>
  new Promise((resolve) => stream.once('data', ({ message }: ServerMessage) => resolve(message)));

/** Passes bytes on, from another address of this machine. */
const from = (localAddress: string, [host, port]: readonly [string, number]): Promise<Server> =>
  new Promise((resolve) => {
    const server = createServer((near) => {
      const far = connect({ host, port, localAddress });
      near.pipe(far).pipe(near);
      for (const socket of [near, far]) socket.on('error', () => near.destroy());
    }).listen(0, '127.0.0.1', () => resolve(server));
  });

const clientTo = (address: string): Client =>
  new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });

export const tryBounds = (world: () => World): void => {
  describe('a crowd from one address', () => {
    it('that dials the hub and says nothing is told to come later, and who dials from elsewhere is greeted', async () => {
      const address = await hubAddress(world());
      const crowd = clientTo(address);
      const dials = Array.from({ length: maxGreetingsPerAddress }, () => dial(crowd));
      const greeted = await Promise.all(dials.map(firstWord));
      expect(new Set(greeted.map((message) => message?.$case))).toEqual(new Set(['challenge']));
      expect(await firstWord(dial(crowd))).toMatchObject({
        $case: 'refused',
        value: { code: 'unavailable', permanent: false, message: 'Too many agents dial from this address at once.' },
      });
      const [host = '', port = ''] = address.split(':');
      const proxy = await from('127.0.0.9', [host, Number(port)]);
      const bound = proxy.address();
      const elsewhere = clientTo(`127.0.0.1:${typeof bound === 'object' ? bound?.port : ''}`);
      expect((await firstWord(dial(elsewhere)))?.$case).toBe('challenge');
      elsewhere.close();
      proxy.close();
      for (const stream of dials) stream.cancel();
      crowd.close();
      const later = clientTo(address);
      await eventually('the address is greeted as before, once they are gone', async () =>
        (await firstWord(dial(later)))?.$case === 'challenge' ? true : undefined,
      );
      later.close();
    });
  });
};
