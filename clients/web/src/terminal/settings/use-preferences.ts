import { useState } from 'react';
import { openLocalStorage } from '../../sign-in/browser-half.ts';
import { type Preferences, readPreferences, writePreferences } from './preferences.ts';

/** The terminal preferences of this browser, and a function that changes and keeps them. */
export const usePreferences = (): [Preferences, (preferences: Preferences) => void] => {
  const [preferences, setPreferences] = useState(() => readPreferences(openLocalStorage()));
  return [
    preferences,
    (next) => {
      setPreferences(next);
      writePreferences(openLocalStorage(), next);
    },
  ];
};
