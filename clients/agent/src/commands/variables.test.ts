import { expect, it } from 'vitest';
import { variablesOf } from './variables.ts';

const commandWith = (...names: string[]) => ({
  kept: { environment: names.map((name) => ({ name, value: 'a\0b' })), arguments: [], knownStarted: false },
});
const ann = { name: 'ann', shell: '/bin/bash' };

it('passes variables on to accounts with a usual shell', () => {
  for (const shell of ['/bin/sh', '/usr/bin/zsh', '/opt/bin/fish'])
    expect(variablesOf(commandWith('COLOR', '_x1'), { ...ann, shell })).toEqual({ COLOR: 'ab', _x1: 'ab' });
  for (const name of ['VSAY_COMMAND', '1a', 'a b', 'a=b', ''])
    expect(() => variablesOf(commandWith(name), ann)).toThrow('cannot be the name');
});

it.each(['/usr/bin/git-shell', '/bin/rbash', '/usr/local/bin/menu', '/opt/sh/only-backup'])(
  'lets no variable lead out of the shell %s, and commands without variables run',
  (shell) => {
    expect(() => variablesOf(commandWith('LD_PRELOAD'), { ...ann, shell })).toThrow(`has the shell ${shell}`);
    expect(variablesOf(commandWith(), { ...ann, shell })).toEqual({});
    expect(variablesOf({ kept: undefined }, { ...ann, shell })).toEqual({});
  },
);
