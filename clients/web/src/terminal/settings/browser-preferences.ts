import { z } from 'zod';
import { keepValue, readKept } from '../../storage/kept-values.ts';
import { type Preferences, toPreferences } from './preferences.ts';

const key = 'webxterm.terminal';

const Keeping = z.object({
  /** The settings are those of this browser only. Off: those of the user in every browser, which the server keeps. */
  onlyHere: z.boolean().catch(false),
  /** The user whose change the server has not stored yet. */
  unsavedBy: z.string().optional().catch(undefined),
});

/** The terminal settings as this browser keeps them, so that a page has them before the server has answered, and without it. */
export interface BrowserPreferences extends z.infer<typeof Keeping> {
  readonly preferences: Preferences;
}

export const readBrowserPreferences = (storage: Pick<Storage, 'getItem'> | undefined): BrowserPreferences => {
  const stored = readKept(storage, key, z.record(z.string(), z.unknown())) ?? {};
  return { preferences: toPreferences(stored), ...Keeping.parse(stored) };
};

export const writeBrowserPreferences = (
  storage: Pick<Storage, 'setItem'> | undefined,
  { preferences, ...keeping }: BrowserPreferences,
): void => void keepValue(storage, key, { ...preferences, ...keeping });

/** The settings once the server has answered with those of the user. A change that the server has not stored yet is not replaced. */
export const withStored = (
  now: BrowserPreferences,
  stored: Readonly<Record<string, unknown>> | null,
  userId: string,
): BrowserPreferences => {
  if (now.onlyHere || now.unsavedBy === userId || stored === null) return now;
  return { preferences: toPreferences(stored), onlyHere: false };
};
