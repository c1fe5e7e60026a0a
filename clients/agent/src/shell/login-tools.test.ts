import { describe, expect, it } from 'vitest';
import { findLoginTools, loginShortcoming } from './login-tools.ts';

const all = ['bash', 'setpriv', 'env', 'su', 'setsid'].map((name) => `/usr/bin/${name}`);
const toolsOf = (there: readonly string[], ofUtilLinux = true) =>
  findLoginTools(
    (file) => there.includes(file),
    async () => ofUtilLinux,
  );

describe.runIf(process.platform === 'linux')('the missing tools for login shells', () => {
  it('are none if su is of util-linux and only root can change it', async () => {
    expect(loginShortcoming(await toolsOf(all), 0)).toBeUndefined();
    expect(loginShortcoming(await toolsOf([]), 1000)).toBeUndefined();
  });

  it('is reported to root in a sentence, with the package to install', async () => {
    const busybox = loginShortcoming(await toolsOf(all, false), 0);
    expect(busybox).toMatch(/no logins of PAM.*for lack of su and setsid of util-linux: install it/);
    expect(loginShortcoming(await toolsOf(all.filter((file) => file !== '/usr/bin/bash')), 0)).toMatch(
      /lack of bash: /,
    );
    expect(loginShortcoming(await toolsOf([]), 0)).toMatch(
      /lack of su and setsid of util-linux and bash: install them/,
    );
  });
});
