import { describe, expect, it } from 'vitest';
import { violations } from './support/axe.ts';
import { eventually } from './support/rest.ts';
import { openTerminalPage, terminal, useTerminalPages } from './support/use-terminal-page.ts';

useTerminalPages();

const newShell = async (): Promise<void> => {
  await terminal.page.getByRole('button', { name: 'New shell tab' }).click();
  await terminal.until(/[$#%>]\s*$/m);
};
const tab = (at: number) => terminal.page.getByRole('tab').nth(at);
const selected = (at: number) => tab(at).getAttribute('aria-selected');

/** Runs a program that asks for this notification (OSC) as soon as a file is there, which this returns. */
const notifyLater = async (osc: string): Promise<() => Promise<void>> => {
  await terminal.run(
    `clear; F=$(mktemp -u); echo "file=$F"; while [ ! -e $F ]; do sleep 0.1; done; printf '\\033]${osc}\\007'`,
  );
  const file = /file=(\S+)/.exec(await terminal.until(/^file=\S+/m))?.[1];
  return () => terminal.run(`clear; touch ${file}`);
};

describe('a notification of a program', () => {
  it('in another tab is shown in the page, and leads to its tab', async () => {
    await openTerminalPage();
    const { page } = terminal;
    const go = await notifyLater('777;notify;Build;done <b>now</b>');
    await newShell();
    await go();
    const toast = page.getByRole('alert').filter({ hasText: 'Build' });
    await toast.getByText('done <b>now</b>').waitFor();
    expect(await violations(page)).toEqual([]);
    expect([await selected(0), await selected(1)]).toEqual(['false', 'true']);
    await toast.getByText('Show the tab').click();
    await toast.waitFor({ state: 'detached' });
    expect([await selected(0), await selected(1)]).toEqual(['true', 'false']);
  });

  it('in the visible tab is not shown', async () => {
    await openTerminalPage();
    await terminal.run("clear; printf '\\033]9;done\\007'; echo be''hind");
    await terminal.until(/^behind/m);
    expect(await terminal.page.getByRole('alert').count()).toBe(0);
  });

  it('is one of the system if the user wants that, and has another window in front', async () => {
    await openTerminalPage(
      { permissions: ['notifications'] },
      `window.shown = [];
      document.hasFocus = () => window.looksElsewhere !== true;
      window.Notification = class extends EventTarget {
        static permission = 'granted';
        static requestPermission = async () => 'granted';
        constructor(title, options) { super(); window.shown.push([title, options.body, this]); }
        close() {}
      };`,
    );
    const { page } = terminal;
    const shown = () => page.evaluate('window.shown.map(([title, body]) => [title, body])');
    await terminal.setting('Notifications', 'system');
    const go = await notifyLater('99;;Build');
    await newShell();
    await page.evaluate('window.looksElsewhere = true');
    await go();
    const all = await eventually('a notification', async () => {
      const now = (await shown()) as string[][];
      return now.length > 0 ? now : undefined;
    });
    expect(all).toEqual([[expect.stringMatching(/: Build$/), '']]);
    await page.evaluate(`window.shown[0][2].dispatchEvent(new Event('click'))`);
    await eventually('the tab', async () => ((await selected(0)) === 'true' ? true : undefined));
    await terminal.run("clear; printf '\\007'");
    await eventually('a notification of the bell', async () => {
      const [, bell] = (await shown()) as string[][];
      return bell?.[1] === 'The bell rang.' ? true : undefined;
    });
  });
});
