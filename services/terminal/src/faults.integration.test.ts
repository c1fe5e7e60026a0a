import { closeCode } from '@webxterm/contracts/frames';
import { until } from '@webxterm/shared/testing';
import { describe, expect, it } from 'vitest';
import { useWorld, world } from './testing/use-world.ts';
import type { Viewer } from './testing/world.ts';

useWorld();

/** A live viewer with a resume pass, whose shell has answered. */
const viewer = async (): Promise<Viewer> => {
  const attached = world.viewer();
  attached.client.type('echo ready-$((1+1))\n');
  await attached.says('ready-2');
  return attached;
};

describe('while a part is unavailable', () => {
  it('MongoDB: open terminals continue and re-attach by their pass; a new one is 503', async () => {
    const open = await viewer();
    const raw = await world.shell();
    await world.stack.stopProcess('mongod');
    try {
      open.client.type('echo without-$((2+2))\n');
      await open.says('without-4');
      open.sockets.at(-1)?.terminate();
      open.client.type('echo back-$((3+3))\n');
      await open.says('back-6', 10_000);
      raw.send('echo raw-$((4+4))\n');
      await raw.says('raw-8');
      const refused = await world.dial({ token: world.token });
      expect(refused).toMatchObject({ opened: false, status: 503, body: { code: 'unavailable' } });
      expect((await world.api('GET', 'terminal/sessions')).status).toBe(503);
    } finally {
      await world.stack.startProcess('mongod');
    }
    await until(async () => (await world.api('GET', 'terminal/sessions')).status === 200, 30_000);
    raw.send('exit\n');
    await raw.closed;
    open.client.type('exit\n');
    await until(() => open.state === 'ended');
  });

  it('NATS: open terminals are not affected, and can re-attach', async () => {
    const open = await viewer();
    await world.stack.stopProcess('nats');
    try {
      open.sockets.at(-1)?.terminate();
      open.client.type('echo quiet-$((2+2))\n');
      await open.says('quiet-4', 10_000);
    } finally {
      await world.stack.startProcess('nats');
    }
    open.client.type('exit\n');
    await until(() => open.state === 'ended');
  });

  it('the terminal service, stopped in order: clients receive 1012 and reconnect', async () => {
    const open = await viewer();
    const raw = await world.shell();
    const restarted = world.stack.restart('terminal-1');
    expect((await raw.closed).code).toBe(closeCode.comeBack);
    await restarted;
    open.client.type('echo again-$((2+2))\n');
    await open.says('again-4', 20_000);
    expect(open.gaps).toEqual([]);
    const back = await world.raw({ session_id: String(raw.headers['x-session-id']), from: String(raw.length) });
    back.send('echo raw-again-$((3+3)); exit\n');
    await back.says('raw-again-6');
    open.client.type('exit\n');
    await until(() => open.state === 'ended');
  });

  it('the agent: viewers receive that the machine cannot be reached, then that their shell is gone', async () => {
    const open = await viewer();
    await world.stack.kill(agentName());
    await until(() => open.state === 'ended', 30_000);
    expect(open.client.state).toMatchObject({ state: 'ended' });
    expect(open.states.map(({ state }) => state)).toContain('unreachable');
  });
});

const agentName = (): string =>
  world.stack.processes.find(({ name }) => name.includes('agent') && !name.includes('hub'))?.name ?? '';
