import { AgentServiceService } from '@webxterm/contracts/grpc';
import { describe, expect, it } from 'vitest';
import { frameType, grpcRequest, RawHttp2 } from '../../services/agent-hub/src/testing/raw-http2.ts';
import { eventually } from '../support/rest.ts';
import { hubAddress, type World } from './world.ts';

/** As many connections of one address as a hub greets at once. */
const maxGreetingsPerAddress = 500;

/** Dials a hub and says nothing. */
const dial = async (address: string, from: string): Promise<RawHttp2> => {
  const dialled = await RawHttp2.open(address, { from });
  dialled.request(grpcRequest(AgentServiceService.stream.path));
  return dialled;
};

/** Whether the hub has sent its challenge. */
const isGreeted = async (dialled: RawHttp2): Promise<boolean> =>
  (await dialled.received(({ type }) => type === frameType.data)) !== undefined;

export const tryBounds = (world: () => World): void => {
  describe('many connections from one address', () => {
    it('that send nothing to the hub are limited, and a connection from another address is served', async () => {
      const address = await hubAddress(world());
      const crowd = await Promise.all(Array.from({ length: maxGreetingsPerAddress }, () => dial(address, '127.0.0.8')));
      expect(new Set(await Promise.all(crowd.map(isGreeted)))).toEqual(new Set([true]));
      expect(await isGreeted(await dial(address, '127.0.0.8'))).toBe(false);
      const elsewhere = await dial(address, '127.0.0.9');
      expect(await isGreeted(elsewhere)).toBe(true);
      for (const one of [...crowd, elsewhere]) one.close();
      await eventually('the address is greeted as before, once they are gone', async () => {
        const later = await dial(address, '127.0.0.8');
        const greeted = await isGreeted(later);
        later.close();
        return greeted || undefined;
      });
    });
  });
};
