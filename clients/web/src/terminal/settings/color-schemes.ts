import type { ITheme } from '@xterm/xterm';
import { z } from 'zod';
import { palettes } from '../palettes.ts';

/** The 16 colours in the order of their numbers (SGR 30 to 37, 90 to 97). */
export const ansiNames = [
  'black',
  'red',
  'green',
  'yellow',
  'blue',
  'magenta',
  'cyan',
  'white',
  'brightBlack',
  'brightRed',
  'brightGreen',
  'brightYellow',
  'brightBlue',
  'brightMagenta',
  'brightCyan',
  'brightWhite',
] as const;

const Colour = z.string().regex(/^#[\da-f]{6}$/);

/** A scheme from a file of the user. Colours as `#rrggbb`. */
export const ImportedScheme = z.object({
  name: z.string().min(1).max(60),
  background: Colour,
  foreground: Colour,
  cursor: Colour,
  selection: Colour,
  ansi: z.array(Colour).length(ansiNames.length),
});
export type ImportedScheme = z.infer<typeof ImportedScheme>;

/** Background, foreground, cursor, selection, then the 16 colours, as `rrggbb`. */
type Digits = readonly [
  background: string,
  foreground: string,
  cursor: string,
  selection: string,
  plain: string,
  bright: string,
];

const scheme = (name: string, [background, foreground, cursor, selection, plain, bright]: Digits): ImportedScheme => ({
  name,
  background: `#${background}`,
  foreground: `#${foreground}`,
  cursor: `#${cursor}`,
  selection: `#${selection}`,
  ansi: `${plain} ${bright}`.split(' ').map((digits) => `#${digits}`),
});

/** The colours of well-known schemes, as their authors publish them. */
export const builtInSchemes = {
  'catppuccin-latte': scheme('Catppuccin Latte', [
    ...(['eff1f5', '4c4f69', 'dc8a78', 'acb0be'] as const),
    '5c5f77 d20f39 40a02b df8e1d 1e66f5 ea76cb 179299 acb0be',
    '6c6f85 d20f39 40a02b df8e1d 1e66f5 ea76cb 179299 bcc0cc',
  ]),
  'catppuccin-mocha': scheme('Catppuccin Mocha', [
    ...(['1e1e2e', 'cdd6f4', 'f5e0dc', '585b70'] as const),
    '45475a f38ba8 a6e3a1 f9e2af 89b4fa f5c2e7 94e2d5 bac2de',
    '585b70 f38ba8 a6e3a1 f9e2af 89b4fa f5c2e7 94e2d5 a6adc8',
  ]),
  dracula: scheme('Dracula', [
    ...(['282a36', 'f8f8f2', 'f8f8f2', '44475a'] as const),
    '21222c ff5555 50fa7b f1fa8c bd93f9 ff79c6 8be9fd f8f8f2',
    '6272a4 ff6e6e 69ff94 ffffa5 d6acff ff92df a4ffff ffffff',
  ]),
  'github-dark': scheme('GitHub Dark', [
    ...(['0d1117', 'e6edf3', '2f81f7', '264f78'] as const),
    '484f58 ff7b72 3fb950 d29922 58a6ff bc8cff 39c5cf b1bac4',
    '6e7681 ffa198 56d364 e3b341 79c0ff d2a8ff 56d4dd ffffff',
  ]),
  'github-light': scheme('GitHub Light', [
    ...(['ffffff', '1f2328', '0969da', 'b6e3ff'] as const),
    '24292f cf222e 116329 4d2d00 0969da 8250df 1b7c83 6e7781',
    '57606a a40e26 1a7f37 633c01 218bff a475f9 3192aa 8c959f',
  ]),
  'gruvbox-dark': scheme('Gruvbox Dark', [
    ...(['282828', 'ebdbb2', 'ebdbb2', '665c54'] as const),
    '282828 cc241d 98971a d79921 458588 b16286 689d6a a89984',
    '928374 fb4934 b8bb26 fabd2f 83a598 d3869b 8ec07c ebdbb2',
  ]),
  'gruvbox-light': scheme('Gruvbox Light', [
    ...(['fbf1c7', '3c3836', '3c3836', 'd5c4a1'] as const),
    'fbf1c7 cc241d 98971a d79921 458588 b16286 689d6a 7c6f64',
    '928374 9d0006 79740e b57614 076678 8f3f71 427b58 3c3836',
  ]),
  monokai: scheme('Monokai', [
    ...(['272822', 'f8f8f2', 'f8f8f0', '49483e'] as const),
    '272822 f92672 a6e22e f4bf75 66d9ef ae81ff a1efe4 f8f8f2',
    '75715e f92672 a6e22e f4bf75 66d9ef ae81ff a1efe4 f9f8f5',
  ]),
  nord: scheme('Nord', [
    ...(['2e3440', 'd8dee9', 'd8dee9', '434c5e'] as const),
    '3b4252 bf616a a3be8c ebcb8b 81a1c1 b48ead 88c0d0 e5e9f0',
    '4c566a bf616a a3be8c ebcb8b 81a1c1 b48ead 8fbcbb eceff4',
  ]),
  'one-dark': scheme('One Dark', [
    ...(['282c34', 'abb2bf', '528bff', '3e4451'] as const),
    '3f4451 e06c75 98c379 e5c07b 61afef c678dd 56b6c2 abb2bf',
    '5c6370 e06c75 98c379 e5c07b 61afef c678dd 56b6c2 ffffff',
  ]),
  'solarized-dark': scheme('Solarized Dark', [
    ...(['002b36', '839496', '93a1a1', '073642'] as const),
    '073642 dc322f 859900 b58900 268bd2 d33682 2aa198 eee8d5',
    '586e75 cb4b16 586e75 657b83 839496 6c71c4 93a1a1 fdf6e3',
  ]),
  'solarized-light': scheme('Solarized Light', [
    ...(['fdf6e3', '657b83', '586e75', 'eee8d5'] as const),
    '073642 dc322f 859900 b58900 268bd2 d33682 2aa198 eee8d5',
    '586e75 cb4b16 586e75 657b83 839496 6c71c4 93a1a1 fdf6e3',
  ]),
  'tokyo-night': scheme('Tokyo Night', [
    ...(['1a1b26', 'c0caf5', 'c0caf5', '283457'] as const),
    '15161e f7768e 9ece6a e0af68 7aa2f7 bb9af7 7dcfff a9b1d6',
    '414868 f7768e 9ece6a e0af68 7aa2f7 bb9af7 7dcfff c0caf5',
  ]),
  'high-contrast': scheme('High contrast', [
    ...(['000000', 'ffffff', 'ffffff', '264f78'] as const),
    '000000 ff6b6b 3ee07f ffff55 6cb6ff ff87ff 44e0ff ffffff',
    'a0a0a0 ff9b9b 7dffb0 ffffa0 a0d0ff ffb0ff 90f0ff ffffff',
  ]),
} as const satisfies Readonly<Record<string, ImportedScheme>>;
type BuiltIn = keyof typeof builtInSchemes;

const isBuiltIn = (id: string): id is BuiltIn => Object.hasOwn(builtInSchemes, id);

export const builtInIds = Object.keys(builtInSchemes).filter(isBuiltIn);

/** `page`: light or dark as the page is. `imported`: a scheme from a file. */
export const schemeIds = ['page', 'imported', ...builtInIds] as const;
export type SchemeId = (typeof schemeIds)[number];

/** Part of the selection colour that covers the text's background, as two digits. */
const selectionAlpha = 'aa';
const inactiveSelectionAlpha = '66';

const themeOf = ({ background, foreground, cursor, selection, ansi }: ImportedScheme): ITheme => ({
  background,
  foreground,
  cursor,
  cursorAccent: background,
  selectionBackground: `${selection}${selectionAlpha}`,
  selectionInactiveBackground: `${selection}${inactiveSelectionAlpha}`,
  ...Object.fromEntries(ansiNames.map((name, at) => [name, ansi[at]])),
});

/** The colours for the emulator. `page`: the scheme that the page has. */
export const themeFor = (
  choice: { readonly colorScheme: SchemeId; readonly importedScheme?: ImportedScheme | undefined },
  page: 'light' | 'dark',
): ITheme => {
  if (choice.colorScheme === 'page') return palettes[page];
  if (choice.colorScheme !== 'imported') return themeOf(builtInSchemes[choice.colorScheme]);
  return choice.importedScheme === undefined ? palettes[page] : themeOf(choice.importedScheme);
};

/** Whether the background is light or dark. */
export const brightnessOf = ({ background = '#000000' }: ITheme): 'light' | 'dark' => {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => Number.parseInt(background.slice(at, at + 2), 16));
  // Weights of ITU-R BT.601.
  return 0.299 * red + 0.587 * green + 0.114 * blue > 127 ? 'light' : 'dark';
};
