import { z } from 'zod';
import { optionKeySides } from './keyboard/option-keys.ts';

export const fontSizes = { smallest: 8, usual: 14, largest: 32 } as const;

const Preferences = z.object({
  /** CSS pixels. */
  fontSize: z.number().int().min(fontSizes.smallest).max(fontSizes.largest).catch(fontSizes.usual),
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

const key = 'webxterm.terminal';

/** The terminal preferences of this browser. */
export const readPreferences = (storage: Pick<Storage, 'getItem'> | undefined): Preferences => {
  try {
    return Preferences.parse(JSON.parse(storage?.getItem(key) ?? '{}'));
  } catch {
    return Preferences.parse({});
  }
};

export const writePreferences = (storage: Pick<Storage, 'setItem'> | undefined, preferences: Preferences): void =>
  storage?.setItem(key, JSON.stringify(preferences));

export const fontSizeStep = (size: number, steps: number): number =>
  Math.min(fontSizes.largest, Math.max(fontSizes.smallest, size + steps));
