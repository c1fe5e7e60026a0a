import { describe, expect, it } from 'vitest';
import { ansiNames } from './color-schemes.ts';
import { importScheme } from './import-scheme.ts';

// An .itermcolors file is read with the parser of the browser: see e2e/terminal-settings.e2e.ts.

const hex = (at: number): string => `#${(0x10 + at).toString(16).repeat(3)}`;
const ansi = ansiNames.map((_, at) => hex(at));
const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);
const codeColours = Object.fromEntries(ansiNames.map((name, at) => [`terminal.ansi${capital(name)}`, hex(at)]));
const windows = Object.fromEntries(
  ansiNames.map((name, at) => [name.replace('magenta', 'purple').replace('Magenta', 'Purple'), hex(at)]),
);

describe('a colour scheme from a file', () => {
  it('is that of a theme of VS Code, with comments, trailing commas, and alpha', () => {
    const theme = `{ // a theme
      "name": "Mine", "colors": ${JSON.stringify({ ...codeColours, 'editor.background': '#ABC', 'terminal.foreground': '#ddeeff80' })},
    }`;
    expect(importScheme(theme, 'mine-color-theme.json')).toEqual({
      name: 'Mine',
      background: '#aabbcc',
      foreground: '#ddeeff',
      cursor: '#ddeeff',
      selection: ansi[8],
      ansi,
    });
  });

  it('is that of the settings of VS Code', () => {
    const colours = { ...codeColours, 'terminal.background': '#000000', 'terminal.foreground': '#ffffff' };
    const settings = JSON.stringify({ 'editor.fontSize': 12, 'workbench.colorCustomizations': colours });
    expect(importScheme(settings, 'settings.json')).toMatchObject({ name: 'settings', background: '#000000', ansi });
  });

  it('is one of Windows Terminal', () => {
    const scheme = { ...windows, name: 'W', background: '#000000', foreground: '#ffffff', cursorColor: '#123456' };
    expect(importScheme(JSON.stringify(scheme), 'w.json')).toMatchObject({ name: 'W', cursor: '#123456', ansi });
  });

  it.each([
    ['nothing', ''],
    ['no JSON', 'hello'],
    ['a list', '[1]'],
    ['another object', '{"a":1}'],
    ['a missing colour', JSON.stringify({ ...windows, background: '#000000', foreground: '#ffffff', red: undefined })],
    ['a colour that is none', JSON.stringify({ ...windows, background: 'url(x)', foreground: '#ffffff' })],
  ])('is none for %s', (_, text) => {
    expect(importScheme(text, 'file.json')).toBeUndefined();
  });
});
