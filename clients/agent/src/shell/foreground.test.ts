import { withinDeadline } from '@webxterm/contracts/deadline';
import { describe, expect, it } from 'vitest';
import { foregroundOf, stateOf } from './foreground.ts';
import { Pty } from './pty.ts';

describe('the command line of the program in the foreground', () => {
  it.each([
    [['bash'], 'shell'],
    [['-bash'], 'shell'],
    [['/usr/bin/zsh', '-l'], 'shell'],
    [['sh', './configure'], 'program'],
    [['sh', '-c', 'sleep 5; true'], 'program'],
    [['/usr/bin/python3'], 'program'],
    [['ssh', 'web-1'], 'carrier'],
    [['/usr/bin/sudo', '-i'], 'carrier'],
    [[], 'program'],
  ] as const)('%j is that of a %s', (line, state) => {
    expect(stateOf(line)).toBe(state);
  });
});

/** An interactive dash, which has no bracketed paste. */
const interactive = () => {
  let text = '';
  let look = (): void => undefined;
  const events = {
    onOutput: (bytes: Uint8Array) => {
      text += Buffer.from(bytes).toString();
      look();
    },
    onEnd: () => undefined,
  };
  const env = { PATH: '/usr/bin:/bin', PS1: 'ready> ' };
  const pty = new Pty({ file: '/bin/sh', args: ['-i'], env, cwd: '/' }, { cols: 80, rows: 24 }, events);
  const until = (wanted: RegExp): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>();
    look = () => wanted.test(text) && resolve();
    look();
    return withinDeadline(10_000, promise, () => new Error(`the output has no ${wanted}: ${text}`));
  };
  const type = (line: string): void => {
    text = '';
    pty.write(Buffer.from(`${line}\r`));
  };
  return { pty, type, until };
};

describe('the foreground of a terminal whose shell has no bracketed paste', () => {
  it('is the shell at its prompt, the program that runs, and a shell within', async () => {
    const { pty, type, until } = interactive();
    await until(/ready> $/);
    expect(foregroundOf(pty.pid)).toEqual({ state: 'shell', command: '', directory: '/' });
    type('cd /tmp; cat');
    await expect.poll(() => foregroundOf(pty.pid)?.command).toBe('cat');
    expect(foregroundOf(pty.pid)).toEqual({ state: 'program', command: 'cat', directory: '/tmp' });
    pty.write(Buffer.of(4));
    await until(/ready> $/);
    type('PS1="within> " sh -i');
    await until(/within> $/);
    expect(foregroundOf(pty.pid)).toMatchObject({ state: 'shell', command: 'sh' });
    type('sh -c "echo in a script; read line"');
    await until(/\nin a script/);
    expect(foregroundOf(pty.pid)).toMatchObject({ state: 'program', command: 'sh' });
    pty.kill();
  });
});
