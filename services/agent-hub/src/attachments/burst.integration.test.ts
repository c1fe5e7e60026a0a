import { encodeUp } from '@webxterm/contracts/frames';
import { unwrapFrame, wrapFrame } from '@webxterm/contracts/grpc';
import { until } from '@webxterm/shared/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dial, TestMachine } from '../testing/test-agent.ts';
import type { TestViewer } from '../testing/test-viewer.ts';
import { World } from '../testing/world.ts';

/** Node ends a whole HTTP/2 connection after 1,000 resets in a burst. A machine can have 512 attachments. */
const machines = 10;
const attachmentsEach = 500;
const atOnce = 20;

let world: World;
beforeAll(async () => {
  world = await World.start();
}, 60_000);
afterAll(async () => {
  await world?.stop();
}, 30_000);

describe('4,999 attachments that end at once', () => {
  it('end in order, and another one on the same connections continues', async () => {
    const hub = await world.hub();
    // One connection allows 4,096 streams.
    const terminals = [world.terminal(hub), world.terminal(hub)] as const;
    const ann = world.auth.addUser('ann');
    const { sid } = await world.auth.signIn(ann);
    const viewers: TestViewer[] = [];
    const received: string[] = [];
    const receive = (message: Buffer): void => void received.push(unwrapFrame(message)?.toString('hex') ?? '');
    const links: Awaited<ReturnType<typeof dial>>[] = [];
    for (let index = 0; index < machines; index += 1)
      links.push(await dial(hub.grpc, new TestMachine(`box-${index}`), { $case: 'apiKey', value: ann.apiKey }));
    for (const link of links) {
      const { agentId } = link.welcome;
      for (let round = 0; round < attachmentsEach; round += atOnce) {
        for (let index = 0; index < atOnce; index += 1)
          viewers.push(terminals[index % 2 === 0 ? 0 : 1].attach({ sid, agentId }));
        for (let index = 0; index < atOnce; index += 1) {
          const stream = link.attach(await link.nextOpen());
          stream.on('end', () => stream.end()).on('data', receive);
        }
      }
    }
    expect(viewers).toHaveLength(5000);
    const [survivor, ...leaving] = viewers;
    if (survivor === undefined) throw new Error('nobody is attached');
    const ends = Promise.all(leaving.map(({ ended }) => ended));
    for (const { stream } of leaving) stream.end();
    for (const { code } of await ends) expect(code).toBe(0);
    const key = encodeUp({ type: 'input', offset: 0, reply: false, earlier: false, payload: Buffer.from('k') });
    survivor.stream.write(wrapFrame(key));
    await until(() => received.includes(Buffer.from(key).toString('hex')));
    for (const link of links) link.cut();
  }, 120_000);
});
