import { expect, it, onTestFinished, vi } from 'vitest';
import { machineFacts } from '../stats/facts.ts';
import { startTestAgent } from './test-agent.ts';
import { TestHub } from './test-hub.ts';

it('a machine that gets another host name reports it to its hub, and keeps its link otherwise', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  let hostname = 'before';
  const readFacts = async () => ({ ...(await machineFacts({ name: 'box', linux_user: 'ann' })), hostname });
  const { hub, stop } = await startTestAgent({}, new TestHub(), readFacts);
  onTestFinished(stop);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(hub.hellos.map(({ facts }) => facts?.hostname)).toEqual(['before']);
  hostname = 'after';
  let relinked = false;
  void hub.nextLink().then(() => {
    relinked = true;
  });
  // The hub has the link before the agent does. A check without a link has no effect until the next one.
  while (!relinked) {
    await vi.advanceTimersByTimeAsync(30_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(hub.hellos.map(({ facts }) => facts?.hostname)).toEqual(['before', 'after']);
});
