import { z } from 'zod';
import { isNestedWithin } from '../json.ts';
import { defineRoute } from './route.ts';

/** Longest settings of the terminal as JSON, bytes of UTF-8. */
export const maxTerminalSettingsBytes = 8 * 1024;
/** Levels of arrays and objects in the settings, with that of the settings. A body may be nested deeper than JSON can be written. */
const maxLevels = 32;

/**
 * Settings of the terminal in the page, by name. The page defines and checks them; the server only keeps them, so that a page of another
 * version loses nothing.
 */
export const TerminalSettings = z
  .record(z.string().regex(/^[A-Za-z]{1,40}$/, 'must be the name of a setting'), z.unknown())
  .refine((settings) => isNestedWithin(settings, maxLevels), {
    error: `must be nested ${maxLevels} levels deep at most`,
    abort: true,
  })
  .refine(
    (settings) => new TextEncoder().encode(JSON.stringify(settings)).length <= maxTerminalSettingsBytes,
    `must be ${maxTerminalSettingsBytes / 1024} KiB of JSON or less`,
  )
  .meta({ id: 'TerminalSettings', example: { fontSize: 14, colorScheme: 'nord' } });

export const Preferences = z
  .object({ terminal: TerminalSettings.nullable().meta({ description: 'Null: the user has changed none yet.' }) })
  .meta({ id: 'Preferences' });
export type Preferences = z.infer<typeof Preferences>;

export const preferences = defineRoute({
  id: 'preferences',
  owner: 'auth',
  method: 'get',
  path: '/api/profile/preferences',
  access: 'user',
  summary: 'The settings that I use in every browser',
  success: { status: 200, schema: Preferences },
});

export const putPreferences = defineRoute({
  id: 'putPreferences',
  owner: 'auth',
  method: 'put',
  path: '/api/profile/preferences',
  access: 'user',
  summary: 'Replace the settings that I use in every browser',
  body: z.strictObject({ terminal: TerminalSettings.nullable() }),
  success: { status: 200, schema: Preferences },
});

export const preferenceRoutes = [preferences, putPreferences] as const;
