import { parse } from 'jsonc-parser';
import { z } from 'zod';
import { ansiNames, ImportedScheme } from './color-schemes.ts';

/** Largest file of a colour scheme that is read, bytes. They have a few KiB, and whole themes of an editor up to about 100. */
export const maxSchemeBytes = 256 * 1024;

/** Colours by the names that ImportedScheme has, as the file writes them. */
type Found = { readonly name?: unknown; readonly [colour: string]: unknown };

/**
 * Reads a colour scheme: an `.itermcolors` file, a scheme of Windows Terminal, or a colour theme of VS Code. Undefined: it is none of
 * these, or a colour is missing.
 *
 * @param text the file's text
 * @param fileName names a scheme whose file has no name in it
 */
export const importScheme = (text: string, fileName: string): ImportedScheme | undefined => {
  const found = text.trimStart().startsWith('<') ? fromIterm(text) : fromJson(text);
  if (found === undefined) return undefined;
  const foreground = colour(found.foreground);
  const name = typeof found.name === 'string' ? found.name : fileName.replace(/\.\w+$/, '');
  return ImportedScheme.safeParse({
    name: name.trim().slice(0, 60) || 'Imported',
    background: colour(found.background),
    foreground,
    cursor: colour(found.cursor) ?? foreground,
    selection: colour(found.selection) ?? colour(found.brightBlack),
    ansi: ansiNames.map((name) => colour(found[name])),
  }).data;
};

/** `#rgb`, `#rrggbb` or `#rrggbbaa` as `#rrggbb`. */
const colour = (value: unknown): string | undefined => {
  if (typeof value !== 'string' || !/^#(?:[\da-f]{3}|[\da-f]{6}|[\da-f]{8})$/i.test(value)) return undefined;
  const digits = value.slice(1).toLowerCase();
  return `#${digits.length === 3 ? digits.replaceAll(/./g, '$&$&') : digits.slice(0, 6)}`;
};

const Colours = z.record(z.string(), z.unknown());

const fromJson = (text: string): Found | undefined => {
  // Settings and themes of VS Code may have comments. A file that is not JSON gives an empty or partial object.
  const file = Colours.safeParse(parse(text, [], { allowTrailingComma: true })).data;
  if (file === undefined) return undefined;
  const themed = [file.colors, file['workbench.colorCustomizations'], file]
    .map((part) => Colours.safeParse(part).data)
    .find((part) => part?.['terminal.ansiRed'] !== undefined);
  return themed === undefined ? fromWindowsTerminal(file) : { ...fromCode(themed), name: file.name };
};

const capital = (name: string): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}`;

const fromCode = (colours: Readonly<Record<string, unknown>>): Found => ({
  background: colours['terminal.background'] ?? colours['editor.background'],
  foreground: colours['terminal.foreground'] ?? colours['editor.foreground'],
  cursor: colours['terminalCursor.foreground'] ?? colours['editorCursor.foreground'],
  selection: colours['terminal.selectionBackground'] ?? colours['editor.selectionBackground'],
  ...Object.fromEntries(ansiNames.map((name) => [name, colours[`terminal.ansi${capital(name)}`]])),
});

const fromWindowsTerminal = (scheme: Readonly<Record<string, unknown>>): Found => ({
  ...scheme,
  cursor: scheme.cursorColor,
  selection: scheme.selectionBackground,
  magenta: scheme.purple,
  brightMagenta: scheme.brightPurple,
});

/** A property list: pairs of a key element and the element of its value. */
const fromIterm = (text: string): Found | undefined => {
  const list = new DOMParser().parseFromString(text, 'text/xml').querySelector('plist > dict');
  if (list === null) return undefined;
  const colours = new Map(pairs(list).map(([key, value]) => [key, rgb(value)]));
  return {
    background: colours.get('Background Color'),
    foreground: colours.get('Foreground Color'),
    cursor: colours.get('Cursor Color'),
    selection: colours.get('Selection Color'),
    ...Object.fromEntries(ansiNames.map((name, at) => [name, colours.get(`Ansi ${at} Color`)])),
  };
};

const pairs = (dict: Element): readonly (readonly [key: string, value: Element])[] =>
  [...dict.children].flatMap((element) => {
    const value = element.nextElementSibling;
    return element.tagName === 'key' && value !== null ? [[element.textContent ?? '', value] as const] : [];
  });

/** A colour of parts from 0 to 1, as `#rrggbb`. */
const rgb = (dict: Element): string | undefined => {
  const parts = new Map(pairs(dict).map(([key, value]) => [key, Number(value.textContent)]));
  const digits = ['Red', 'Green', 'Blue'].map((name) => {
    const part = parts.get(`${name} Component`);
    if (part === undefined || !(part >= 0 && part <= 1)) return undefined;
    return Math.round(part * 255)
      .toString(16)
      .padStart(2, '0');
  });
  return digits.includes(undefined) ? undefined : `#${digits.join('')}`;
};
