import { randomBytes } from 'node:crypto';
import { setTimeout as passed } from 'node:timers/promises';
import { inspect } from 'node:util';
import { Metadata } from '@grpc/grpc-js';
import { encodeDown, inputWindow } from '@webxterm/contracts/frames';
import { type MachineFacts, metadataKey, type OpenStream, type Welcome, wrapFrame } from '@webxterm/contracts/grpc';
import { describe, expect, it } from 'vitest';
import type { HubConnection } from '../../clients/agent/src/link/hub-connection.ts';
import { RawTerminal } from '../support/raw-terminal.ts';
import { eventually } from '../support/rest.ts';
import { factsOf, TestDialler } from '../support/test-dialler.ts';
import { hubAddress, type World } from './world.ts';

const listed = { kind: 'pty', state: 'live', head: 0n, cols: 80, rows: 24, createdAtMs: 0n, attachments: 0 };
/** An agent that any user with an account may run: enrolled regularly, and then hostile. */
export const enrol = async (
  address: string,
  apiKey: string,
  said: MachineFacts = factsOf('hostile'),
): Promise<{ link: HubConnection; welcome: Welcome }> => {
  const dialler = new TestDialler(address, said);
  const dialOnce = () => dialler.dial({ $case: 'apiKey', value: apiKey });
  let result = await dialOnce();
  // As an agent does: its address may have to wait for the attacks before, and the hub for the database.
  const dialsAgain = (): boolean =>
    result.kind === 'failed' || (result.kind === 'refused' && !result.refused.permanent);
  for (let tries = 2; dialsAgain() && tries <= 20; tries += 1) {
    await passed(1000);
    result = await dialOnce();
  }
  if (result.kind !== 'welcome') throw new Error(`the hostile agent is not welcome: ${inspect(result)}`);
  return { link: result.connection, welcome: result.welcome };
};

const attach = (link: HubConnection, linkId: string, attachId: string, secret: string) => {
  const metadata = new Metadata();
  metadata.set(metadataKey.linkId, linkId);
  metadata.set(metadataKey.attachId, attachId);
  metadata.set(metadataKey.attachSecret, secret);
  const call = link.attach(metadata);
  call.on('error', () => undefined);
  call.on('data', () => undefined);
  return call;
};

/** Takes the stream that was asked for, and sends output from nowhere, twice, beyond every limit. */
const lie = (link: HubConnection, { linkId }: Welcome, { attachId, secret }: OpenStream): void => {
  const call = attach(link, linkId, attachId, secret.toString('base64url'));
  const place = { offset: 0, head: 0, liveFrom: 0, inputApplied: 0, inputLimit: inputWindow, cols: 80, rows: 24 };
  call.write(wrapFrame(encodeDown({ type: 'accepted', created: true, driver: true, ...place })));
  for (const offset of [5_000_000, 0, 7])
    call.write(wrapFrame(encodeDown({ type: 'output', offset, payload: Buffer.alloc(60_000, 0x1b) })));
};

export const tryHostileAgent = (world: () => World): void => {
  describe('a regularly enrolled agent that sends false data', () => {
    it('affects its own sessions only: not those of other machines by their ids, by streams or by floods', async () => {
      const { cast, agentId, session, stack } = world();
      const mallory = await world().person('mallory');
      const { link, welcome } = await enrol(await hubAddress(world()), mallory.apiKey);
      link.onMessage(({ message }) => {
        if (message?.$case === 'openStream') lie(link, welcome, message.value);
        if (message?.$case === 'ping') link.send({ $case: 'pong', value: { nonce: message.value.nonce } });
      });
      const mine = { token: mallory.token };
      await eventually('it is online', async () =>
        (await mallory.rest.machines()).find(
          ({ agent_id, status }) => agent_id === welcome.agentId && status === 'online',
        ),
      );

      const sessionId = Buffer.from(session.sessionId, 'base64url');
      link.send({ $case: 'sessionEnded', value: { sessionId, finalOffset: 0n, cause: 'shell_exit', exitCode: 0 } });
      link.send({ $case: 'sessions', value: { sessions: [{ ...listed, sessionId, ownerUserId: mallory.id }] } });
      for (const guess of [agentId, session.sessionId, randomBytes(16).toString('hex')])
        attach(link, guess, guess, randomBytes(32).toString('base64url')).write(
          wrapFrame(encodeDown({ type: 'ended', finalOffset: 0, cause: 'shell_exit', exitCode: 0, signal: undefined })),
        );

      const own = await RawTerminal.open(stack.url, welcome.agentId, mine);
      expect((await own.closed).code).toBe(1011);

      await session.run('echo not hurt');
      const { body } = await cast.control.rest.get<{ sessions: { session_id: string }[] }>('/api/terminal/sessions');
      expect(body.sessions.map(({ session_id }) => session_id)).toContain(session.sessionId);

      for (let nonce = 0n; nonce < 20_000n; nonce += 1n) link.send({ $case: 'ping', value: { nonce } });
      await link.closed;
      link.close();
      await session.run('echo not hurt by a flood either');
    });
  });
};
