import { createHash, randomBytes } from 'node:crypto';
import { until } from '@webxterm/shared/testing';
import { describe, expect, it } from 'vitest';
import { useWorld, world } from './testing/use-world.ts';
import type { Viewer } from './testing/world.ts';

useWorld();

const sha = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Ends the connection at the first answer to the last input, when the rest of it is under way. Resolves when the viewer has another one. */
const breakAtAnswer = async (viewer: Viewer): Promise<void> => {
  const socket = viewer.sockets.at(-1);
  socket?.once('message', () => socket.terminate());
  await until(() => viewer.sockets.at(-1) !== socket && viewer.state === 'live');
};

describe('a raw client', () => {
  it('runs a command and receives how the shell ended', async () => {
    const client = await world.raw();
    client.send('echo "sum $((40+2))"; exit 3\n');
    expect(await client.closed).toEqual({ code: 1000, reason: 'exit 3' });
    expect(client.text).toContain('sum 42');
    expect(client.headers['x-stream-offset']).toBe('0');
  });

  it('re-attaches to its shell without losing a byte', async () => {
    const first = await world.raw({ cols: '100', rows: '30' });
    first.send('stty size; echo marker-$((1+1))\n');
    await first.says('marker-2');
    expect(first.text).toContain('30 100');
    const seen = first.length;
    first.socket.terminate();
    const session = String(first.headers['x-session-id']);
    const second = await world.raw({
      session_id: session,
      viewer_id: String(first.headers['x-viewer-id']),
      from: String(seen),
    });
    expect(second.headers['x-stream-offset']).toBe(String(seen));
    second.send('echo again-$((2+2))\n');
    await second.says('again-4');
    expect(second.text).not.toContain('marker');
    second.send('exit\n');
    await second.closed;
  });

  it('is binary clean both ways: every byte value, 10 MB', async () => {
    const client = await world.raw();
    client.send('stty raw -echo; echo ready-$((1+1)); cat\n');
    await client.says('ready-2\n');
    const before = client.length;
    const all = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
    const sent = Buffer.concat([all, randomBytes(10 * 1024 * 1024)]);
    for (let at = 0; at < sent.length; at += 512 * 1024) client.send(sent.subarray(at, at + 512 * 1024));
    await until(() => client.length >= before + sent.length, 60_000);
    const echoed = client.bytes.subarray(before);
    expect(echoed.subarray(0, 256).equals(all)).toBe(true);
    expect([echoed.length, sha(echoed)]).toEqual([sent.length, sha(sent)]);
    await world.api('DELETE', `terminal/sessions/${client.headers['x-session-id']}`);
    expect((await client.closed).reason).toMatch(/^signal SIG/);
  });

  it('has its window resized over REST; 0 x 0 is refused', async () => {
    const client = await world.raw();
    const path = `terminal/sessions/${client.headers['x-session-id']}/resize`;
    expect((await world.api('POST', path, { cols: 0, rows: 0 })).status).toBe(400);
    await until(async () => (await world.api('POST', path, { cols: 133, rows: 44 })).status === 204);
    client.send('stty size; exit\n');
    await client.closed;
    expect(client.text).toContain('44 133');
  });

  it('uses JSON on request', async () => {
    const client = await world.raw({}, 'webxterm.json');
    expect(client.socket.protocol).toBe('webxterm.json');
    const output = (): string =>
      client.text
        .split(/(?<=\})(?=\{)/)
        .map((text) => JSON.parse(text).output ?? '')
        .join('');
    client.send('{"type":"resize","rows":0,"cols":0}');
    await client.says('"type":"error"');
    client.send('{"type":"resize","rows":31,"cols":101}');
    client.send(JSON.stringify({ type: 'input', input: 'stty size; printf "\\303\\244\\377|"; exit\n' }));
    expect((await client.closed).code).toBe(1000);
    expect(output()).toContain('31 101');
    expect(output()).toContain('ä\uFFFD|');
  });
});

describe('webxterm.v1', () => {
  it('opens a shell, resizes it, measures the latency and receives the exit code', async () => {
    const viewer = world.viewer();
    await viewer.live();
    expect(viewer.ids?.created).toBe(true);
    viewer.client.resize(120, 40);
    await until(() => viewer.size?.cols === 120 && viewer.size.driver);
    viewer.client.type('stty size\n');
    await viewer.says('40 120');
    await until(() => viewer.rtt !== undefined);
    viewer.client.type('exit 3\n');
    await until(() => viewer.state === 'ended');
    expect(viewer.client.state).toEqual({ state: 'ended', cause: 'shell_exit', exitCode: 3, signal: undefined });
  });

  it('has each numbered line and each typed key once while its socket breaks repeatedly', async () => {
    const viewer = world.viewer();
    await viewer.live();
    viewer.client.type('stty -echo; n=0; while read -r line; do n=$((n+1)); echo "got $line"; done\n');
    const typed = Array.from({ length: 400 }, (_, index) => `line-${index}`);
    for (const [index, line] of typed.entries()) {
      viewer.client.type(`${line}\n`);
      if (index % 50 === 49) await breakAtAnswer(viewer);
    }
    await viewer.says('got line-399', 30_000);
    const got = [...viewer.text.matchAll(/got (line-\d+)/g)].map(([, line]) => line);
    expect(got).toEqual(typed);
    expect(viewer.sockets.length).toBeGreaterThan(8);
    viewer.client.close();
  });

  it('is informed that its newer connection took over', async () => {
    const viewer = world.viewer();
    await viewer.live();
    const { sessionId, viewerId } = viewer.ids ?? { sessionId: '', viewerId: '' };
    const newer = world.viewer({ resume: { sessionId, viewerId } });
    await newer.live();
    await until(() => viewer.state === 'refused');
    expect(viewer.client.state).toMatchObject({ state: 'refused', code: 'displaced' });
    newer.client.type('echo still-$((3+3)); exit\n');
    await newer.says('still-6');
    await until(() => newer.state === 'ended');
  });

  it('continues after the hub and the terminal service are killed, with every line once', async () => {
    const viewer = world.viewer();
    await viewer.live();
    viewer.client.type('for i in $(seq 1 3000); do echo "n=$i."; sleep 0.002; done; echo all-$((1+1))\n');
    await viewer.says('n=200.');
    await world.stack.kill('agent-hub-1');
    await viewer.says('n=1200.', 30_000);
    await world.stack.kill('terminal-1');
    await viewer.says('all-2', 60_000);
    const numbers = [...viewer.text.matchAll(/n=(\d+)\./g)].map(([, number]) => Number(number));
    expect(numbers).toEqual(Array.from({ length: 3000 }, (_, index) => index + 1));
    expect(viewer.gaps).toEqual([]);
    viewer.client.close();
  });
});
