import headless from '@xterm/headless';
import { expect, it, vi } from 'vitest';
import { CommandMarks } from './command-marks.ts';

const osc = (mark: string): string => `\x1b]133;${mark}\x07`;
/** The output of a shell for a command, with marks. */
const command = (line: string, output: string, exitCode: number): string =>
  `${osc('A')}$ ${osc('B')}${line}\r\n${osc('C')}${output}${osc(`D;${exitCode}`)}`;

const open = (options: { scrollback?: number } = {}) => {
  const terminal = new headless.Terminal({ cols: 20, rows: 5, allowProposedApi: true, ...options });
  const failed = vi.fn();
  const marks = new CommandMarks(terminal, ({ line }) => failed(line));
  const write = (text: string): Promise<void> => new Promise((resolve) => terminal.write(text, resolve));
  return { terminal, marks, failed, write, top: () => terminal.buffer.active.viewportY };
};
const numbers = (count: number): string => Array.from({ length: count }, (_none, at) => `${at + 1}\r\n`).join('');

it('scrolls from prompt to prompt, and to the end', async () => {
  const { marks, write, top } = open();
  expect(marks.marked).toBe(false);
  await write(`${command('seq 10', numbers(10), 0)}${command('seq 20', numbers(20), 0)}${osc('A')}$ `);
  expect(top()).toBe(28);
  const tops = ['previous', 'previous', 'previous', 'next', 'next', 'next'].map((to) => {
    marks.jump(to === 'next' ? 'next' : 'previous');
    return top();
  });
  expect(tops).toEqual([11, 0, 0, 11, 28, 28]);
});

it('has the output of the last command, with wrapped lines as one and without the prompt', async () => {
  const { marks, write } = open();
  expect(marks.lastOutput).toBeUndefined();
  const long = 'x'.repeat(30);
  await write(`${command('first', 'one\r\n', 0)}${command('second', `${long}\r\n\r\nlast`, 1)}\r\n${osc('A')}$ `);
  expect(marks.lastOutput).toBe(`${long}\n\nlast\n`);
  await write(`running\r\n${osc('C')}so far\r\nand`);
  expect(marks.lastOutput).toBe('so far\nand\n');
  await write(`\r\n${osc('D;0')}${osc('A')}$ true\r\n${osc('C')}${osc('D;0')}${osc('A')}$ `);
  expect(marks.lastOutput).toBe('\n');
});

it('reports the prompts of the commands that failed, and nothing for an empty line or Ctrl+C at the prompt', async () => {
  const { failed, write } = open();
  await write(command('true', '', 0) + command('false', '', 1));
  await write(`${osc('A')}$ ^C\r\n${osc('D;130')}${osc('A')}$ ${osc('D')}`);
  expect(failed.mock.calls).toEqual([[1]]);
});

it('counts a prompt that is drawn again once, and ignores marks of the whole screen', async () => {
  const { marks, write, top } = open();
  await write(`${command('seq 10', numbers(10), 0)}${osc('A')}$ \r${osc('A')}$ ls\r\n${osc('C')}${numbers(10)}`);
  await write(`\x1b[?1049h${osc('A')}${osc('C')}${osc('D;1')}\x1b[?1049l`);
  marks.jump('previous');
  expect(top()).toBe(11);
  marks.jump('previous');
  expect(top()).toBe(0);
});

it('forgets what has left the scrollback, and keeps a bounded number', async () => {
  const { terminal, marks, write, top } = open({ scrollback: 5000 });
  const registered = vi.spyOn(terminal, 'registerMarker');
  for (let at = 0; at < 600; at += 1) await write(command(`echo ${at}`, `${at}\r\n`, at % 2));
  const kept = registered.mock.results.filter(({ value }) => value?.isDisposed === false);
  expect(kept.length).toBe(500 * 3);
  for (let at = 0; at < 1000; at += 1) marks.jump('previous');
  expect(top()).toBe(200);
  await write(numbers(6000));
  expect([marks.marked, marks.lastOutput]).toEqual([true, undefined]);
});
