import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { exitOfAdopted } from './adopted-child.ts';
import { readProcess } from './processes.ts';

const shell = { pid: 4711, fd: 20, startedAt: 555 };
/** stat of proc(5) of a process with this state and exit_code. */
const stat = (state: string, exitCode: number, startedAt = 555): string =>
  `4711 (a ) b) ${state} 1 4711 4711 ${'0 '.repeat(15)}${startedAt} ${'0 '.repeat(29)}${exitCode}\n`;

describe('the exit of a child that another process started', () => {
  it.each([
    ['runs', 'S', 0, undefined],
    ['has the exit code 0', 'Z', 0, { exitCode: 0, signal: undefined }],
    ['has the exit code 7', 'Z', 7 << 8, { exitCode: 7, signal: undefined }],
    ['was killed', 'Z', 9, { exitCode: undefined, signal: 'SIGKILL' }],
    ['was killed with a core', 'Z', 11 | 0x80, { exitCode: undefined, signal: 'SIGSEGV' }],
  ])('is read from /proc: it %s', (_what, state, exitCode, result) => {
    expect(exitOfAdopted(stat(state, exitCode), shell)).toEqual(result);
  });

  it('is unknown when the process is gone, or another one has its pid', () => {
    const unknown = { exitCode: undefined, signal: undefined };
    expect(exitOfAdopted(undefined, shell)).toEqual(unknown);
    expect(exitOfAdopted(stat('S', 0, 556), shell)).toEqual(unknown);
  });

  it.runIf(process.platform === 'linux')('has the fields where the kernel has them', async () => {
    const child = spawn('/bin/sh', ['-c', 'kill -STOP $$'], { stdio: 'ignore' });
    const { pid = 0 } = child;
    const startedAt = readProcess(pid)?.startedAt ?? -1;
    expect(exitOfAdopted(readFileSync(`/proc/${pid}/stat`, 'latin1'), { pid, fd: 3, startedAt })).toBeUndefined();
    child.kill('SIGKILL');
  });
});
