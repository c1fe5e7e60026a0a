import { z } from 'zod';
import { optionKeySides } from '../keyboard/option-keys.ts';
import { ImportedScheme, schemeIds } from './color-schemes.ts';

export const fontSizes = { smallest: 8, usual: 14, largest: 32 } as const;
/** Times the font size. */
export const lineHeights = { smallest: 1, usual: 1.2, largest: 2, step: 0.1 } as const;
/** CSS pixels. */
export const letterSpacings = { smallest: 0, usual: 0, largest: 5, step: 1 } as const;
/** Times the steps of the browser. */
export const scrollSpeeds = { smallest: 1, usual: 1, largest: 10, step: 1 } as const;
export const scrollbacks = [1000, 10_000, 50_000] as const;
export const contrasts = [1, 3, 4.5, 7] as const;

/** Characters that end a word for a double click, as the emulator has them. */
const usualWordSeparators = ' ()[]{}\',"`';

const within = (bounds: { smallest: number; usual: number; largest: number }) =>
  z.number().min(bounds.smallest).max(bounds.largest).catch(bounds.usual);

const Preferences = z.object({
  /** CSS pixels. */
  fontSize: within(fontSizes).pipe(z.number().int().catch(fontSizes.usual)),
  /** Name of a font of the page or of this device. Empty: the usual fixed-width font. */
  fontFamily: z
    .string()
    .regex(/^[\p{L}\p{N} ._-]{0,60}$/u)
    .catch(''),
  /** The font draws signs such as `=>` and `!=` as one, if it can. */
  ligatures: z.boolean().catch(false),
  lineHeight: within(lineHeights),
  letterSpacing: within(letterSpacings),
  /** `page`: the light or dark scheme of the page. */
  colorScheme: z.enum(schemeIds).catch('page'),
  /** The scheme behind `imported`. */
  importedScheme: ImportedScheme.optional().catch(undefined),
  /** Smallest contrast of text to its background. 1: colours stay as programs choose them. */
  contrast: z.literal(contrasts).catch(1),
  cursorStyle: z.enum(['block', 'underline', 'bar']).catch('block'),
  cursorBlink: z.boolean().catch(true),
  bell: z.enum(['none', 'flash', 'sound']).catch('none'),
  /** How the notifications of programs are shown while the user looks elsewhere. */
  notifications: z.enum(['off', 'page', 'system']).catch('page'),
  /** Lines that can be scrolled back to. */
  scrollback: z.literal(scrollbacks).catch(10_000),
  scrollSpeed: within(scrollSpeeds),
  wordSeparators: z.string().max(64).catch(usualWordSeparators),
  copyOnSelect: z.boolean().catch(false),
  /** When to ask before several lines are pasted. `auto`: where the program would execute each of them at once. */
  pasteQuestion: z.enum(['auto', 'always', 'never']).catch('auto'),
  /** Mirrors the screen's text in the page for screen readers. It makes large outputs slower. */
  screenReader: z.boolean().catch(false),
  /** The Option keys of a Mac that are Meta. The others compose characters, such as `@` and `|` on most European keyboards. */
  optionIsMeta: z.enum(optionKeySides).catch('off'),
  /** Ctrl+V pastes. Off: Ctrl+V is sent to the program, as in other terminals. */
  controlVPastes: z.boolean().catch(false),
  /** Shows typed text before a distant machine has echoed it. */
  prediction: z.boolean().catch(true),
});
export type Preferences = z.infer<typeof Preferences>;

export const defaultPreferences: Preferences = Preferences.parse({});

/** A value that is not valid is replaced by its default; the others are kept. `stored`: as this or another version of the page stored it. */
export const toPreferences = (stored: Readonly<Record<string, unknown>>): Preferences => Preferences.parse(stored);

/** `value` moved by a number of steps, within the bounds. */
export const stepped = (
  value: number,
  steps: number,
  bounds: { smallest: number; largest: number; step?: number },
): number => {
  const { smallest, largest, step = 1 } = bounds;
  // One decimal: the sum of tenths has others.
  return Math.min(largest, Math.max(smallest, Math.round((value + steps * step) * 10) / 10));
};
