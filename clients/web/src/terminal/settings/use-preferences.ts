import { useState } from 'react';
import { openStorage } from '../../storage/kept-values.ts';
import { type Preferences, readPreferences, writePreferences } from './preferences.ts';

/** The terminal preferences of this browser, and a function that changes and keeps them. */
export const usePreferences = (): [Preferences, (preferences: Preferences) => void] => {
  const [preferences, setPreferences] = useState(() => readPreferences(openStorage('localStorage')));
  return [
    preferences,
    (next) => {
      setPreferences(next);
      writePreferences(openStorage('localStorage'), next);
    },
  ];
};
