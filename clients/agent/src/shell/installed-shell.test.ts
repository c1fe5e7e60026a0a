import { expect, it } from 'vitest';
import { requireShell } from './installed-shell.ts';

it('an account whose shell is not installed, or is no program, is refused when the agent is configured', async () => {
  await requireShell({ name: 'ann', shell: '/bin/sh' });
  for (const shell of ['/usr/bin/no-such-shell', '/etc/passwd'])
    await expect(requireShell({ name: 'ann', shell })).rejects.toThrow(
      `The login shell of ann, ${shell}, is not installed`,
    );
});
