import os from 'node:os';
import { expect, it, onTestFinished, vi } from 'vitest';
import { machineFacts } from '../stats/facts.ts';
import { startTestAgent } from './test-agent.ts';
import { TestHub } from './test-hub.ts';

/** An agent whose host name `rename` changes, with a hub that announces `capabilities`. */
const start = async (capabilities: string[]) => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  let hostname = 'before';
  const readFacts = async () => ({ ...(await machineFacts({ name: 'box', linux_user: 'ann' })), hostname });
  const hub = new TestHub();
  const { answer } = hub;
  hub.answer = (hello) => {
    const welcome = answer(hello);
    return welcome.$case === 'welcome' ? { ...welcome, value: { ...welcome.value, capabilities } } : welcome;
  };
  const { stop } = await startTestAgent({}, hub, readFacts);
  onTestFinished(stop);
  const lookUntil = async (done: Promise<unknown>): Promise<void> => {
    let over = false;
    void done.then(() => {
      over = true;
    });
    // The hub has the link before the agent does. A check without a link has no effect until the next one.
    while (!over) {
      await vi.advanceTimersByTimeAsync(30_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const rename = (): void => {
    hostname = 'after';
  };
  return { hub, rename, lookUntil };
};
const hostNames = ({ hellos }: TestHub) => hellos.map(({ facts }) => facts?.hostname);

it('a machine that gets another host name reports it over its link, which it keeps, also when network interfaces come and go', async () => {
  const { hub, rename, lookUntil } = await start(['changed_facts']);
  await vi.advanceTimersByTimeAsync(30_000);
  const bridge = { address: '172.17.0.1', netmask: '255.255.0.0', mac: '02:42:0a:00:00:01', cidr: '172.17.0.1/16' };
  const interfaces = os.networkInterfaces();
  const spy = vi.spyOn(os, 'networkInterfaces');
  onTestFinished(() => spy.mockRestore());
  spy.mockReturnValue({ ...interfaces, docker0: [{ ...bridge, family: 'IPv4', internal: false }] });
  await vi.advanceTimersByTimeAsync(90_000);
  spy.mockReturnValue(interfaces);
  await vi.advanceTimersByTimeAsync(90_000);
  rename();
  const reported = hub.message('changedFacts');
  await lookUntil(reported);
  expect((await reported).value).toMatchObject({ hostname: 'after', linuxUser: 'ann' });
  await vi.advanceTimersByTimeAsync(90_000);
  await vi.waitFor(() => expect(hub.messages.filter(({ $case }) => $case === 'changedFacts')).toHaveLength(1));
  expect(hostNames(hub)).toEqual(['before']);
});

it('a machine that gets another host name reports it to a hub of an earlier version by another dial', async () => {
  const { hub, rename, lookUntil } = await start([]);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(hostNames(hub)).toEqual(['before']);
  rename();
  await lookUntil(hub.nextLink());
  expect(hostNames(hub)).toEqual(['before', 'after']);
  expect(hub.messages.filter(({ $case }) => $case === 'changedFacts')).toEqual([]);
});
