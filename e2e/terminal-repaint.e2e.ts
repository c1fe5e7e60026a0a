import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually, Rest } from './support/rest.ts';
import { TerminalPage } from './support/terminal-page.ts';
import { browser, stack, useStackAndBrowser } from './support/use-stack.ts';
import { type AgentRun, VsayAgent } from './support/vsay-agent.ts';

let run: AgentRun;
let terminal: TerminalPage;

useStackAndBrowser();
beforeAll(async () => {
  const { user } = await new Rest(stack.url).login(stack.admin);
  const agent = new VsayAgent();
  const configured = await agent.finish(
    'configure',
    ...['--token', user.api_key, '--host', stack.url, '--name', 'small-ring'],
  );
  expect(configured.code, configured.text).toBe(0);
  const config = readFileSync(agent.config, 'utf8').replace(/^ring_mib:.*\n/m, '');
  writeFileSync(agent.config, `${config}ring_mib: 1\n`);
  run = agent.run('start');
});
afterAll(() => run?.stop());
beforeEach(async () => {
  terminal = await TerminalPage.open(browser);
  await terminal.signIn(stack.url, stack.admin);
  await terminal.openTerminal('small-ring');
});
afterEach(async () => {
  expect(terminal.complaints).toEqual([]);
  await terminal.close();
});

/** Over 2 MB on one line of the screen, behind which the ring has nothing of what was drawn before. */
const pushOut = String.raw`i=0; while [ $i -lt 40 ]; do head -c 50000 /dev/zero | tr '\0' x | sed 's/x\{50\}/\o033[2;1H&/g'; i=$((i+1)); done`;

describe('a page that returns after the ring has advanced', () => {
  it('has the screen of a full-screen program, and its mouse, as they were', async () => {
    await terminal.run(
      String.raw`stty -icanon -echo; printf '\033[?1049h\033[?1002h\033[?1006h\033[?25l\033[1;1Hthe top line'; ${pushOut}; printf '\033[3;1Hready\033[5;1H'; cat -v`,
    );
    await terminal.until(/^ready/m);
    const before = await terminal.screen();
    expect(before).toMatch(/^the top line/);
    await terminal.page.reload();
    // A program has the screen, so Ctrl+W may be meant for it.
    expect(terminal.leaveQuestions).toBe(1);
    await terminal.until(/^ready/m);
    expect(await terminal.screen()).toBe(before);
    expect(await terminal.page.getByTestId('terminal-gap').first().innerText()).toMatch(/MB of older output/);
    await terminal.page.getByRole('button', { name: 'Dismiss' }).click();
    await eventually('the notice gone', async () =>
      (await terminal.page.getByTestId('terminal-gap').count()) === 0 ? true : undefined,
    );
    await terminal.focus();
    // The mouse speaks SGR: a press and its release.
    await terminal.until(/\^\[\[<0;\d+;\d+M\^\[\[<0;\d+;\d+m/);
    await terminal.page.keyboard.press('Control+c');
  });
});
