import { expect, it } from 'vitest';
import { readCommandLine, startHelp } from './command-line.ts';
import { settingNames } from './settings.ts';

it('npm start shows its settings, starts without arguments, and refuses by name what it does not know', () => {
  expect([readCommandLine([]), readCommandLine(['--help']), readCommandLine(['-x', '-h'])]).toEqual([
    'start',
    'help',
    'help',
  ]);
  expect(() => readCommandLine(['--port', '9000'])).toThrow('does not know --port 9000');
});

it('the help names every setting', () => {
  for (const name of settingNames) expect(startHelp).toContain(name);
});
