import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { frameType } from '@webxterm/contracts/frames';
import { describe, expect, it } from 'vitest';
import { hostileOutput } from './support/hostile-output.ts';
import { MainThread } from './support/main-thread.ts';
import { eventually } from './support/rest.ts';
import { browser } from './support/use-stack.ts';
import { terminal, useTerminalPage } from './support/use-terminal-page.ts';

useTerminalPage({ webgl: true });

describe('the terminal page', () => {
  it('answers within 200 ms during output that is made to freeze it, keeps little of that output, and is correct afterwards', {
    timeout: 400_000,
  }, async () => {
    const { page } = terminal;
    const devTools = await page.context().newCDPSession(page);
    await devTools.send('Performance.enable');
    const heap = async (): Promise<number> => {
      await devTools.send('HeapProfiler.collectGarbage');
      const { metrics } = await devTools.send('Performance.getMetrics');
      return metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? 0;
    };
    // From a key to the input frame that it causes.
    await page.evaluate(`{
      window.delays = [];
      let pressed;
      addEventListener('keydown', ({ timeStamp }) => { pressed = timeStamp; }, true);
      const { send } = WebSocket.prototype;
      WebSocket.prototype.send = function (frame) {
        send.call(this, frame);
        if (pressed === undefined || frame[0] !== ${frameType.input}) return;
        window.delays.push(performance.now() - pressed);
        pressed = undefined;
      };
    }`);
    const before = await heap();
    const folder = mkdtempSync(join(tmpdir(), 'webxterm-hostile-'));
    const recorded = await MainThread.record(browser, page);
    const delays = new Map<string, number[]>();
    let kind = 0;
    for (const [name, output] of Object.entries(hostileOutput)) {
      kind += 1;
      writeFileSync(join(folder, `${kind}`), output);
      await recorded.mark(name);
      // The last screen of it stays until the next kind, so that it is drawn.
      const ended = String.raw`printf '\030\033\\\033[?2026l\033[0m\n'; echo kind ${kind} o''ver`;
      await terminal.run(String.raw`printf '\033c'; cat ${join(folder, `${kind}`)}; ${ended}`);
      // A key without an effect on the shell, which does not wait for its predecessor to be handled.
      const presses: Promise<void>[] = [];
      const keys = setInterval(() => presses.push(page.keyboard.press('Backspace')), 100);
      try {
        await terminal.until(new RegExp(`^kind ${kind} over`, 'm'));
      } finally {
        clearInterval(keys);
        await Promise.allSettled(presses);
      }
      await page.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))');
      delays.set(name, await page.evaluate<number[]>('window.delays.splice(0)'));
    }
    const tasks = await recorded.stop();
    rmSync(folder, { recursive: true });
    for (const [name, [longest]] of tasks)
      process.stdout.write(
        `  ${name}: longest task ${Math.round(longest?.threadMs ?? 0)} ms of processor time (${longest?.parts.join(', ')}), ` +
          `a key took ${Math.round(Math.max(0, ...(delays.get(name) ?? [])))} ms\n`,
      );
    expect([...tasks.keys()]).toEqual(Object.keys(hostileOutput));
    for (const [name, [longest]] of tasks) expect(longest?.threadMs, name).toBeLessThan(200);
    // Generous, for it depends on what else runs on the machine; each of the counts alone once took over 100 s.
    expect(Math.max(...[...delays.values()].flat())).toBeLessThan(1500);
    await terminal.run(String.raw`printf '\033cM\374ller \033[1;31mred\n'`);
    await terminal.until(/^M\ufffdller red/m);
    expect((await heap()) - before).toBeLessThan(100_000_000);
    expect((await page.title()).length).toBeLessThan(1200);
  });

  it('lets a screen reader speak at most some minutes of output without a line feed, also after it is switched off and on', async () => {
    const spoken = async (): Promise<number> =>
      eventually('the cut text', async () => {
        const text = (await terminal.page.locator('.live-region').first().textContent()) ?? '';
        return text.endsWith('…') ? text.length : undefined;
      });
    const long = "clear; head -c 1000000 /dev/zero | tr '\\0' x; echo";
    await terminal.run(long);
    expect(await spoken()).toBe(4096);
    await terminal.setting('Screen reader support');
    await terminal.setting('Screen reader support');
    await terminal.run(long);
    expect(await spoken()).toBe(4096);
  });
});
