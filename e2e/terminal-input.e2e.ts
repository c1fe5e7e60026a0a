import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeDown, frameType } from '@webxterm/contracts/frames';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { eventually } from './support/rest.ts';
import type { TerminalPage } from './support/terminal-page.ts';
import { browser, stack } from './support/use-stack.ts';
import { openTerminalPage, terminal, useTerminalPages } from './support/use-terminal-page.ts';

const macintosh = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36';

useTerminalPages();

const clipboard = { permissions: ['clipboard-read', 'clipboard-write'] };

const on = (platform: string): string =>
  `Object.defineProperty(navigator, 'platform', { get: () => ${JSON.stringify(platform)} })`;

/** `press` sends this and nothing before it to a program that has written `asks`. */
const sends = async (expected: string, press: () => Promise<void>, asks = ''): Promise<void> =>
  expect(await terminal.sent(expected.length, asks, press)).toBe(expected);

describe('keys of the terminal page', () => {
  it('are reported as a program requests, also by a reloaded page, and as before when the program has ended', async () => {
    await openTerminalPage();
    const { keyboard } = terminal.page;
    const press = async (): Promise<void> => {
      await terminal.page.reload();
      await terminal.until(/^asked/m);
      await terminal.focus();
      await keyboard.type('a');
      for (const key of ['Shift+Enter', 'Enter', 'Escape', 'Control+c', 'Control+i', 'Alt+x', 'ArrowUp'])
        await keyboard.press(key);
    };
    await sends('a\x1b[13;2u\r\x1b[27u\x1b[99;5u\x1b[105;5u\x1b[120;3u\x1b[A', press, String.raw`\033[>1u`);
    await terminal.run(String.raw`printf '\033[?u'; IFS= read -rs -d u flags; echo "flags $flags" | cat -v`);
    await terminal.until(/^flags \^\[\[\?1/m);
    await terminal.run(String.raw`printf '\033[<u'`);
    await sends('\r\x1b', () => keyboard.press('Shift+Enter').then(() => keyboard.press('Escape')));
  });

  it('are reported with releases and text if the program requests them', async () => {
    await openTerminalPage();
    const { keyboard } = terminal.page;
    const press = async (): Promise<void> => {
      await keyboard.press('a');
      await keyboard.press('Shift+Enter');
    };
    await sends('\x1b[97;;97u\x1b[97;1:3u\x1b[57441;2u\x1b[13;2u', press, String.raw`\033[>27u`);
  });

  it('send Ctrl+V to the program, or paste with it by choice', async () => {
    await openTerminalPage(clipboard);
    const { page } = terminal;
    await page.evaluate("navigator.clipboard.writeText('echo pasted')");
    await sends('\x16', () => page.keyboard.press('Control+v'));
    await terminal.setting('Ctrl+V pastes');
    await page.keyboard.press('Control+v');
    await terminal.until(/^\$ echo pasted/m);
    await page.keyboard.press('Enter');
    await terminal.until(/^pasted/m);
    await terminal.setting('Ctrl+V pastes');
    await sends('\x16', () => page.keyboard.press('Control+v'));
    await page.keyboard.press('Control+Shift+v');
    await terminal.until(/^\$ echo pasted/m);
  });

  it('compose characters with Option on a Mac, or send Meta with the one chosen', async () => {
    await openTerminalPage({ userAgent: macintosh }, on('MacIntel'));
    const { page } = terminal;
    const devTools = await page.context().newCDPSession(page);
    /** As a German Mac does: Option and L is @. */
    const optionL = async (code: 'AltLeft' | 'AltRight'): Promise<void> => {
      const option = { key: 'Alt', code, windowsVirtualKeyCode: 18, location: code === 'AltLeft' ? 1 : 2 };
      const key = { key: '@', code: 'KeyL', windowsVirtualKeyCode: 76, modifiers: 1 };
      await devTools.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', modifiers: 1, ...option });
      await devTools.send('Input.dispatchKeyEvent', { type: 'keyDown', text: '@', unmodifiedText: 'l', ...key });
      await devTools.send('Input.dispatchKeyEvent', { type: 'keyUp', ...key });
      await devTools.send('Input.dispatchKeyEvent', { type: 'keyUp', ...option });
    };
    const both = (): Promise<void> => optionL('AltLeft').then(() => optionL('AltRight'));
    await sends('@@', both);
    await terminal.setting('Option key as Meta', 'left');
    await sends('\x1bl@', both);
  });
});

describe('a finger', () => {
  it('turns the wheel for a program that has the whole screen', async () => {
    await openTerminalPage();
    await terminal.run('seq 500 | less');
    await terminal.until(/^1\s*\n2\s/m);
    await terminal.page.evaluate(`(() => {
      const target = document.querySelector('[data-testid="terminal"] .xterm-screen');
      const touch = (clientY) => [new Touch({ identifier: 1, target, clientX: 50, clientY })];
      target.dispatchEvent(new TouchEvent('touchstart', { touches: touch(600), bubbles: true, cancelable: true }));
      for (const y of [400, 200])
        target.dispatchEvent(new TouchEvent('touchmove', { touches: touch(y), bubbles: true, cancelable: true }));
    })()`);
    // By 400 pixels, in lines of 17 to 20.
    await terminal.until(/^\s*2\d\s*\n/);
    await terminal.page.keyboard.press('q');
  });
});

/** A second, smaller window on the session of the first one. */
const secondWindow = async (): Promise<TerminalPage> => {
  const kept = await terminal.page.evaluate<[string, string][]>('Object.entries(sessionStorage)');
  const sessionId = /"sessionId":"([^"]+)"/.exec(JSON.stringify(kept).replaceAll('\\', ''))?.[1];
  const other = await terminal.sibling();
  await other.page.setViewportSize({ width: 500, height: 400 });
  await other.page.goto(`${terminal.page.url()}?session=${sessionId}`);
  return other;
};

describe('input that the emulator sends by itself', () => {
  it('is not typed at the prompt if the page was stopped while a program sent a query', async () => {
    await openTerminalPage();
    const devTools = await terminal.page.context().newCDPSession(terminal.page);
    await devTools.send('Debugger.enable');
    const [pageStopped, over] = ['page-stopped', 'program-over'].map((name) => join(stack.dataDir, name));
    // As tmux does: it asks what the terminal is, waits for the answer, and goes.
    await terminal.run(
      `clear; echo be''gun; until [ -e ${pageStopped} ]; do sleep 0.1; done; ` +
        String.raw`printf '\033[c\033[>c\033[6n'; read -rsN 1000 -t 1; sleep 5; echo o''ver; touch ${over}`,
    );
    await terminal.until(/^begun/m);
    const stopped = new Promise((resolve) => devTools.once('Debugger.paused', resolve));
    await devTools.send('Debugger.pause');
    await stopped;
    writeFileSync(pageStopped ?? '', '');
    await eventually('the end of the program', async () => (existsSync(over ?? '') ? true : undefined));
    await devTools.send('Debugger.resume');
    await terminal.until(/^over/m);
    await terminal.run('echo line');
    expect(await terminal.until(/^line/m)).toMatch(/^begun\s*\nover\s*\n\$ echo line\s*\nline/m);
  });

  it('is not typed at the prompt if the whole browser was stopped, and returned over another connection', async () => {
    await openTerminalPage();
    const devTools = await browser.newBrowserCDPSession();
    const { processInfo } = await devTools.send('SystemInfo.getProcessInfo');
    const signal = (name: 'SIGSTOP' | 'SIGCONT'): void => {
      for (const { id } of processInfo) process.kill(id, name);
    };
    const [browserStopped, over] = ['browser-stopped', 'all-over'].map((name) => join(stack.dataDir, name));
    await terminal.run(
      `clear; echo be''gun; until [ -e ${browserStopped} ]; do sleep 0.1; done; ` +
        // The terminal service ends a silent connection after 6 s.
        String.raw`printf '\033[c\033[>c\033[6n'; read -rsN 1000 -t 1; echo o''ver; sleep 10; touch ${over}`,
    );
    await terminal.until(/^begun/m);
    signal('SIGSTOP');
    try {
      writeFileSync(browserStopped ?? '', '');
      await eventually('the end of the program', async () => (existsSync(over ?? '') ? true : undefined));
    } finally {
      signal('SIGCONT');
    }
    await terminal.until(/^over/m);
    await terminal.run('echo line');
    expect(await terminal.until(/^line/m)).toMatch(/^begun\s*\nover\s*\n\$ echo line\s*\nline/m);
  });

  it('does not make a viewer the driver, nor change the size under the other one: focus reports and mouse motion', async () => {
    await openTerminalPage();
    // The program writes each byte that it gets, with the size at that moment.
    await terminal.run(
      String.raw`stty -echo -icanon; printf '\033[?1003h\033[?1006h\033[?1004h'; clear; echo rea''dy $(stty size); ` +
        String.raw`while IFS= read -rsN1 byte; do printf 'got %q at %s\n' "$byte" "$(stty size)"; done`,
    );
    const [, large] = /^ready (\d+ \d+)/m.exec(await terminal.until(/^ready \d+ \d+/m)) ?? [];
    await terminal.type('a');
    await terminal.until(/^got a at/m);
    const other = await secondWindow();
    await other.until(/^got a at/m);
    await other.page.evaluate(`for (const what of ['blur', 'focus', 'blur', 'focus'])
      document.querySelector('[data-testid="terminal"] textarea')[what]()`);
    const box = await other.page.getByTestId('terminal').boundingBox();
    await other.page.mouse.move((box?.x ?? 0) + 50, (box?.y ?? 0) + 50);
    await other.page.mouse.move((box?.x ?? 0) + 200, (box?.y ?? 0) + 150, { steps: 5 });
    // Behind them on the same way: a key, which a person presses.
    await other.page.keyboard.press('b');
    const screen = await other.until(/^got b at \d+ \d+/m);
    const bytes = [...screen.matchAll(/^got (\S+) at (\d+ \d+)/gm)].map(([, byte, size]) => [byte, size]);
    const after = bytes.slice(bytes.findIndex(([byte]) => byte === 'a') + 1);
    expect(after.map(([byte]) => byte)).toEqual(['b']);
    expect(after[0]?.[1]).not.toBe(large);
    await other.page.keyboard.press('Control+c');
  });
});

describe('text of the terminal page', () => {
  it('that is not UTF-8 is shown as invalid, or in the encoding of the tab, in which input is sent too', async () => {
    await openTerminalPage();
    const { page } = terminal;
    const print = String.raw`clear; printf 'M\374ller\n'`;
    await terminal.run(print);
    await terminal.until(/^M\ufffdller/m);
    await terminal.setting('Encoding of this tab', 'windows-1252');
    await terminal.run(print);
    await terminal.until(/^Müller/m);
    await sends('\xfc', () => page.keyboard.insertText('ü'));
    await page.reload();
    await terminal.until(/[$]\s*$/m);
    await terminal.focus();
    await terminal.run(print);
    await terminal.until(/^Müller/m);
    await page.getByRole('button', { name: 'New shell tab' }).click();
    await page.getByRole('tab', { name: 'Shell 2' }).waitFor();
    await terminal.until(/[$#%>]\s*$/m);
    await terminal.run(print);
    await terminal.until(/^M\ufffdller/m);
  });

  it.each([
    ['Shift', 'Linux x86_64', {}],
    ['Alt', 'MacIntel', { userAgent: macintosh }],
  ] as const)('is selected with %s while a program has the mouse, on %s', async (modifier, platform, options) => {
    await openTerminalPage({ ...options, ...clipboard }, on(platform));
    const { page } = terminal;
    const select = async (): Promise<void> => {
      const box = await page.getByTestId('terminal').locator('.xterm-screen').boundingBox();
      const [x, y] = [box?.x ?? 0, (box?.y ?? 0) + 8];
      await page.keyboard.down(modifier);
      await page.mouse.move(x + 1, y);
      await page.mouse.down();
      await page.mouse.move(x + 150, y, { steps: 4 });
      await page.mouse.up();
      await page.keyboard.up(modifier);
      await page.keyboard.press('Control+Shift+C');
      await eventually('the text on the clipboard', async () =>
        (await page.evaluate<string>('navigator.clipboard.readText()')).startsWith('asked') ? true : undefined,
      );
      await page.keyboard.press('k');
    };
    await sends('k', select, String.raw`\033[?1000h\033[?1006h`);
    await terminal.run(String.raw`printf '\033[?1000l'`);
  });

  it.each([true, false])('of an input method arrives once, with screen reader support %s', async (screenReader) => {
    await openTerminalPage();
    const devTools = await terminal.page.context().newCDPSession(terminal.page);
    const compose = async (): Promise<void> => {
      if (!screenReader) await terminal.setting('Screen reader support');
      for (const text of ['に', 'にほ', 'にほん', '日本'])
        await devTools.send('Input.imeSetComposition', {
          text,
          selectionStart: text.length,
          selectionEnd: text.length,
        });
      await devTools.send('Input.insertText', { text: '日本' });
      await terminal.page.keyboard.press('x');
      await terminal.page.keyboard.insertText('😀');
      await terminal.page.keyboard.press('y');
      if (!screenReader) await terminal.setting('Screen reader support');
    };
    await sends(Buffer.from('日本x😀y').toString('latin1'), compose);
  });
});

describe('Ctrl+W, with which a browser closes the page', () => {
  /** How often the page asks before it is loaded again. */
  const asks = async (): Promise<number> => {
    const before = terminal.leaveQuestions;
    await terminal.page.reload();
    await terminal.until(/\S/);
    await terminal.focus();
    return terminal.leaveQuestions - before;
  };

  /** The last word of the agent about the foreground of the terminal. Connections that are there already are not seen. */
  const foregroundOf = (page: Page): (() => string) => {
    let last = '';
    page.on('websocket', (socket) =>
      socket.on('framereceived', ({ payload }) => {
        if (typeof payload === 'string' || payload[0] !== frameType.foreground) return;
        const frame = decodeDown(payload);
        if (frame.type === 'foreground') last = `${frame.state} ${frame.program}`.trim();
      }),
    );
    return () => last;
  };

  it('needs a confirmation while a program has the foreground, also in a shell without bracketed paste', async () => {
    await openTerminalPage();
    const { page } = terminal;
    const foreground = foregroundOf(page);
    await asks();
    await terminal.run("PS1='dash> ' exec dash");
    await terminal.until(/^dash>\s*$/m);
    await expect.poll(foreground).toBe('shell');
    expect(await asks()).toBe(0);
    await terminal.run('cat');
    await expect.poll(foreground).toBe('program cat');
    expect(await asks()).toBe(1);
    await expect.poll(foreground).toBe('program cat');
    await page.getByRole('button', { name: /^Close / }).press('Enter');
    await page.getByRole('dialog').getByText('cat is running in it.').waitFor();
    await page.getByRole('button', { name: 'End the shell' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  it('needs a confirmation while a program runs or a line is begun, and erases a word if it reaches the shell', async () => {
    await openTerminalPage();
    const { page } = terminal;
    await terminal.run('echo one');
    await terminal.until(/^one\s*\n\$/m);
    expect(await asks()).toBe(0);
    await terminal.type('echo two three');
    await terminal.until(/two three/);
    expect(await asks()).toBe(1);
    await page.keyboard.press('Control+w');
    await page.keyboard.press('Enter');
    await terminal.until(/^two\s*\n\$/m);
    expect(await asks()).toBe(0);
    // A program with a prompt of its own, which reads lines as the shell does.
    await terminal.run('clear; read -e -p \'> \' words; echo "words: $words."');
    await terminal.until(/^> /m);
    await terminal.type('four five');
    await terminal.until(/^> four five/m);
    expect(await asks()).toBe(1);
    await page.keyboard.press('Control+w');
    await page.keyboard.press('Enter');
    await terminal.until(/^words: four ?\./m);
    await terminal.run("clear; echo lis''tens; cat");
    await terminal.until(/^listens/m);
    await terminal.run('six');
    await terminal.until(/^six\s*\nsix/m);
    expect(await asks()).toBe(1);
    await page.keyboard.press('Control+c');
    await terminal.until(/^\$\s*$/m);
  });
});
