import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { withoutDescriptors } from './close-descriptors.ts';
import { type ExitResult, Pty } from './pty.ts';

const env = { PATH: '/usr/local/bin:/usr/bin:/bin' };

const run = async (commandLine: { file: string; args: string[] }): Promise<{ text: string; result: ExitResult }> => {
  let text = '';
  const size = { cols: 200, rows: 24 };
  const result = await new Promise<ExitResult>((onEnd) => {
    const onOutput = (bytes: Uint8Array): void => {
      text += Buffer.from(bytes).toString();
    };
    new Pty({ ...commandLine, env, cwd: '/' }, size, { onOutput, onEnd });
  });
  return { text, result };
};

describe.runIf(process.platform === 'linux')('withoutDescriptors', () => {
  const list = { file: '/bin/sh', args: ['-c', 'ls -l /proc/$$/fd; exit 4', 'a b', '"$c"'] };

  it.each([
    ['bash', existsSync],
    ['Node', () => false],
  ])('hides the terminals of others from a program, with %s', async (_name, exists) => {
    const other = new Pty(
      { file: '/bin/sleep', args: ['60'], env, cwd: '/' },
      { cols: 80, rows: 24 },
      {
        onOutput: () => undefined,
        onEnd: () => undefined,
      },
    );
    expect((await run(list)).text).toContain('ptmx');
    const { text, result } = await run(withoutDescriptors(list, exists));
    expect(text).not.toContain('ptmx');
    expect(text).toContain('2 -> /dev/pts');
    expect(result).toEqual({ exitCode: 4, signal: undefined });
    other.kill('SIGKILL');
  });

  it('hands arguments on as they are', async () => {
    const args = ['-c', 'printf "[%s]" "$@"', 'sh', 'a b', '$(id)', '"', ''];
    for (const exists of [existsSync, () => false]) {
      expect((await run(withoutDescriptors({ file: '/bin/sh', args }, exists))).text).toBe('[a b][$(id)]["][]');
    }
  });
});
